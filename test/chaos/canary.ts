// How slow is this machine just now? Starts an empty Node process beside the callers, again and again, and times it as they are timed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

export interface Canary {
  /** The slowest that overlapped this time, on the monotonic clock. Of one that still runs, so far. */
  slowestMs(from: number, to: number): number;
  summary(): { readonly quietMs: number; readonly medianMs: number; readonly slowestMs: number };
  /** Median of those before anything else ran. */
  readonly quietMs: number;
  close(): Promise<void>;
}

const pauseMs = 700;
const quietRounds = 5;

export async function openCanary(): Promise<Canary> {
  const quiet: number[] = [];
  for (let n = 0; n < quietRounds; n++) quiet.push(await flyOnce());
  const flights: { readonly from: number; to: number }[] = [];
  const end = new AbortController();
  const flying = (async () => {
    while (!end.signal.aborted) {
      const flight = { from: performance.now(), to: Number.POSITIVE_INFINITY };
      flights.push(flight);
      await flyOnce();
      flight.to = performance.now();
      await wait(pauseMs, undefined, { signal: end.signal }).catch(() => undefined); // the end
    }
  })();
  const quietMs = medianOf(quiet);
  return {
    quietMs,
    summary: () => {
      const took = flights.filter(({ to }) => Number.isFinite(to)).map(({ from, to }) => to - from);
      return { quietMs: Math.round(quietMs), medianMs: Math.round(medianOf(took)), slowestMs: Math.round(Math.max(0, ...took)) };
    },
    slowestMs: (from, to) => {
      const now = performance.now();
      const overlapping = flights.filter((flight) => flight.from <= to && flight.to >= from);
      return Math.max(0, ...overlapping.map((flight) => Math.min(flight.to, now) - flight.from));
    },
    close: async () => {
      end.abort();
      await flying;
    },
  };
}

async function flyOnce(): Promise<number> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return performance.now() - startedAt;
}

function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
