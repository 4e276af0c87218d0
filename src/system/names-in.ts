// What is in a directory that may not be there.

import { readdirSync } from 'node:fs';
import { errorCode } from './problem-words.ts';

/** None where there is no such directory. Throws what the system throws for one that cannot be read. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
