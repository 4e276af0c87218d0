// Asks the agent, from a Node process: our own commands, and the launcher where there is no native front.

import { connect } from 'node:net';
import { type AgentAnswer, type AgentRequest, encodeRequest, readAnswer } from './wire.ts';

export interface AskOptions {
  readonly socketPath: string;
  /** A living agent acknowledges at once (decisions.md 2). */
  readonly acknowledgeWaitMs: number;
  /** The whole answer, after the acknowledgement. */
  readonly answerWaitMs: number;
}

export type Conversation =
  | { readonly kind: 'answer'; readonly answer: AgentAnswer }
  /** There is none to connect to. */
  | { readonly kind: 'nobody' }
  /** It is stuck, it hung up, or it is of another version. */
  | { readonly kind: 'silent' }
  /** It took the request, and the time is over. */
  | { readonly kind: 'late' };

/** Never throws. The bytes of an answer are the caller's to wipe; all others are wiped here. */
export async function converse(request: AgentRequest, options: AskOptions): Promise<Conversation> {
  const question = encodeRequest(request);
  if (question === undefined) return { kind: 'nobody' }; // more than any agent takes
  try {
    return await converseUntilHeard(question, options);
  } finally {
    question.fill(0); // `unlock` carries a key
  }
}

async function converseUntilHeard(question: Buffer, options: AskOptions): Promise<Conversation> {
  const until = performance.now() + options.acknowledgeWaitMs;
  for (;;) {
    const outcome = await converseOnce(question, options);
    if (outcome.kind !== 'queue-full') return outcome;
    if (performance.now() > until) return { kind: 'silent' };
    await new Promise<void>((resolve) => setTimeout(resolve, queueWaitMs));
  }
}

const queueWaitMs = 10;

/** `queue-full`: unix(7) refuses at once who does not block, while a busy agent has not yet taken those before. */
function converseOnce(
  question: Buffer,
  { socketPath, acknowledgeWaitMs, answerWaitMs }: AskOptions,
): Promise<Conversation | { readonly kind: 'queue-full' }> {
  return new Promise((resolve) => {
    let isConnected = false;
    let received: Buffer = Buffer.alloc(0);
    const socket = connect(socketPath, () => {
      isConnected = true;
      socket.write(question);
    });
    const finish = (conversation: Conversation | { readonly kind: 'queue-full' }) => {
      clearTimeout(timer);
      socket.destroy();
      if (conversation.kind !== 'answer') received.fill(0);
      resolve(conversation);
    };
    const giveUp = () => {
      // A process that was stopped meanwhile still finds what has come: between the timer and this, Node looks.
      if (received.length > 0) finish({ kind: 'late' });
      else finish({ kind: 'silent' });
    };
    const giveUpAfter = (ms: number) => setTimeout(() => setImmediate(giveUp), ms);
    let timer = giveUpAfter(acknowledgeWaitMs);
    socket.once('error', (error) => {
      if (isConnected) finish({ kind: 'silent' });
      else finish({ kind: 'code' in error && error.code === 'EAGAIN' ? 'queue-full' : 'nobody' });
    });
    socket.on('data', (chunk: Buffer) => {
      if (received.length === 0) {
        clearTimeout(timer);
        timer = giveUpAfter(answerWaitMs);
      }
      const before = received;
      received = Buffer.concat([before, chunk]);
      before.fill(0);
      chunk.fill(0);
      if (readAnswer(received).kind === 'broken') finish({ kind: 'silent' });
    });
    socket.once('end', () => {
      const progress = readAnswer(received);
      finish(progress.kind === 'answer' ? progress : { kind: 'silent' });
    });
  });
}
