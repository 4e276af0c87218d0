// How slow is this machine just now? Starts an empty Node process beside the callers, again and again, and times it as they are timed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';

export interface Canary {
  /** What an empty process takes when nobody else wants the machine: the fastest of all, 100 ms at most. */
  quietMs(): number;
  /** The slowest of about this time, on the monotonic clock. One that has not ended yet counts as far as it is. */
  slowestMs(from: number, to: number): number;
  summary(): { readonly quietMs: number; readonly medianMs: number; readonly slowestMs: number };
  close(): Promise<void>;
}

interface Flight {
  readonly from: number;
  to: number | undefined;
}

const pauseMs = 500;
const mostQuietMs = 100;
/** Between two of them nobody looks, so a call counts those just before it too. */
const aboutMs = 1_000;

export async function openCanary(): Promise<Canary> {
  const flights: Flight[] = [];
  await fly(flights);
  const took = () => flights.flatMap(({ from, to }) => (to === undefined ? [] : [to - from]));
  const end = new AbortController();
  const flying = flyOn(flights, end.signal);
  const quietMs = () => Math.min(mostQuietMs, ...took());
  return {
    quietMs,
    slowestMs: (from, to) => {
      const now = performance.now();
      const about = flights.filter((flight) => flight.from <= to && (flight.to ?? now) >= from - aboutMs);
      return Math.max(0, ...about.map((flight) => (flight.to ?? now) - flight.from));
    },
    summary: () => ({
      quietMs: Math.round(quietMs()),
      medianMs: Math.round([...took()].sort((a, b) => a - b)[Math.floor(flights.length / 2)] ?? 0),
      slowestMs: Math.round(Math.max(...took())),
    }),
    close: async () => {
      end.abort();
      await flying;
    },
  };
}

async function flyOn(flights: Flight[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(pauseMs, undefined, { signal }).catch(() => undefined); // the end
    await fly(flights);
  }
}

async function fly(flights: Flight[]): Promise<void> {
  const flight: Flight = { from: performance.now(), to: undefined };
  flights.push(flight);
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  flight.to = performance.now();
}
