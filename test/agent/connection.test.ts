// A caller's bytes in the agent. The rest of a connection's life is in server.test.ts, over real sockets.

import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveConnection } from '../../src/agent/connection.ts';
import { type AgentRequest, encodeRequest } from '../../src/agent/wire.ts';

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
    expect(Buffer.concat(chunks).every((byte) => byte === 0)).toBe(true);
  });

  it('are wiped when the caller leaves in the middle of them', async () => {
    const [half = Buffer.alloc(0)] = chunksOf(encodeRequest(request) ?? Buffer.alloc(0), 60);
    socket.emit('data', half);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    await Promise.resolve();
    expect(taken).toEqual([]);
    expect(half.every((byte) => byte === 0)).toBe(true);
  });
});
