// Long-term keys that are about to be put back, or to be removed: no rotation may change them meanwhile.

import { AppError } from '../errors.ts';
import type { Lock } from '../ports/lock.ts';

/** A rotation that is being carried out at this moment is waited for, and then counts. */
const waitMs = 10_000;

/**
 * What `work` reads of the keys stays true until it ends. What was read before may not: a person thinks for a while, and may rotate in another
 * window. Throws `keys-at-risk` beside a rotation that takes longer.
 */
export async function withoutRotation<T>(
  keys: readonly string[],
  { openLock }: { readonly openLock: () => Promise<Lock> },
  work: () => Promise<T>,
): Promise<T> {
  const outcome = await (await openLock()).withLock('rotate', { waitMs }, work);
  if (outcome.kind !== 'busy') return outcome.value;
  throw new AppError('keys-at-risk', {
    keys: keys.join(', '),
    problem: 'a rotation is being carried out at this moment',
    hint: 'run the command again when it is done',
  });
}
