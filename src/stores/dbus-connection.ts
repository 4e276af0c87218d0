// One connection to a message bus: authentication, calls, signals. Many calls may be under way at once.
// Has no deadline of its own: whoever waits calls fail(), which ends all of it. Never keeps the event loop alive.

import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { type Codec, sequence, string, WireError } from './dbus-codec.ts';
import {
  decodeBody,
  decodeMessage,
  encodeMessage,
  fixedHeaderBytes,
  type Message,
  messageLength,
  noAutoStart,
} from './dbus-message.ts';
import type { Deadline } from './deadline.ts';

/** Why a call got no answer. `reply` is an error answer; all others end the connection. */
export type BusFailure =
  | { readonly kind: 'no-bus'; readonly problem: string }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'ended'; readonly problem: string }
  | { readonly kind: 'malformed'; readonly problem: string }
  | { readonly kind: 'deadline'; readonly afterMs: number }
  | { readonly kind: 'reply'; readonly name: string; readonly text: string };

export class BusError extends Error {
  override readonly name = 'BusError';
  readonly failure: BusFailure;

  constructor(failure: BusFailure, cause?: unknown) {
    super(failure.kind === 'reply' ? failure.name : failure.kind, { cause });
    this.failure = failure;
  }
}

/** A method of a service, with the types that go in and come out. */
export interface Method<A, R> {
  readonly destination: string;
  readonly interface: string;
  readonly member: string;
  readonly args: Codec<A>;
  readonly reply: Codec<R>;
}

export interface ConnectOptions {
  /** Whether a call may start its service. Never in background work. */
  readonly mayStartServices: boolean;
  /** For the connecting alone. */
  readonly deadline: Deadline;
}

/** Connects to the first path where somebody listens. Throws BusError. */
export async function connectToBus(paths: readonly string[], options: ConnectOptions): Promise<BusConnection> {
  let failure = new BusError({ kind: 'no-bus', problem: 'there is no session bus' });
  for (const path of paths) {
    try {
      return new BusConnection(await openLine(path, options.deadline), options.mayStartServices);
    } catch (error) {
      if (!(error instanceof BusError) || error.failure.kind !== 'no-bus') throw error;
      failure = error;
    }
  }
  throw failure;
}

export class BusConnection {
  readonly #socket: Socket;
  readonly #flags: number;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<Listener>();
  #failure: BusError | undefined;
  #serial = 0;
  #isAuthenticated = false;
  #outgoing: Buffer[] = [];
  /** Calls that wait until others are answered. */
  #held: Buffer[] = [];
  #chunks: Buffer[] = [];
  #receivedBytes = 0;
  #neededBytes = 1;

  constructor(line: Line, mayStartServices: boolean) {
    const { socket } = line;
    this.#socket = socket;
    this.#flags = mayStartServices ? 0 : noAutoStart;
    socket.unref();
    line.receive = (bytes) => this.#receive(bytes);
    socket.on('error', (error) => this.fail(new BusError({ kind: 'ended', problem: 'the connection broke' }, error)));
    socket.on('close', () => this.fail(new BusError({ kind: 'ended', problem: 'the bus closed the connection' })));
    // All at once, as sd-bus does: the bus reads on after its OK, which saves a turn of waiting. Without a uid in it the bus takes the
    // one of the socket, which is right in user namespaces too.
    this.#send(Buffer.from('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n', 'latin1'));
    this.call(hello, '/org/freedesktop/DBus', []).catch(() => undefined); // a refusal ends the connection, which every call sees
  }

  /** False once it has ended, for whatever reason. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Throws BusError. */
  call<A, R>(method: Method<A, R>, path: string, args: A): Promise<R> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#serial += 1;
    const serial = this.#serial;
    const { destination, interface: of, member } = method;
    const bytes = encodeMessage(
      { type: 'call', serial, path, interface: of, member, destination },
      this.#flags,
      method.args,
      args,
    );
    return new Promise((resolve, reject) => {
      this.#pending.set(serial, { reject, answer: (message) => resolve(decodeBody(message, method.reply)) });
      if (this.#pending.size - this.#held.length > maxCallsUnderWay) this.#held.push(bytes);
      else this.#send(bytes);
    });
  }

  /** The next signal of that name from that object. Ask before doing what causes it. Rejects when the connection ends. */
  nextSignal<T>(of: { readonly path: string; readonly interface: string; readonly member: string }, codec: Codec<T>): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const rule = `type='signal',path='${of.path}',interface='${of.interface}',member='${of.member}'`;
    return new Promise((resolve, reject) => {
      const listener: Listener = {
        reject,
        hear: (signal) => {
          if (signal.path !== of.path || signal.interface !== of.interface || signal.member !== of.member) return;
          this.#listeners.delete(listener);
          resolve(decodeBody(signal, codec));
        },
      };
      this.#listeners.add(listener);
      this.call(addMatch, '/org/freedesktop/DBus', [rule]).catch((error) => {
        this.#listeners.delete(listener);
        reject(error);
      });
    });
  }

  /** Ends the connection; every waiting call gets this failure. The first failure stays. */
  fail(failure: BusError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    // Not now: Node would make process.stderr, with all its streams, for one comparison, and a `get` that has its answer ends before that.
    setImmediate(() => this.#socket.destroy());
    this.#chunks = [];
    this.#outgoing = [];
    this.#held = [];
    for (const waiting of [...this.#pending.values(), ...this.#listeners]) waiting.reject(failure);
    this.#pending.clear();
    this.#listeners.clear();
  }

  close(): void {
    this.fail(new BusError({ kind: 'ended', problem: 'the connection was closed' }));
  }

  // What is sent in one turn of the event loop goes out as one packet; cork() would do the same in twice the time.
  #send(bytes: Buffer): void {
    this.#outgoing.push(bytes);
    if (this.#outgoing.length > 1) return;
    process.nextTick(() => {
      const all = this.#outgoing;
      this.#outgoing = [];
      if (this.isOpen) this.#socket.write(Buffer.concat(all));
    });
  }

  /** The bytes are copied: the next ones take their place. */
  #receive(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes < this.#neededBytes) {
      this.#chunks.push(Buffer.from(bytes)); // joined once, however many pieces a long message comes in
      return;
    }
    try {
      this.#takeAll(Buffer.concat([...this.#chunks, bytes]));
    } catch (error) {
      const problem = error instanceof WireError ? error.message : 'it could not be read';
      this.fail(new BusError({ kind: 'malformed', problem }, error));
    }
  }

  #takeAll(received: Buffer): void {
    let rest = received;
    let used = 0;
    do {
      used = this.#isAuthenticated ? this.#takeMessage(rest) : this.#takeAuthLine(rest);
      rest = rest.subarray(used);
    } while (used > 0);
    this.#chunks = [rest];
    this.#receivedBytes = rest.length;
  }

  #takeAuthLine(rest: Buffer): number {
    const end = rest.indexOf('\r\n');
    if (end === -1 && rest.length > maxAuthLineBytes) throw new WireError('an endless greeting');
    this.#neededBytes = end === -1 ? rest.length + 1 : 1;
    if (end === -1) return 0;
    const line = rest.toString('latin1', 0, end);
    if (line.startsWith('OK ')) this.#isAuthenticated = true;
    else if (line !== 'DATA') this.fail(new BusError({ kind: 'refused', problem: line.slice(0, 80) }));
    return this.isOpen ? end + 2 : 0;
  }

  #takeMessage(rest: Buffer): number {
    this.#neededBytes = fixedHeaderBytes;
    if (rest.length < fixedHeaderBytes) return 0;
    const length = messageLength(rest);
    this.#neededBytes = length;
    if (rest.length < length) return 0;
    this.#dispatch(decodeMessage(rest.subarray(0, length)));
    return this.isOpen ? length : 0;
  }

  #dispatch(message: Message): void {
    if (message.type === 'signal') {
      for (const listener of [...this.#listeners]) listener.hear(message);
    }
    if (message.type !== 'return' && message.type !== 'error') return;
    const waiting = this.#pending.get(message.replySerial ?? 0);
    if (waiting === undefined) return;
    if (message.type === 'return') waiting.answer(message);
    else waiting.reject(replyError(message));
    this.#pending.delete(message.replySerial ?? 0);
    const next = this.#held.shift();
    if (next !== undefined) this.#send(next);
  }
}

interface Pending {
  answer(message: Message): void;
  reject(error: BusError): void;
}

interface Listener {
  hear(signal: Message): void;
  reject(error: BusError): void;
}

// dbus-daemon answers the 129th with an error, unless its configuration says otherwise.
const maxCallsUnderWay = 100;
const maxAuthLineBytes = 4096;
// sun_path; Node 20 cuts longer paths off without a word, and would connect to something else.
const maxSocketPathBytes = 107;

const bus = { destination: 'org.freedesktop.DBus', interface: 'org.freedesktop.DBus' } as const;
const hello: Method<readonly [], readonly [string]> = { ...bus, member: 'Hello', args: sequence(), reply: sequence(string) };
const addMatch: Method<readonly [string], readonly []> = {
  ...bus,
  member: 'AddMatch',
  args: sequence(string),
  reply: sequence(),
};

/** A socket that reads past Node's streams, which would take a cold process 0.4 ms to set up. Until somebody receives, nothing is sent. */
interface Line {
  readonly socket: Socket;
  receive: (bytes: Buffer) => void;
}

const readBytes = 16 * 1024;

function openLine(path: string, deadline: Deadline): Promise<Line> {
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    return Promise.reject(
      new BusError({ kind: 'no-bus', problem: `the path of its socket is over ${maxSocketPathBytes} bytes` }),
    );
  }
  return new Promise((resolve, reject) => {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(readBytes),
      callback: (count: number, buffer: Uint8Array) => {
        line.receive(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        return true;
      },
    };
    const socket = connect({ path, onread });
    const line: Line = { socket, receive: () => undefined };
    const forget = deadline.whenOver(() => {
      socket.destroy();
      reject(new BusError({ kind: 'deadline', afterMs: deadline.afterMs }));
    });
    const refuse = (error: Error) => {
      forget();
      reject(new BusError({ kind: 'no-bus', problem: `nobody listens at ${shown(path)} (${codeOf(error)})` }, error));
    };
    socket.once('error', refuse);
    socket.once('connect', () => {
      forget();
      socket.removeListener('error', refuse);
      resolve(line);
    });
  });
}

function replyError(message: Message): BusError {
  const text = message.signature.startsWith('s') ? decodeBody(message, string) : '';
  return new BusError({ kind: 'reply', name: message.errorName ?? 'unnamed error', text });
}

function shown(path: string): string {
  return path.replace(/^\0/, '@');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
