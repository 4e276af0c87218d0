// Decides what is fresh, what is due and when to try again. Knows no clock, no disk: everything arrives as an argument.
// All times are absolute wall-clock times, so that sleep, missed ticks and clock jumps need no code of their own.

import { type AppError, recallError, type StoredError } from '../errors.ts';
import type { EpochMs } from './credentials.ts';

/** When credentials began and end. */
export interface Life {
  readonly issuedAt: EpochMs;
  readonly expiresAt: EpochMs;
}

/**
 * `fresh`: print. `due`: print and refresh in the background. `expiring`: too little left for the strictest callers, refresh before
 * printing if that can be had. `expired`: never print.
 */
export type Freshness = 'fresh' | 'due' | 'expiring' | 'expired';

/** The strictest clients ask again under 15 minutes (sdk-contract.md, Validity), some on every request. */
const callerWindowMs = 15 * 60_000;

/** A failure is given to everybody who asks within this time, without another call. */
export const failureMemoryMs = 5_000;

/** Roles are refreshed once more this long before their session ends, to carry them past its end. */
export const lastCallMs = 5 * 60_000;

export function freshnessOf(life: Life, now: EpochMs): Freshness {
  if (!isValid(life, now)) return 'expired';
  if (!isComfortable(life, now)) return 'expiring';
  return now >= dueAt(life) ? 'due' : 'fresh';
}

/**
 * True while the strictest callers are content: more than 15 minutes left. Lives under 20 minutes can hardly offer that, so half of them
 * must do; else every single request would be an AssumeRole.
 */
export function isComfortable({ issuedAt, expiresAt }: Life, now: EpochMs): boolean {
  const lifeMs = expiresAt - issuedAt;
  return expiresAt - now > (lifeMs < 20 * 60_000 ? lifeMs / 2 : callerWindowMs);
}

/** True while AWS takes them. Whole seconds, as `Expiration` is printed. */
export function isValid(life: Pick<Life, 'expiresAt'>, now: EpochMs): boolean {
  return Math.floor(life.expiresAt / 1000) * 1000 > now;
}

/**
 * `expiry − clamp(life/3, 20 min, 60 min) − U(0, 10 % of that)`, plain `life/3` for lives under 30 minutes (locking.md). With the end of
 * the session that they came from: no later than the last call, unless they were made after it.
 */
export function dueAt(life: Life, sessionExpiresAt?: EpochMs): EpochMs {
  const lifeMs = life.expiresAt - life.issuedAt;
  const third = lifeMs / 3;
  const marginMs = lifeMs < 30 * 60_000 ? third : Math.min(Math.max(third, 20 * 60_000), 60 * 60_000);
  const usual = life.expiresAt - withJitter(marginMs, life);
  if (sessionExpiresAt === undefined) return usual;
  const lastCall = sessionExpiresAt - withJitter(lastCallMs, life);
  return life.issuedAt < lastCall ? Math.min(usual, lastCall) : usual;
}

/** Failures of one hop in a row, and when the background may try again. */
export interface Failure {
  readonly error: StoredError;
  readonly at: EpochMs;
  readonly count: number;
  readonly retryAt: EpochMs;
}

/**
 * Full jitter: `random` (0 to 1) of a span that doubles from 2 s to 5 minutes, or from 1 minute to 15 when trying again can only help
 * after a person changed something.
 */
export function nextFailure(
  previous: Failure | undefined,
  { error, now, random }: { readonly error: AppError; readonly now: EpochMs; readonly random: number },
): Failure {
  const count = (previous?.count ?? 0) + 1;
  const [firstMs, longestMs] = error.isTransient ? [2_000, 5 * 60_000] : [60_000, 15 * 60_000];
  const spanMs = Math.min(firstMs * 2 ** Math.min(count - 1, 20), longestMs);
  return { error: error.toStored(), at: now, count, retryAt: now + Math.round(random * spanMs) };
}

/** True while everybody who asks gets the failure as it is. A failure from the future (a clock turned back) counts as old. */
export function isRemembered(failure: Pick<Failure, 'at'> | undefined, now: EpochMs): boolean {
  return failure !== undefined && now >= failure.at && now < failure.at + failureMemoryMs;
}

/** True while no background attempt should be made. */
export function isBackingOff(failure: Pick<Failure, 'at' | 'retryAt'> | undefined, now: EpochMs): boolean {
  return failure !== undefined && now >= failure.at && now < failure.retryAt;
}

export interface RefreshPlan {
  /** The end of the MFA session that the hop hangs on; undefined where it hangs on none. */
  readonly sessionExpiresAt: EpochMs | undefined;
  /** A failure of an earlier time, before a sleep, is forgiven. */
  readonly forgivenBefore?: EpochMs;
}

/**
 * When the background refreshes a hop next; undefined for never: it cannot without a person, or it never worked and time will not mend it.
 * `life` is what the store has, if anything.
 */
export function nextRefreshAt(
  { life, failure }: { readonly life: Life | undefined; readonly failure: Failure | undefined },
  { sessionExpiresAt, forgivenBefore = 0 }: RefreshPlan,
): EpochMs | undefined {
  if (life === undefined && (failure === undefined || !isPassing(failure))) return undefined;
  const due = life === undefined ? 0 : dueAt(life, sessionExpiresAt);
  const retryAt = failure === undefined || failure.at < forgivenBefore ? 0 : failure.retryAt;
  const at = Math.max(due, retryAt);
  return sessionExpiresAt !== undefined && at >= sessionExpiresAt ? undefined : at;
}

function isPassing({ error }: Failure): boolean {
  return recallError(error.code, error.details)?.isTransient === true;
}

// The jitter is a property of the credentials (a hash of the millisecond they began in), so that every process sees one due time.
function withJitter(marginMs: number, { issuedAt }: Life): number {
  let hash = 0x811c9dc5;
  for (const char of String(issuedAt)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return marginMs * (1 + 0.1 * ((hash >>> 0) / 0x1_0000_0000));
}
