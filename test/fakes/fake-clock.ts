// A clock that moves by hand. `wait` ends when the time it waits for has been reached, or at once when told to run by itself.

import type { EpochMs } from '../../src/credentials/credentials.ts';
import type { Clock } from '../../src/ports/time.ts';

export interface FakeClock extends Clock {
  advance(ms: number): Promise<void>;
  readonly learnt: readonly EpochMs[];
}

interface Waiter {
  readonly at: EpochMs;
  readonly wake: () => void;
}

export function fakeClock(start: EpochMs = Date.UTC(2026, 0, 2, 8), localOffsetMs = 0): FakeClock {
  let now = start;
  const waiters = new Set<Waiter>();
  const learnt: EpochMs[] = [];
  return {
    now: () => now,
    toLocal: (at) => at + localOffsetMs,
    learn: (at) => void learnt.push(at),
    lookAgain: () => undefined,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const waiter = { at: now + ms, wake: resolve };
        waiters.add(waiter);
        signal?.addEventListener('abort', () => {
          waiters.delete(waiter);
          resolve();
        });
        if (signal?.aborted === true || ms <= 0) resolve();
      }),
    async advance(ms) {
      now += ms;
      for (const waiter of waiters) {
        if (waiter.at > now) continue;
        waiters.delete(waiter);
        waiter.wake();
      }
      // Lets everything that was waiting run as far as it can.
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    },
    learnt,
  };
}
