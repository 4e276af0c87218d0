// Our own commands' way to the agent. An agent that does not answer is no failure of theirs.

import { converse } from '../agent/client.ts';
import { type AgentStatus, parseAgentStatus } from '../agent/status.ts';
import { variablesToSend } from '../agent/wire.ts';
import type { Wiring } from '../wiring.ts';

/** As the front waits for it (decisions.md 2). */
const acknowledgeWaitMs = 300;
const answerWaitMs = 3_000;

/** After a command changed what the store or the files hold: the agent must not answer from before. Waits until it has heard. */
export async function tellAgentToForget(wiring: Wiring): Promise<void> {
  await ask('forget', wiring);
}

/** After a command stored later credentials than the agent may have. With a locked store, those that it has are all there is. */
export async function tellAgentToDoubt(wiring: Wiring): Promise<void> {
  await ask('doubt', wiring);
}

export async function tellAgentToStop(wiring: Wiring): Promise<void> {
  await ask('stop', wiring);
}

/** Undefined where no agent answers. */
export async function agentStatus(wiring: Wiring): Promise<AgentStatus | undefined> {
  const answer = await ask('status', wiring);
  return answer?.kind === 'exit' && answer.status === 0 ? parseAgentStatus(answer.bytes.toString('utf8')) : undefined;
}

async function ask(verb: string, { env, openAgentWiring }: Wiring) {
  const { socketPath, readToken } = await openAgentWiring();
  const request = { verb, argument: '', deadlineMs: Date.now() + answerWaitMs, cwd: '/', env: variablesToSend(env, readToken()) };
  const conversation = await converse(request, { socketPath, acknowledgeWaitMs, answerWaitMs });
  return conversation.kind === 'answer' ? conversation.answer : undefined;
}
