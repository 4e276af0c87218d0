// How much of a caller's time is left, by a deadline that another process gave on the wall clock. Pure.

import type { EpochMs } from '../credentials/credentials.ts';

/** What a front may give at most, and a little: past that, its clock and ours are not the same. */
const longestMs = 4_000;
const latestMs = 60_000;

/** At least 0. Infinity for a deadline that makes no sense: the clock has jumped since, the machine slept, or it is another's clock. */
export function leftUntil(deadlineMs: EpochMs, localNow: EpochMs): number {
  const leftMs = deadlineMs - localNow;
  if (!(leftMs <= longestMs && leftMs >= -latestMs)) return Number.POSITIVE_INFINITY;
  return Math.max(0, leftMs);
}
