// The waiting that both locks share: try, look whether the answer has come meanwhile, pause, try again.
// Never keeps a lock past the work, whatever the work does.

import type { HeldLock, LockOutcome, LockWait } from '../ports/lock.ts';
import { countdown } from './own-time.ts';
import { pause } from './pause.ts';

/** A lock that was taken. `release` does not throw. */
export interface TakenLock extends HeldLock {
  release(): Promise<void>;
}

/**
 * `take` answers undefined while somebody else holds the lock. Ends at the latest after `waitMs` of own time and one last `meanwhile`; an
 * aborted signal ends the wait as `busy`. Throws what `take`, `meanwhile` and `work` throw.
 */
export async function withPolledLock<T>(
  take: () => Promise<TakenLock | undefined>,
  wait: LockWait<T>,
  work: (held: HeldLock) => Promise<T>,
): Promise<LockOutcome<T>> {
  const left = countdown(wait.waitMs, longestPollMs);
  while (wait.signal?.aborted !== true) {
    const taken = await take();
    if (taken !== undefined) return { kind: 'held', value: await workUnder(taken, work) };
    const answer = await wait.meanwhile?.();
    if (answer !== undefined) return { kind: 'overtaken', value: answer };
    const leftMs = wait.waitMs > 0 ? left() : 0; // who asks for one try gets one, however busy the machine
    if (leftMs <= 0) break;
    await pause(Math.min(leftMs, pollMs()), wait.signal);
  }
  return { kind: 'busy' };
}

async function workUnder<T>(taken: TakenLock, work: (held: HeldLock) => Promise<T>): Promise<T> {
  try {
    return await work(taken);
  } finally {
    await taken.release();
  }
}

const longestPollMs = 20;

// Spread a little, so that a hundred waiting processes do not all wake at once.
function pollMs(): number {
  return longestPollMs - Math.random() * 5;
}
