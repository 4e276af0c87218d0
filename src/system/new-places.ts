// Directories that were not there when somebody looked, and their removal with all that was put there since. For a command that leaves no
// trace when it fails. What somebody else may miss stays: long-term keys, the way back of another command, a rotation under way.

import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import type { NewPlaces } from '../ports/text-files.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface MarkedDirectories {
  /** Ours: what is in them is ours as well. */
  readonly own: readonly string[];
  /** Of files that somebody else may have beside ours. */
  readonly shared: readonly string[];
}

/** Looks at these directories, and at those above them, now. */
export function markPlaces({ own, shared }: MarkedDirectories): NewPlaces {
  const missing = own.filter((directory) => !existsSync(directory));
  const above = [...own.map((directory) => dirname(directory)), ...shared].flatMap(missingAbove);
  return {
    remove: () => {
      for (const directory of missing) orUnwritable(directory, () => removeWhole(directory));
      const inner = [...new Set(above)].sort((a, b) => b.length - a.length);
      for (const directory of inner) orUnwritable(directory, () => removeEmpty(directory));
    },
  };
}

/** Itself first. */
function missingAbove(directory: string): readonly string[] {
  const parent = dirname(directory);
  return parent === directory || existsSync(directory) ? [] : [directory, ...missingAbove(parent)];
}

/** Item files of keys in the age store, notes of how to undo an edit, records of rotations. */
const kept = /^(keys%2f|keys-new%2f|keys-old%2f|undo-|rotation-)/;

function removeWhole(directory: string): void {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  if (names.some((name) => kept.test(basename(name)) && lstatSync(join(directory, name)).isFile())) return;
  rmSync(directory, { recursive: true, force: true });
}

function removeEmpty(directory: string): void {
  if (readdirSync(directory).length === 0) rmdirSync(directory);
}

function orUnwritable(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return; // nobody made it, or it is gone already
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
