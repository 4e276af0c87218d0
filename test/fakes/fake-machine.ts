// A machine's clocks, moved by hand: it runs, it sleeps, a person sets its clock. AWS's time goes on all the while.

import { type Anchor, anchorFrom, awsNow, toLocal } from '../../src/credentials/clock-offset.ts';
import type { Clock, ClockReading } from '../../src/ports/time.ts';

export interface FakeMachine {
  /** As system/clock.ts: corrected by what AWS said last. */
  readonly clock: Clock;
  /** The true time. */
  awsMs(): number;
  readClocks(): ClockReading;
  /** Awake: whatever waits goes on when its time has come. */
  run(ms: number): Promise<void>;
  /** Timers stand still meanwhile (CLOCK_MONOTONIC). */
  sleep(ms: number): void;
  /** Somebody sets the wall clock by so much. */
  setWallClock(byMs: number): void;
}

interface Waiter {
  readonly atMs: number;
  readonly wake: () => void;
}

export function fakeMachine(startMs = Date.UTC(2026, 0, 2, 8)): FakeMachine {
  let [trueMs, wallErrorMs, uptimeMs, monotonicMs] = [startMs, 0, 1_000_000, 0];
  let anchor: Anchor | undefined;
  const waiters = new Set<Waiter>();
  const readClocks = () => ({ wallMs: trueMs + wallErrorMs, uptimeMs, monotonicMs });
  const pass = (ms: number) => {
    trueMs += ms;
    uptimeMs += ms;
    monotonicMs += ms;
  };
  const wait: Clock['wait'] = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = () => {
        waiters.delete(waiter);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const waiter = { atMs: monotonicMs + Math.max(0, ms), wake };
      waiters.add(waiter);
      signal?.addEventListener('abort', wake);
    });
  const clock: Clock = {
    now: () => awsNow(anchor, readClocks()),
    toLocal: (at) => toLocal(at, { anchor, reading: readClocks() }),
    learn: (serverMs) => {
      anchor = anchorFrom(serverMs, readClocks());
    },
    lookAgain: () => undefined,
    wait,
  };
  return {
    clock,
    readClocks,
    awsMs: () => trueMs,
    async run(ms) {
      const end = monotonicMs + ms;
      await settled();
      for (;;) {
        const due = [...waiters].filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        pass(due.atMs - monotonicMs);
        due.wake();
        await settled();
      }
      pass(end - monotonicMs);
    },
    sleep(ms) {
      trueMs += ms;
      uptimeMs += ms;
    },
    setWallClock(byMs) {
      wallErrorMs += byMs;
    },
  };
}

/** Lets everything that can go on do so, as far as it can. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
