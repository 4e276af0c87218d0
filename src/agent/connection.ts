// One caller on the agent's socket: takes one request, acknowledges it, sends one answer and ends. Bounded in size and time.

import type { Socket } from 'node:net';
import { type AgentAnswer, type AgentRequest, acknowledgement, encodeAnswer, type RequestProgress, readRequest } from './wire.ts';

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
  const received = new Received();
  let isTaken = false;
  let giveUp = setTimeout(() => socket.destroy(), requestWaitMs);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void ended.then(() => {
    clearTimeout(giveUp);
    received.wipe();
  });
  // A caller that is gone needs no answer; `close` follows.
  socket.on('error', () => undefined);
  socket.once('end', () => {
    if (!isTaken) socket.destroy(); // half a request, and no more will come
  });

  const send = (reply: AgentAnswer) => {
    const bytes = encodeAnswer(reply);
    if (reply.kind === 'exit') reply.bytes.fill(0);
    void ended.then(() => bytes.fill(0));
    if (socket.destroyed) return;
    // Not the socket's own timeout, which a caller could put off with a byte now and then.
    giveUp = setTimeout(() => socket.destroy(), answerWaitMs);
    socket.end(bytes);
  };

  socket.on('data', (chunk: Buffer) => {
    const progress = isTaken ? undefined : received.add(chunk);
    if (progress === undefined || progress.kind === 'more') return;
    isTaken = true;
    received.wipe();
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

/** The bytes of one request, put together once and not at each chunk: there may be as many chunks as bytes. With `unlock` they are a key. */
class Received {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needsBytes = 1;

  add(chunk: Buffer): RequestProgress | undefined {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needsBytes) return undefined;
    const whole = Buffer.concat(this.#chunks);
    this.wipe();
    this.#chunks = [whole];
    const progress = readRequest(whole);
    if (progress.kind === 'more') this.#needsBytes = progress.needsBytes;
    return progress;
  }

  wipe(): void {
    for (const chunk of this.#chunks) chunk.fill(0);
  }
}
