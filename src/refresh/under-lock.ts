// A lock delays, it never prevents.

import { isAppError } from '../errors.ts';
import type { HeldLock, Lock, LockName, LockOutcome, LockWait } from '../ports/lock.ts';

/** `busy` also where there is no place for locks. */
export async function underLock<T>(
  { lock, name, wait }: { readonly lock: Lock; readonly name: LockName; readonly wait: LockWait<T> },
  work: (held: HeldLock) => Promise<T>,
): Promise<LockOutcome<T>> {
  let isHeld = false;
  try {
    return await lock.withLock<T>(name, wait, (held) => {
      isHeld = true;
      return work(held);
    });
  } catch (error) {
    if (isHeld || !isAppError(error, 'state-unwritable', 'foreign-owner')) throw error;
    return { kind: 'busy' };
  }
}
