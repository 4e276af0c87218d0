// How much of a `get`'s time the native front has used up already. Pure.

import type { Environment } from '../ports/environment.ts';
import { leftUntil } from '../refresh/left-until.ts';

/**
 * Milliseconds until `ROLEKEEPER_DEADLINE`, which the front sets to an epoch time; infinity where there is none, or none that makes sense. `nowMs`
 * is the start of the process: a deadline that is over by then can only be the work of a clock.
 */
export function leftOfDeadline(env: Environment, nowMs: number): number {
  const text = env['ROLEKEEPER_DEADLINE'] ?? '';
  return /^\d{1,15}$/.test(text) ? leftUntil(Number(text), nowMs) : Number.POSITIVE_INFINITY;
}
