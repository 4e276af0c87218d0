// Removes what is ours in the state directory, and the directory itself when nothing else is in it.
// Goes by our own names: whoever points ROLEKEEPER_STATE_DIR at a directory with other things in it keeps those.

import { rmdirSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { AppError } from '../errors.ts';
import { namesIn } from './names-in.ts';
import { pipeTokenFile } from './pipe-token.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { undoFileName } from './undo-file.ts';

export interface StateRemoval {
  readonly base: string;
  /** This machine's part. Other machines that share the home have theirs. */
  readonly machine: string;
  /** Empty directories on the way from here go as well: in a new account they are all of our making. */
  readonly home: string;
}

/** See `machineName`. */
const machineDirectory = /^[0-9a-f]{16}$/;

/** Returns what is left. Throws `state-unwritable`. */
export function removeState({ base, machine, home }: StateRemoval): readonly string[] {
  try {
    rmSync(join(base, machine), { recursive: true, force: true });
    for (const name of ['service.json', pipeTokenFile]) rmSync(join(base, name), { force: true });
    // Of edits in files that the other machines may see as well.
    const names = namesIn(base);
    const isShared = names.some((name) => machineDirectory.test(name));
    for (const name of isShared ? [] : names.filter((one) => undoFileName.test(one))) rmSync(join(base, name));
    // Long-term keys whose item nobody listed: the only things here that cannot be made again.
    if (!namesIn(join(base, 'age')).some((name) => name.startsWith('keys%2f'))) {
      rmSync(join(base, 'age'), { recursive: true, force: true });
    }
    const left = namesIn(base).map((name) => join(base, name));
    if (left.length === 0) removeEmptyAbove(base, home);
    return left;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []; // there never was one
    throw new AppError('state-unwritable', { path: base, problem: problemWords(error) }, error);
  }
}

function removeEmptyAbove(directory: string, home: string): void {
  if (namesIn(directory).length > 0) return;
  rmdirSync(directory);
  const parent = dirname(directory);
  if (parent.startsWith(`${home}${sep}`)) removeEmptyAbove(parent, home);
}
