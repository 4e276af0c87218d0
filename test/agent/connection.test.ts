// A caller's bytes in the agent. The rest of a connection's life is in server.test.ts, over real sockets.

import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveConnection } from '../../src/agent/connection.ts';
import { type AgentAnswer, type AgentRequest, acknowledgement, encodeAnswer, encodeRequest } from '../../src/agent/wire.ts';
import { settled } from '../fakes/fake-machine.ts';
import { buffersMadeBy, isWiped } from './buffers-made.ts';

const request: AgentRequest = {
  verb: 'unlock',
  argument: 'AGE-SECRET-KEY-EXAMPLE',
  deadlineMs: 1_767_000_003_800,
  cwd: '/',
  env: { HOME: '/home/alice' },
};

let socket: Socket;
let taken: AgentRequest[];
beforeEach(() => {
  socket = new Socket();
  taken = [];
  const answer = async (asked: AgentRequest) => {
    taken.push(asked);
    return { kind: 'exit', status: 0, bytes: Buffer.alloc(0) } as const;
  };
  void serveConnection(socket, { answer, requestWaitMs: 5_000, answerWaitMs: 5_000 });
});
afterEach(() => void socket.destroy());

/** A copy in chunks of their own. */
function chunksOf(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => Buffer.from(bytes.subarray(n * size, (n + 1) * size)));
}

describe('the bytes of a request', () => {
  it.each([1, 7, 1_000])('are wiped when it was taken, in chunks of %i', (size) => {
    const chunks = chunksOf(encodeRequest(request) ?? Buffer.alloc(0), size);
    for (const chunk of chunks) socket.emit('data', chunk);
    expect(taken).toEqual([request]);
    expect(chunks.every(isWiped)).toBe(true);
  });

  it('are wiped where they were put together, too, which is done once for all of its body', async () => {
    const bytes = encodeRequest(request) ?? Buffer.alloc(0);
    const lineBytes = bytes.indexOf('\n') + 1;
    const made = await buffersMadeBy(async () => {
      for (const chunk of chunksOf(bytes, 1)) socket.emit('data', chunk);
    });
    expect(taken).toEqual([request]);
    const parts = made.slice(0, lineBytes + 1); // the last one is the answer
    expect(parts.map(({ length }) => length)).toEqual([...Array.from({ length: lineBytes }, (_, n) => n + 1), bytes.length]);
    expect(made.length).toBeLessThanOrEqual(lineBytes + 2);
    expect(parts.every(isWiped)).toBe(true);
  });

  it('are wiped when the caller leaves in the middle of them', async () => {
    const [half = Buffer.alloc(0)] = chunksOf(encodeRequest(request) ?? Buffer.alloc(0), 60);
    const made = await buffersMadeBy(async () => socket.emit('data', half));
    expect([made.length, made.every(isWiped)]).toEqual([1, false]);
    socket.destroy();
    await settled();
    expect([taken, made.every(isWiped)]).toEqual([[], true]);
    expect(isWiped(half)).toBe(true);
  });
});

describe('an answer', () => {
  const document: AgentAnswer = { kind: 'exit', status: 0, bytes: Buffer.from('{"SecretAccessKey":"s"}') };

  /** What the socket is given to send; it is connected to nobody. */
  function recorded(): { readonly written: Buffer[]; readonly ended: Buffer[] } {
    const [written, ended] = [[] as Buffer[], [] as Buffer[]];
    Object.assign(socket, { write: (bytes: Buffer) => written.push(bytes), end: (bytes: Buffer) => ended.push(bytes) });
    return { written, ended };
  }

  function ask(): void {
    for (const chunk of chunksOf(encodeRequest(request) ?? Buffer.alloc(0), 1_000)) socket.emit('data', chunk);
  }

  beforeEach(() => {
    socket = new Socket();
  });

  it('is in the socket alone from then on, and nowhere once the connection is over', async () => {
    const answer = { ...document, bytes: Buffer.from(document.bytes) };
    void serveConnection(socket, { answer: async () => answer, requestWaitMs: 5_000, answerWaitMs: 5_000 });
    const { written, ended } = recorded();
    ask();
    await settled();
    expect([written, ended]).toEqual([[acknowledgement], [encodeAnswer(document)]]);
    expect(isWiped(answer.bytes)).toBe(true);
    socket.destroy();
    await settled();
    expect(ended.every(isWiped)).toBe(true);
  });

  it('for a caller that is gone is wiped, and not sent', async () => {
    let release: (answer: AgentAnswer) => void = () => undefined;
    const answering = new Promise<AgentAnswer>((resolve) => {
      release = resolve;
    });
    void serveConnection(socket, { answer: () => answering, requestWaitMs: 5_000, answerWaitMs: 5_000 });
    const { ended } = recorded();
    ask();
    socket.destroy();
    await settled();
    const bytes = Buffer.from(document.bytes);
    const made = await buffersMadeBy(async () => {
      release({ ...document, bytes });
      await settled();
    });
    expect([ended, isWiped(bytes), made.length, made.every(isWiped)]).toEqual([[], true, 1, true]);
  });

  it('to what is no request follows an acknowledgement, too', async () => {
    void serveConnection(socket, { answer: async () => document, requestWaitMs: 5_000, answerWaitMs: 5_000 });
    const { written, ended } = recorded();
    socket.emit('data', Buffer.from('GET / HTTP/1.1\r\n'));
    await settled();
    expect([written, ended]).toEqual([[acknowledgement], [Buffer.from('rolekeeper 1 pass malformed\n')]]);
  });
});
