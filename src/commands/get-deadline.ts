// How much of a `get`'s time the native front has used up already. Pure.

import type { Environment } from '../ports/environment.ts';
import { leftUntil } from '../refresh/left-until.ts';

/** To be asked at the start, when a deadline that is over can only be the work of the clock. Milliseconds until `ROLEKEEPER_DEADLINE`, which the front sets to an epoch time; infinity where there is none, or none that makes sense. */
export function leftOfDeadline(env: Environment, nowMs: number): number {
  const text = env['ROLEKEEPER_DEADLINE'] ?? '';
  return /^\d{1,15}$/.test(text) ? leftUntil(Number(text), nowMs) : Number.POSITIVE_INFINITY;
}
