// The key file of the age store: an identity file that no other user may read.

import type { Stats } from 'node:fs';
import { AppError, isAppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { readPlainFile } from '../system/plain-file.ts';
import { errorCode, problemWords } from '../system/problem-words.ts';
import type { AgeKey } from './age-cipher.ts';

export interface KeyFileReader {
  /** Undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  /** For messages. */
  readonly store: string;
  /** True while any new key will do. */
  readonly isNew: () => boolean;
}

/** Throws `store-unavailable` for a file that is not there, not an identity file, or open to others. */
export async function readKeyFile(path: string, reader: KeyFileReader): Promise<AgeKey> {
  const { parseKeyFile } = await import('./age-cipher.ts');
  const key = await parseKeyFile(textOf(path, reader));
  if (key !== undefined) return key;
  const hint = `make one with \`age-keygen -o ${shellWord(`${path}.new`)}\`, or set ROLEKEEPER_AGE_KEY_FILE to another file`;
  throw new AppError('store-unavailable', { store: reader.store, problem: `${path} is not an age identity file`, hint });
}

function textOf(path: string, reader: KeyFileReader): string {
  try {
    return readPlainFile(path, (stats) => refuseOpenToOthers(path, stats, reader));
  } catch (error) {
    if (isAppError(error)) throw error;
    const problem = `its key file ${path} cannot be read: ${errorCode(error) === 'ENOENT' ? 'there is no such file' : problemWords(error)}`;
    const hint = reader.isNew()
      ? `make one: \`age-keygen -o ${shellWord(path)}\`, or correct ROLEKEEPER_AGE_KEY_FILE (or age_key_file)`
      : 'correct ROLEKEEPER_AGE_KEY_FILE (or age_key_file), or put the key back: a new one opens nothing of what is stored';
    throw new AppError('store-unavailable', { store: reader.store, problem, hint }, error);
  }
}

// As ssh does with its keys: whoever can read this file can read every item.
function refuseOpenToOthers(path: string, stats: Stats, { uid, store }: KeyFileReader): void {
  const isOpen = uid !== undefined && (stats.mode & 0o077) !== 0;
  if (!isOpen) return;
  const problem = `others may read its key file ${path} (mode ${(stats.mode & 0o777).toString(8)})`;
  throw new AppError('store-unavailable', { store, problem, hint: `run \`chmod 600 ${shellWord(path)}\`` });
}
