// Small files of ours in the state directory that a command keeps for a later one: read whole, removed without a fuss.

import { readFileSync, unlinkSync } from 'node:fs';
import { AppError } from '../errors.ts';
import { errorCode, problemWords } from './problem-words.ts';

/** Undefined where there is none. Throws `config-unreadable`. */
export function readKeptText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

/** Does nothing where there is none. Throws `state-unwritable`. */
export function removeKeptText(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
