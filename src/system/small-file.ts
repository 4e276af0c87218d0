// Reads a small text file that some other program keeps, such as a token. Says what is wrong with it, and never throws for that.

import type { SmallFile } from '../ports/small-file.ts';
import { readPlainFile } from './plain-file.ts';
import { errorCode, problemWords } from './problem-words.ts';

/** Far more than any token has. */
const mostBytes = 256 * 1024;

export function readSmallFile(path: string): SmallFile {
  try {
    const text = readPlainFile(path, ({ size }) => {
      if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024} KiB`);
    });
    return { kind: 'ok', text };
  } catch (error) {
    return { kind: 'problem', problem: errorCode(error) === 'ENOENT' ? 'there is no such file' : problemWords(error) };
  }
}
