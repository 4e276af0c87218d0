// `rolekeeper status --prompt [PROFILE]` where the native front has not answered it: asks the agent, and says nothing whatever goes wrong.

import { isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { writeStdout } from './stdout.ts';
import { promptOfAgent } from './tell-agent.ts';

/** Without a name: AWS_PROFILE. A shell has no place for errors, so those of the outside leave the piece empty. */
export async function printPrompt(profile: string | undefined, wiring: Wiring): Promise<void> {
  const name = profile ?? wiring.env['AWS_PROFILE'];
  if (name === undefined || name === '') return;
  try {
    writeStdout(await promptOfAgent(name, wiring));
  } catch (error) {
    if (!isAppError(error)) throw error;
    // whatever hides the agent from us, or closed the pipe: there is nothing to say
  }
}
