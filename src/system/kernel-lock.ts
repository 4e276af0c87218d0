// The lock that the kernel keeps: it ends with its holder, however that ends, and no clock has a say in it.
// Lock files stay where they are for ever: whoever unlinked one would let in a second holder.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Lock, LockName } from '../ports/lock.ts';
import type { NativeLocking } from './native-locking.ts';
import { type TakenLock, withPolledLock } from './polled-lock.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface KernelLockPlace {
  readonly native: NativeLocking;
  /** Makes and checks the directory of the lock files, and returns it. */
  readonly ensureDirectory: () => string;
}

/**
 * Holders exclude each other between processes and inside one, since each opens the file anew and the lock belongs to the open file.
 * `lost` is never aborted. Throws `state-unwritable` and `foreign-owner` when there is no place for the lock file.
 */
export function createKernelLock({ native, ensureDirectory }: KernelLockPlace): Lock {
  return {
    withLock(name, wait, work) {
      return withPolledLock(async () => take(native, lockPath(ensureDirectory(), name)), wait, work);
    },
  };
}

/** True if the kernel locks files in this directory. Some network and FUSE file systems cannot. Throws `state-unwritable`. */
export function canLockIn(directory: string, native: NativeLocking): boolean {
  const file = open(join(directory, 'probe.lock'));
  try {
    return tryLock(file, native) !== 'unsupported';
  } finally {
    closeSync(file);
  }
}

function take(native: NativeLocking, path: string): TakenLock | undefined {
  const file = open(path);
  const answer = tryOrClose(file, native);
  if (answer === 'unsupported') throw new AppError('state-unwritable', { path, problem: 'this file system has no locks' });
  // A file that somebody unlinked (a purge) since it was opened protects nothing: the next try opens the new one.
  if (answer === 'held-by-another' || fstatSync(file).nlink === 0) {
    closeSync(file);
    return undefined;
  }
  return { lost: new AbortController().signal, release: async () => release(file, native) };
}

function tryOrClose(file: number, native: NativeLocking): LockAnswer {
  try {
    return tryLock(file, native);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

// Closing alone would do on POSIX; Windows gives up a closed file's locks only when it finds the time.
function release(file: number, native: NativeLocking): void {
  try {
    native.unlock(file, 0, 0);
    closeSync(file);
  } catch {
    // A network disk that went away. The work is done, and the lock ends with this process at the latest.
  }
}

type LockAnswer = 'taken' | 'held-by-another' | 'unsupported';

function tryLock(file: number, native: NativeLocking): LockAnswer {
  try {
    native.tryLock(file, 0, 0, true);
    return 'taken';
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (['EAGAIN', 'EACCES', 'EBUSY'].includes(code)) return 'held-by-another';
    // EINVAL: a kernel before 3.15. ENOLCK: NFS without its lock daemon.
    if (['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOLCK', 'EINVAL'].includes(code)) return 'unsupported';
    throw error;
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
  } catch (error) {
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}

function lockPath(directory: string, name: LockName): string {
  return join(directory, `${name}.lock`);
}
