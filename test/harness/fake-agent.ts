// An agent that says what a test tells it to, byte for byte, on the socket where the front looks for one. Knows the wire only as far as the
// length of a request.

import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/** One caller, whose request has come. */
export interface Caller {
  readonly request: Request;
  readonly socket: Socket;
  /** Everything that came after the request. */
  readonly surplus: () => string;
  /** Ends when the bytes are with the system. */
  readonly send: (bytes: string | Uint8Array) => Promise<void>;
  /** Ends the connection after the last bytes. */
  readonly end: (bytes?: string | Uint8Array) => void;
}

export interface Request {
  readonly line: string;
  /** The fields, each without its NUL. */
  readonly fields: readonly string[];
  readonly bytes: Buffer;
}

export interface FakeAgent {
  readonly path: string;
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

/** Listens in `runtime`, which is made with mode 0700 where it is missing. Throws away who sends no whole request. */
export async function startFakeAgent(runtime: string, talk: (caller: Caller) => unknown): Promise<FakeAgent> {
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const path = join(runtime, 'agent.sock');
  const requests: Request[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // callers go their own way whenever they like
    let got = Buffer.alloc(0);
    let isTalking = false;
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const request = isTalking ? undefined : parseRequest(got);
      if (request === undefined) return;
      isTalking = true;
      requests.push(request);
      talk({
        request,
        socket,
        surplus: () => got.subarray(request.bytes.length).toString(),
        send: (bytes) => new Promise((done) => socket.write(bytes, () => done())),
        end: (bytes = '') => socket.end(bytes),
      });
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The whole answer, the ack before it. */
export function answer(status: number, text: string): string {
  return `!rolekeeper 1 exit ${status} ${Buffer.byteLength(text)}\n${text}`;
}

function parseRequest(got: Buffer): Request | undefined {
  const lineEnd = got.indexOf('\n');
  if (lineEnd === -1) return undefined;
  const line = got.subarray(0, lineEnd).toString();
  const length = Number(/^rolekeeper 1 (\d+)$/.exec(line)?.[1]);
  const bytes = got.subarray(0, lineEnd + 1 + length);
  if (!(bytes.length === lineEnd + 1 + length)) return undefined;
  return {
    line,
    fields: bytes
      .subarray(lineEnd + 1, -1)
      .toString()
      .split('\0'),
    bytes,
  };
}
