// Windows lets every user open a named pipe. Who can read this file is this user, and is answered there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { writeWholeFile } from './whole-file.ts';

/** In the root of the state directory. */
export const pipeTokenFile = 'pipe-token';

/** A new one for each start of an agent. Throws `state-unwritable`, `foreign-owner`. */
export function leavePipeToken(token: string, stateDirectory: string, owner: Owner): void {
  writeWholeFile(join(ensurePrivateDirectory({ base: stateDirectory, below: [], owner }), pipeTokenFile), token);
}

/** Undefined where no agent has left one. */
export function readPipeToken(stateDirectory: string): string | undefined {
  try {
    return readFileSync(join(stateDirectory, pipeTokenFile), 'utf8');
  } catch {
    return undefined; // none, or none for us: the agent will turn us away
  }
}
