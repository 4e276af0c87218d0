// How much of a caller's time is left, by a deadline that another process gave on the wall clock. Pure.

import type { EpochMs } from '../credentials/credentials.ts';

/** What a front may give at most, and a little: past that, its clock and ours are not the same. */
const longestMs = 4_000;

/**
 * Above 0. Infinity for a deadline that makes no sense: the clock has jumped since, the machine slept, or it is another's clock. One that is over
 * is such: nobody asks with no time left.
 */
export function leftUntil(deadlineMs: EpochMs, localNow: EpochMs): number {
  const leftMs = deadlineMs - localNow;
  return leftMs > 0 && leftMs <= longestMs ? leftMs : Number.POSITIVE_INFINITY;
}
