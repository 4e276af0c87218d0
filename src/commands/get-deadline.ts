// How much of a `get`'s time the native front has used up already. Pure.

import type { Environment } from '../ports/environment.ts';

/** What the front may give at most, and a little: past that, its clock and ours are not the same. */
const longestMs = 4_000;
const latestMs = 60_000;

/**
 * Milliseconds until `ROLEKEEPER_DEADLINE`, which the front sets to an epoch time; at least 0. Infinity where there is none, or one that
 * makes no sense: then the clock has jumped since, or it is another's.
 */
export function leftOfDeadline(env: Environment, nowMs: number): number {
  const text = env['ROLEKEEPER_DEADLINE'] ?? '';
  const leftMs = /^\d{1,15}$/.test(text) ? Number(text) - nowMs : Number.POSITIVE_INFINITY;
  if (leftMs > longestMs || leftMs < -latestMs) return Number.POSITIVE_INFINITY;
  return Math.max(0, leftMs);
}
