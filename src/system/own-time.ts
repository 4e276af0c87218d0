// Time that this process really had. On a machine with a hundred processes at once, or after SIGSTOP, a wall-clock wait would be over
// before the process could do anything with it.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { pause } from './pause.ts';

/** How often to look at a countdown. */
export const tickMs = 50;

/** On an overloaded machine a wait goes on, but no longer than this. */
const longestMs = 40_000;
/** So many runnable tasks for each processor are an overload: what a process waits for is then starved as well. */
const crowd = 8;
/** An overload is felt this long after it: what it held up needs the time to finish. */
const echoMs = 2_000;

/**
 * Counts down `ms` of own time: each call takes off what has passed since the last one, and one that came late counts as little more than
 * a tick. Stays above 0 while the machine is overloaded, and a little longer.
 */
export function countdown(ms: number, usualTickMs = tickMs): () => number {
  const startedAt = performance.now();
  let leftMs = ms;
  let last = startedAt;
  let overloadedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    leftMs -= Math.min(now - last, usualTickMs * 1.25);
    last = now;
    // Looked at only when it begins to matter.
    if (leftMs < echoMs && isOverloaded()) overloadedAt = now;
    const goesOn = now - overloadedAt < echoMs && now - startedAt < longestMs;
    return goesOn ? Math.max(leftMs, usualTickMs) : leftMs;
  };
}

/**
 * How long this process was held up until now: its age, or if that is more, how long it was runnable and got no processor. Linux counts the
 * second over `exec` (Documentation/scheduler/sched-stats.rst), so it also knows what befell the front and the loading of Node.
 */
export function heldUpMs(): number {
  return Math.max(performance.now(), readRunDelayMs());
}

function readRunDelayMs(): number {
  try {
    const nanoseconds = Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : 0;
  } catch {
    return 0; // another system, or a kernel that does not count
  }
}

// proc(5): the fourth field of loadavg is "runnable/existing" at this moment. Other systems have no such number; late ticks must do there.
function isOverloaded(): boolean {
  try {
    const runnable = /(\d+)\/\d+/.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1];
    return Number(runnable) > crowd * availableParallelism();
  } catch {
    return false; // no /proc
  }
}

/** Ends after `ms` of own time; early, without an error, when the signal is aborted. */
export async function outwait(ms: number, signal: AbortSignal): Promise<void> {
  const left = countdown(ms);
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = left()) await pause(Math.min(leftMs, tickMs), signal);
}
