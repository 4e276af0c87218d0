// One caller on the agent's socket: takes one request, acknowledges it, sends one answer and ends. Bounded in size and time.

import type { Socket } from 'node:net';
import {
  type AgentAnswer,
  type AgentRequest,
  acknowledgement,
  encodeAnswer,
  maxLineBytes,
  maxRequestBytes,
  readRequest,
} from './wire.ts';

export interface ConnectionPorts {
  /** Never throws. */
  readonly answer: (request: AgentRequest) => Promise<AgentAnswer>;
  /** Every caller sends its request at once; one that does not is no caller. */
  readonly requestWaitMs: number;
  /** A caller that does not take its answer. */
  readonly answerWaitMs: number;
}

/** Ends when the connection is over, however that came. Never throws. */
export function serveConnection(socket: Socket, { answer, requestWaitMs, answerWaitMs }: ConnectionPorts): Promise<void> {
  let received: Buffer = Buffer.alloc(0);
  let isTaken = false;
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const giveUp = setTimeout(() => socket.destroy(), requestWaitMs);
  ended.then(() => clearTimeout(giveUp));
  // A caller that is gone needs no answer; `close` follows.
  socket.on('error', () => undefined);

  const send = (reply: AgentAnswer) => {
    const bytes = encodeAnswer(reply);
    if (reply.kind === 'exit') reply.bytes.fill(0);
    socket.setTimeout(answerWaitMs, () => socket.destroy());
    socket.end(bytes);
    void ended.then(() => bytes.fill(0));
  };

  socket.on('data', (chunk: Buffer) => {
    if (isTaken) return;
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const progress = received.length > maxLineBytes + maxRequestBytes ? tooLong : readRequest(received);
    if (progress.kind === 'more') return;
    isTaken = true;
    clearTimeout(giveUp);
    if (progress.kind === 'refused') {
      socket.write(acknowledgement);
      return send({ kind: 'pass', reason: progress.reason });
    }
    // Together with an answer that is at hand, so that the caller wakes up once; else at the end of this turn.
    socket.cork();
    socket.write(acknowledgement);
    setImmediate(() => socket.uncork());
    void answer(progress.request).then(send);
  });
  return ended;
}

const tooLong = { kind: 'refused', reason: 'malformed' } as const;
