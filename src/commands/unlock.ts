// `rolekeeper unlock`: asks for the passphrase of the age store, and has the agent keep what it opens.
// The terminal without echo, else one line on stdin; nothing else is asked.

import process from 'node:process';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { giveToAgent, openLine } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { ensureAgent } from './start-agent.ts';
import { readLine } from './stdin.ts';

const storeDeadlineMs = 60_000;

/** Throws `store-locked` for a wrong passphrase, `no-terminal`, and `agent-silent` where no agent takes it. */
export async function unlock(wiring: Wiring): Promise<void> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }, passphraseFromStdin);
  try {
    const { passphraseLock, description } = store;
    if (passphraseLock === undefined)
      return writeStderr([`nothing to unlock: ${description} takes no passphrase from rolekeeper`]);
    if (!passphraseLock.isInUse()) return writeStderr([`nothing to unlock: ${description} is empty`]);
    const identity = await passphraseLock.open();
    await ensureAgent(wiring);
    await giveToAgent(identity, wiring);
    writeStderr([openLine(store)]);
  } finally {
    await store.close();
  }
}

async function passphraseFromStdin(): Promise<Secret> {
  // A terminal that cannot be asked on, since stderr goes elsewhere, would show what is typed.
  const line = process.stdin.isTTY ? undefined : await readLine();
  if (line !== undefined) return new Secret(line);
  throw new AppError('no-terminal', { command: 'unlock', instead: 'run it in a terminal, or write the passphrase to its stdin' });
}
