// `rolekeeper lock`: the agent forgets the identity of the age store and all that it had from there.
// Says that nothing is open only when it knows.

import { AppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { writeStderr } from './report.ts';
import { isOfAnotherHome, refuseSilentAgent, tellAgentToLock } from './tell-agent.ts';

/** Throws `agent-silent` for an agent that may hold something and does not say that it has forgotten it. */
export async function lock(wiring: Wiring): Promise<void> {
  const conversation = await tellAgentToLock(wiring);
  const isOthers = isOfAnotherHome(conversation);
  if (conversation.kind !== 'answer' || isOthers) await refuseSilentAgent(wiring);
  if (isOthers) return writeStderr(["nothing is open: no agent is running for this HOME; the one that runs is another HOME's"]);
  if (conversation.kind === 'nobody') return writeStderr(['nothing is open: no agent is running']);
  const answer = conversation.kind === 'answer' ? conversation.answer : undefined;
  if (answer?.kind !== 'exit' || answer.status !== 0) {
    throw new AppError('agent-silent', { problem: 'it did not say that it has locked', hint: 'end it: `rolekeeper agent stop`' });
  }
  const isSomething = answer.bytes.toString('utf8') !== '0';
  writeStderr([
    isSomething ? 'locked: the agent has forgotten the key of the age store, and what it had from there' : 'nothing was open',
  ]);
}
