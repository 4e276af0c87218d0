// Our own commands' way to the agent. An agent that does not answer is no failure of theirs.

import { type Conversation, converse } from '../agent/client.ts';
import { type AgentStatus, parseAgentStatus } from '../agent/status.ts';
import { type AgentAnswer, variablesToSend } from '../agent/wire.ts';
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

/** The same for who can wait no longer than for an acknowledgement, and wants to know why there is no answer. */
export async function agentStatusAtOnce(wiring: Wiring): Promise<AgentStatus | 'nobody' | 'silent'> {
  const conversation = await talk('status', wiring, acknowledgeWaitMs);
  if (conversation.kind === 'nobody') return 'nobody';
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  return (
    (answer?.kind === 'exit' && answer.status === 0 ? parseAgentStatus(answer.bytes.toString('utf8')) : undefined) ?? 'silent'
  );
}

async function ask(verb: string, wiring: Wiring): Promise<AgentAnswer | undefined> {
  const conversation = await talk(verb, wiring, answerWaitMs);
  return conversation.kind === 'answer' ? conversation.answer : undefined;
}

async function talk(verb: string, { env, openAgentWiring }: Wiring, waitMs: number): Promise<Conversation> {
  const { socketPath, readToken } = await openAgentWiring();
  const request = { verb, argument: '', deadlineMs: Date.now() + waitMs, cwd: '/', env: variablesToSend(env, readToken()) };
  return await converse(request, { socketPath, acknowledgeWaitMs, answerWaitMs: waitMs });
}
