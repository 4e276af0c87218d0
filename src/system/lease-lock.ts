// The lock for systems without kernel locks: proper-lockfile as a lease, which must be kept up and can be lost.
// Two holders at once are rare but possible (docs/decisions/locks.md): whoever works under it looks at `lost` before writing.

import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Lock, LockName } from '../ports/lock.ts';
import type { Log } from '../ports/log.ts';
import { createLeaseFiles, type LeaseFiles } from './lease-files.ts';
import { type TakenLock, withPolledLock } from './polled-lock.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface LeaseLockPlace {
  /** Makes and checks the directory of the leases, and returns it. */
  readonly ensureDirectory: () => string;
  readonly log: Log;
  /** A lease that was not kept up for this long may be taken over. At least 2,000. Default 15,000: longer than the deadline of STS. */
  readonly staleMs?: number | undefined;
  /** How often it is kept up. At least 1,000. */
  readonly updateMs?: number | undefined;
}

/** Throws `state-unwritable` and `foreign-owner` when there is no place for the lease. */
export function createLeaseLock(place: LeaseLockPlace): Lock {
  // proper-lockfile keeps one entry per path and process: a second holder inside this process would confuse it.
  const heldHere = new Set<LockName>();
  return {
    withLock(name, wait, work) {
      return withPolledLock(() => take(name, place, heldHere), wait, work);
    },
  };
}

async function take(name: LockName, place: LeaseLockPlace, heldHere: Set<LockName>): Promise<TakenLock | undefined> {
  if (heldHere.has(name)) return undefined;
  heldHere.add(name);
  const forget = (): boolean => heldHere.delete(name);
  try {
    const taken = await takeFromOthers(join(place.ensureDirectory(), `${name}.lease`), place, forget);
    if (taken === undefined) forget();
    return taken;
  } catch (error) {
    forget();
    throw error;
  }
}

async function takeFromOthers(path: string, place: LeaseLockPlace, onRelease: () => void): Promise<TakenLock | undefined> {
  const { default: properLockfile } = await import('proper-lockfile'); // `lock` alone is lost when a CommonJS package is bundled
  const { log, staleMs = 15_000, updateMs = 5_000 } = place;
  const files = createLeaseFiles(staleMs);
  const loss = new AbortController();
  try {
    const release = await properLockfile.lock(path, {
      lockfilePath: path,
      fs: files,
      realpath: false,
      retries: 0,
      stale: staleMs,
      update: updateMs,
      onCompromised: () => loss.abort(),
    });
    return heldLease(path, { files, loss, log, release, onRelease });
  } catch (error) {
    // ELOCKED: somebody holds it. ENOENT: it vanished while we looked at it. Both are worth another try.
    const code = errorCode(error);
    if (code === 'ELOCKED' || code === 'ENOENT') return undefined;
    if (code === undefined) throw error;
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}

interface Lease {
  readonly files: LeaseFiles;
  readonly loss: AbortController;
  readonly log: Log;
  readonly release: () => Promise<void>;
  readonly onRelease: () => void;
}

function heldLease(path: string, { files, loss, log, release, onRelease }: Lease): TakenLock {
  return {
    // After a sleep the work may run on before the timer that finds the loss: each look at the signal looks at the disk too.
    get lost() {
      if (!loss.signal.aborted && !files.isUnchanged(path)) loss.abort();
      return loss.signal;
    },
    async release() {
      files.retire();
      try {
        await release();
      } catch (error) {
        // ERELEASED: lost before. Anything else leaves a lease that others take over when it is stale; the work is done all the same.
        if (errorCode(error) !== 'ERELEASED') log.event('lock.not-released', { path, problem: problemWords(error) });
      } finally {
        onRelease();
      }
    },
  };
}
