// A bus with a Secret Service on it, both made up: answers each method as the test says. For what real daemons do not do on demand:
// refusing plain sessions, prompts, odd errors, hostile bytes.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boolean, type Codec, sequence, string, type Variant, variant } from '../../src/stores/dbus-codec.ts';
import { encodeMessage, type Message } from '../../src/stores/dbus-message.ts';
import { readPeer } from './keyring-peer.ts';

/** What a method answers. `raw` sends bytes as they are; `silence` nothing at all; `hangUp` ends the connection. */
export type Answer =
  | { readonly kind: 'body'; readonly bytes: (call: Message) => Buffer }
  | { readonly kind: 'error'; readonly name: string; readonly text: string }
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'silence' }
  | { readonly kind: 'hangUp' };

export interface FakeService {
  readonly env: Readonly<Record<string, string>>;
  readonly socketPath: string;
  /** Every call so far, as `Member` or, for one path only, `Member path`. */
  readonly calls: string[];
  /** Flags of every call so far. */
  readonly flags: number[];
  /** Connections so far. */
  connections(): number;
  /** Answers a method; a path before it, as in `/x Delete`, for that object alone. A method nobody mentioned is an unknown one. */
  on(member: string, answer: Answer | ((call: Message) => Answer)): void;
  /** Sends a prompt's Completed signal to everybody. */
  complete(path: string, isDismissed: boolean): void;
  /** Ends all connections; the socket still listens. */
  hangUpAll(): void;
  stop(): Promise<void>;
}

export interface FakeBusOptions {
  /** The lines of a greeting; default: that of a bus that takes everybody. */
  readonly greeting?: (line: string) => string | undefined;
}

export function body<T>(codec: Codec<T>, value: T): Answer {
  const bytes = (call: Message) => encodeMessage({ type: 'return', serial: 1, replySerial: call.serial }, 0, codec, value);
  return { kind: 'body', bytes };
}

export function refusal(name: string, text = 'no reason'): Answer {
  return { kind: 'error', name, text };
}

export async function startFakeService({ greeting = usualGreeting }: FakeBusOptions = {}): Promise<FakeService> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-fake-'));
  const socketPath = join(directory, 'bus');
  const answers = new Map<string, (call: Message) => Answer>();
  const sockets = new Set<Socket>();
  const [calls, flags]: [string[], number[]] = [[], []];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined); // the other side went away
    socket.on('close', () => sockets.delete(socket));
    const hear = (call: Message) => {
      if (call.destination === 'org.freedesktop.DBus') return void socket.write(busAnswer(call));
      calls.push(call.member ?? '');
      flags.push(call.flags);
      const answer = answers.get(`${call.path} ${call.member}`) ?? answers.get(call.member ?? '');
      send(socket, call, answer?.(call) ?? refusal('org.freedesktop.DBus.Error.UnknownMethod'));
    };
    const line = (text: string) => {
      const reply = greeting(text);
      if (reply !== undefined) socket.write(reply);
      return text === 'BEGIN';
    };
    readPeer(socket, { line, message: hear });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socketPath}` },
    socketPath,
    calls,
    flags,
    connections: () => connections,
    on: (member, answer) => void answers.set(member, typeof answer === 'function' ? answer : () => answer),
    complete(path, isDismissed) {
      const header = {
        type: 'signal',
        serial: 1,
        path,
        interface: 'org.freedesktop.Secret.Prompt',
        member: 'Completed',
      } as const;
      const result: Variant = { type: 's', value: '' };
      for (const socket of sockets) socket.write(encodeMessage(header, 0, sequence(boolean, variant), [isDismissed, result]));
    },
    hangUpAll() {
      for (const socket of sockets) socket.destroy();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function usualGreeting(line: string): string | undefined {
  if (line.startsWith('AUTH ')) return 'DATA\r\n';
  return line.startsWith('DATA') ? 'OK 0123456789abcdef0123456789abcdef\r\n' : undefined;
}

// The bus itself only ever hears Hello and AddMatch from us.
function busAnswer(call: Message): Buffer {
  const header = { type: 'return', serial: 1, replySerial: call.serial } as const;
  return call.member === 'Hello'
    ? encodeMessage(header, 0, sequence(string), [':1.1'])
    : encodeMessage(header, 0, sequence(), []);
}

function send(socket: Socket, call: Message, answer: Answer): void {
  if (answer.kind === 'hangUp') socket.destroy();
  const bytes = bytesOf(call, answer);
  if (bytes !== undefined) socket.write(bytes);
}

function bytesOf(call: Message, answer: Answer): Buffer | undefined {
  switch (answer.kind) {
    case 'body':
      return answer.bytes(call);
    case 'error': {
      const header = { type: 'error', serial: 1, replySerial: call.serial, errorName: answer.name } as const;
      return encodeMessage(header, 0, sequence(string), [answer.text]);
    }
    case 'raw':
      return answer.bytes;
    case 'hangUp':
    case 'silence':
      return undefined;
    default:
      return answer satisfies never;
  }
}
