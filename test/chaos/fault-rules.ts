// Every kind of fault: what it is done to, how long it lasts, and which failures of a caller it explains. All other failures are wrong.

import type { ExitStatus } from '../../src/errors.ts';

/** What a fault is done to; no two faults of a round share it. */
export type FaultTarget =
  | 'sts'
  | 'keyring'
  | 'callers'
  | 'agent'
  | 'holder'
  | 'state'
  | 'items'
  | 'disk'
  | 'files'
  | 'clock'
  | 'login';

export interface FaultRule {
  readonly at: FaultTarget;
  readonly holdMs: readonly [least: number, most: number];
  /** Documented statuses with which a caller may end for it, if nothing valid was within reach. */
  readonly explains: readonly ExitStatus[];
  /** What credentials cannot be expected to come from while it lasts. */
  readonly takesAway?: 'store' | 'agent' | 'everything';
  /** It ends what it has begun by itself: what it takes away may be back at any moment. */
  readonly isOverAtOnce?: true;
  /** Longer than the stale time of a lock: drawn less often. */
  readonly isLong?: true;
}

const short = [400, 2_500] as const;
const moment = [50, 400] as const;
/** Longer than 15 s, the stale time of the lease. */
const long = [16_000, 19_000] as const;

export const faultRules = {
  'sts-throttles': { at: 'sts', holdMs: short, explains: [6] },
  'sts-fails': { at: 'sts', holdMs: short, explains: [6, 7] },
  'sts-hangs': { at: 'sts', holdMs: [2_000, 11_000], explains: [7] },
  'sts-is-slow': { at: 'sts', holdMs: short, explains: [7] },
  'sts-lies': { at: 'sts', holdMs: short, explains: [6, 7] },
  // A call is tried once more when the clock is off; where it moves back meanwhile, it is off again.
  'sts-clock-moves': { at: 'clock', holdMs: short, explains: [6], takesAway: 'everything' },
  'keyring-locked': { at: 'keyring', holdMs: short, explains: [5], takesAway: 'store' },
  'keyring-frozen': { at: 'keyring', holdMs: [400, 4_000], explains: [5, 7], takesAway: 'store' },
  'keyring-gone': { at: 'keyring', holdMs: short, explains: [5], takesAway: 'store' },
  'keyring-restarted': { at: 'keyring', holdMs: moment, explains: [5], takesAway: 'store', isOverAtOnce: true },
  'callers-killed': { at: 'callers', holdMs: short, explains: [] },
  'callers-stopped': { at: 'callers', holdMs: short, explains: [] },
  'holder-killed': { at: 'holder', holdMs: short, explains: [] },
  'holder-stopped': { at: 'holder', holdMs: long, explains: [], isLong: true },
  'agent-killed': { at: 'agent', holdMs: moment, explains: [], takesAway: 'agent' },
  'agent-stopped': { at: 'agent', holdMs: short, explains: [], takesAway: 'agent' },
  'agent-stopped-long': { at: 'agent', holdMs: long, explains: [], takesAway: 'agent', isLong: true },
  'agent-restarted': { at: 'agent', holdMs: moment, explains: [], takesAway: 'agent' },
  'state-corrupted': { at: 'state', holdMs: moment, explains: [] },
  'state-removed': { at: 'state', holdMs: moment, explains: [] },
  'state-unreadable': { at: 'state', holdMs: short, explains: [] },
  'item-corrupted': { at: 'items', holdMs: moment, explains: [4], takesAway: 'everything' },
  'item-removed': { at: 'items', holdMs: moment, explains: [4], takesAway: 'everything' },
  'keys-corrupted': { at: 'items', holdMs: short, explains: [5], takesAway: 'everything' },
  'disk-full': { at: 'disk', holdMs: short, explains: [] },
  'config-edited': { at: 'files', holdMs: short, explains: [] },
  'config-truncated': { at: 'files', holdMs: short, explains: [3, 4, 6, 7], takesAway: 'everything' },
  'config-unreadable': { at: 'files', holdMs: short, explains: [3], takesAway: 'everything' },
  'clock-turned': { at: 'clock', holdMs: short, explains: [6], takesAway: 'everything' },
  'machine-sleeps': { at: 'clock', holdMs: moment, explains: [] },
  'logged-out': { at: 'login', holdMs: short, explains: [4], takesAway: 'everything' },
  'session-over': { at: 'login', holdMs: short, explains: [4] },
} as const satisfies Readonly<Record<string, FaultRule>>;

export type FaultKind = keyof typeof faultRules;

export const faultKinds: readonly FaultKind[] = Object.keys(faultRules).filter(isFaultKind);

export function isFaultKind(text: string): text is FaultKind {
  return Object.hasOwn(faultRules, text);
}

/** As what it is, not as what the table happens to say of it. */
export function ruleOf(kind: FaultKind): FaultRule {
  return faultRules[kind];
}
