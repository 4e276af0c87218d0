// Hands the identity of the age store, opened by its passphrase in this process, to the agent: from then on `get` finds the store open.
// It goes over the agent's socket only: never into arguments, environment, files or logs.

import type { Conversation } from '../agent/client.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { Wiring } from '../wiring.ts';
import { writeStderr } from './report.ts';
import { agentByItself } from './start-agent.ts';
import { tellAgentToUnlock } from './tell-agent.ts';

/** After a command that had to ask for the passphrase. Without an agent nothing happens; a refusal is no failure of the command. */
export async function handOver(store: Store, wiring: Wiring): Promise<void> {
  const { passphraseLock } = store;
  if (passphraseLock?.isOpen() !== true || (await agentByItself(wiring)) === undefined) return;
  try {
    await giveToAgent(await passphraseLock.open(), wiring);
    writeStderr([openLine(store)]);
  } catch (error) {
    if (!isAppError(error)) throw error;
    writeStderr([`${store.description} is not open for \`get\`: ${error.message}`]);
  }
}

/** Throws `agent-silent` when the agent has not taken it. */
export async function giveToAgent(identity: Secret, wiring: Wiring): Promise<void> {
  const problem = problemIn(await tellAgentToUnlock(identity, wiring));
  if (problem !== undefined) throw new AppError('agent-silent', { problem, hint: restartHint });
}

export function openLine({ description }: Pick<Store, 'description'>): string {
  return `${description} is open until the agent ends, or until \`rolekeeper lock\``;
}

export const restartHint = 'run `rolekeeper agent restart`, then `rolekeeper unlock`';

function problemIn(conversation: Conversation): string | undefined {
  if (conversation.kind !== 'answer') return 'it did not answer when it was given the key of the store';
  const { answer } = conversation;
  if (answer.kind === 'pass') return `it did not take the key of the store (${answer.reason})`;
  if (answer.status === 0) return undefined;
  const [words = ''] = answer.bytes
    .toString('utf8')
    .replace(/^rolekeeper: /, '')
    .split('\n');
  return `it did not take the key of the store: ${words}`;
}
