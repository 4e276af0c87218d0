// Reads what another program keeps for this user below ~/.aws: credentials that whoever may write there could exchange for his own.

import { AppError } from '../errors.ts';
import { readPlainFile } from './plain-file.ts';
import { errorCode, problemWords } from './problem-words.ts';

/** Far more than any entry has. */
const mostBytes = 256 * 1024;

/**
 * `uid` is undefined where files have no owner (Windows). Undefined where there is no file. Throws `config-unreadable` for one of another user,
 * unless root reads it: a container has its host's files.
 */
export function readOwnCache(path: string, uid: number | undefined): string | undefined {
  try {
    return readPlainFile(path, ({ size, uid: owner }) => {
      if (uid !== undefined && uid !== 0 && owner !== uid) throw new Error('it belongs to another user');
      if (size > mostBytes) throw new Error(`it is larger than ${mostBytes / 1024} KiB`);
    });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}
