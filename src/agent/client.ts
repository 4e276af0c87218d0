// Asks the agent, from our own commands. The callers' way is the native front; this one is for login, logout, status and the like.

import { connect } from 'node:net';
import {
  type AgentAnswer,
  type AgentRequest,
  acknowledgement,
  encodeRequest,
  maxAnswerBytes,
  maxLineBytes,
  parseAnswer,
} from './wire.ts';

export interface AskOptions {
  readonly socketPath: string;
  /** A living agent acknowledges at once (decisions.md 2). */
  readonly acknowledgeWaitMs: number;
  /** The whole answer. */
  readonly answerWaitMs: number;
}

/** Undefined where no agent answers: none is there, it is stuck, or it is of another version. Never throws. */
export function askAgent(
  request: AgentRequest,
  { socketPath, acknowledgeWaitMs, answerWaitMs }: AskOptions,
): Promise<AgentAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let received: Buffer = Buffer.alloc(0);
    const finish = (answer: AgentAnswer | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    let timer = setTimeout(() => finish(undefined), acknowledgeWaitMs);
    socket.once('error', () => finish(undefined)); // nobody there, or it hung up
    socket.on('data', (chunk: Buffer) => {
      if (received.length === 0) {
        clearTimeout(timer);
        timer = setTimeout(() => finish(undefined), answerWaitMs);
      }
      received = Buffer.concat([received, chunk]);
      if (received.length > acknowledgement.length + maxLineBytes + maxAnswerBytes) finish(undefined);
    });
    socket.once('end', () => finish(parseAnswer(received)));
    socket.write(encodeRequest(request));
  });
}
