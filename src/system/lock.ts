// Chooses the lock: the kernel's where there is one and the file system takes it, else a lease (docs/decisions/locks.md).
// Nothing is loaded, read or made before the first lock is asked for.

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Lock } from '../ports/lock.ts';
import type { Log } from '../ports/log.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { canLockIn, createKernelLock } from './kernel-lock.ts';
import { createLeaseLock } from './lease-lock.ts';
import { type LoadedLocking, loadNativeLocking } from './native-locking.ts';

export interface LockPlace {
  /** From `stateDirectory`. */
  readonly base: string;
  /** From `readMachineName`. */
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
  /** `ROLEKEEPER_LOCK=kernel` or `lease` forces one; for tests, and for a HOME whose users need the same one. */
  readonly env: Environment;
  /** Tests bring their own. */
  readonly load?: () => LoadedLocking;
  /** For tests with a short lease. */
  readonly staleMs?: number;
  readonly updateMs?: number;
}

/** Throws `state-unwritable` or `foreign-owner` when there is no place for locks, `usage` when the forced lock is not to be had. */
export function createLock(place: LockPlace): Lock {
  let chosen: Lock | undefined;
  return {
    async withLock(name, wait, work) {
      chosen ??= choose(place);
      return chosen.withLock(name, wait, work);
    },
  };
}

function choose(place: LockPlace): Lock {
  const { base, machine, owner, env, log, staleMs, updateMs } = place;
  const ensureDirectory = (): string => ensurePrivateDirectory({ base, below: [machine, 'locks'], owner });
  const forced = env['ROLEKEEPER_LOCK'];
  const kernel = forced === 'lease' ? notWanted : probe(place, ensureDirectory);
  if (kernel.kind === 'loaded') return createKernelLock({ native: kernel.native, ensureDirectory });
  if (forced === 'kernel') {
    throw new AppError('usage', { problem: `there is no kernel lock here: ${kernel.reason}`, hint: 'unset ROLEKEEPER_LOCK' });
  }
  log.event('lock.lease', { reason: kernel.reason });
  return createLeaseLock({ ensureDirectory, log, staleMs, updateMs });
}

const notWanted: LoadedLocking = { kind: 'unavailable', reason: 'ROLEKEEPER_LOCK=lease' };

function probe({ load = loadNativeLocking }: LockPlace, ensureDirectory: () => string): LoadedLocking {
  const loaded = load();
  if (loaded.kind === 'unavailable') return loaded;
  const directory = ensureDirectory();
  return canLockIn(directory, loaded.native)
    ? loaded
    : { kind: 'unavailable', reason: `the file system of ${directory} has no locks` };
}
