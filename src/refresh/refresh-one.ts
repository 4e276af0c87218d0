// The refresh path of one hop: lock, plan again, call AWS, store, publish, unlock.
// Never deletes before replacing; never fails because the new credentials could not be stored.

import type { Account, ProfileName } from '../config/names.ts';
import { describeHop, recordKind, type Step } from '../config/recipe.ts';
import { type Credentials, isoSeconds, toCredentialsItem } from '../credentials/credentials.ts';
import { type Failure, isRemembered, type Life, nextFailure } from '../credentials/plan.ts';
import { AppError, isAppError, recallError, toAppError } from '../errors.ts';
import type { HeldLock, Lock, LockOutcome } from '../ports/lock.ts';
import type { Log } from '../ports/log.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/time.ts';
import { faultPoint } from './fault-point.ts';
import { readStored } from './stored.ts';
import { underLock } from './under-lock.ts';

export interface RefreshPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly state: State;
  readonly lock: Lock;
  readonly log: Log;
  /** 0 to 1; spreads the tries after a failure. */
  readonly random: () => number;
  /** Adds a new account to the list of items, before the item itself is written. */
  readonly remember: (account: Account) => Promise<void>;
}

/** What somebody wants of a hop. */
export interface Demand {
  /** Whether what the store has will do, so that AWS need not be asked. */
  readonly accepts: (life: Life) => boolean;
  /**
   * A lock delays, never prevents: after this time the work goes on without it (decisions.md 3). For the locks of all hops together: a process
   * that was stopped or killed may leave several behind.
   */
  readonly lockWaitMs: number;
  /** Whether a failure of the last seconds is an answer. False where a person asked to try again. */
  readonly sharesFailures: boolean;
  /** No caller's environment is known: what is missing of the network's settings is that of the caller that last asked (decisions.md 16). */
  readonly recallsNetwork?: boolean;
  readonly signal?: AbortSignal;
}

/** Where a person or a timer waits: outlasts the STS deadline of whoever holds the lock, and asks AWS even just after a failure. */
export function patientDemand(accepts: Demand['accepts']): Demand {
  return { accepts, lockWaitMs: 12_000, sharesFailures: false };
}

export interface Obtained {
  readonly credentials: Credentials;
  /** True if AWS was asked just now, here. */
  readonly isNew: boolean;
  /** Why the store does not have them. */
  readonly notStored?: AppError;
}

export interface Refresh {
  readonly profile: ProfileName;
  readonly step: Step;
  readonly demand: Demand;
  /** Asks AWS. Called at most once. Gets what the store has, which did not do, and what is left of `lockWaitMs` for the hops before. */
  readonly issue: (stored: Credentials | undefined, lockWaitMs: number) => Promise<Credentials>;
}

/**
 * One call to AWS, however many processes ask for this hop at once: the others get the holder's result, or its failure, as soon as it is
 * published. Throws what `issue` throws.
 */
export async function refreshOne(refresh: Refresh, ports: RefreshPorts): Promise<Obtained> {
  const { step, demand } = refresh;
  const before: Before = { failure: ports.state.read(step.id)?.failure, at: performance.now() };
  const outcome = await locked(refresh, ports, before);
  if (outcome.kind !== 'busy') return outcome.value;
  demand.signal?.throwIfAborted();
  ports.log.event('lock.ignored', { profile: refresh.profile, hop: describeHop(step.hop) });
  return refreshHeld(refresh, ports, { held: undefined, before });
}

/** The failure that was known, and the monotonic clock, when the lock was first tried. */
interface Before {
  readonly failure: Failure | undefined;
  readonly at: number;
}

function locked(refresh: Refresh, ports: RefreshPorts, before: Before): Promise<LockOutcome<Obtained>> {
  const { lockWaitMs, signal } = refresh.demand;
  const wait = {
    waitMs: lockWaitMs,
    ...(signal === undefined ? {} : { signal }),
    meanwhile: () => publishedSince(before.failure, refresh, ports),
  };
  return underLock<Obtained>({ lock: ports.lock, name: refresh.step.id, wait }, (held) => {
    faultPoint('lock taken');
    return refreshHeld(refresh, ports, { held, before });
  });
}

/** What another process published while this one waited. The state is asked first: it costs less than the store. */
async function publishedSince(
  failedBefore: Failure | undefined,
  { step, demand }: Refresh,
  ports: RefreshPorts,
): Promise<Obtained | undefined> {
  const record = ports.state.read(step.id);
  if (isNews(record?.failure, failedBefore)) throw recalled(record.failure);
  const { issuedAt, expiresAt } = record ?? {};
  if (issuedAt === undefined || expiresAt === undefined || !demand.accepts({ issuedAt, expiresAt })) return undefined;
  const credentials = await readStored(step, ports);
  return credentials !== undefined && demand.accepts(credentials) ? { credentials, isNew: false } : undefined;
}

async function refreshHeld(
  refresh: Refresh,
  ports: RefreshPorts,
  { held, before }: { readonly held: HeldLock | undefined; readonly before: Before },
): Promise<Obtained> {
  const { step, demand, profile } = refresh;
  const lockWaitMs = Math.max(0, demand.lockWaitMs - (performance.now() - before.at));
  const stored = await readStored(step, ports);
  if (stored !== undefined && demand.accepts(stored)) return { credentials: stored, isNew: false };
  const failure = ports.state.read(step.id)?.failure;
  const isOurs = failure !== undefined && (isNews(failure, before.failure) || !isOfTheWay(failure));
  if (isOurs && demand.sharesFailures && isRemembered(failure, ports.clock.now())) throw recalled(failure);
  const credentials = await issueOrPublishFailure(refresh, () => refresh.issue(stored, lockWaitMs), ports);
  faultPoint('AWS answered');
  const notStored = await storeAndPublish(refresh, credentials, { ports, held });
  ports.log.event('refresh.done', { profile, hop: describeHop(step.hop), expires: isoSeconds(credentials.expiresAt) });
  return { credentials, isNew: true, ...(notStored === undefined ? {} : { notStored }) };
}

/**
 * Published since `before` was read. Not told by the clock: a failure from before AWS's clock was set back lies in the future, and would be news
 * for as long.
 */
export function isNews(failure: Failure | undefined, before: Failure | undefined): failure is Failure {
  return failure !== undefined && failure.at !== before?.at;
}

// What stood in the way may be one caller's proxy or CA file, or a certificate's file, which are no part of the key id: only those who waited
// share it, so that whoever has corrected something is not given the old failure.
export function isOfTheWay({ error }: Failure): boolean {
  return ofTheWay.has(error.code);
}

const ofTheWay: ReadonlySet<string> = new Set([
  ...['network', 'deadline', 'config-unreadable'],
  // A file, or a link, that another caller may have.
  ...['identity-unusable', 'machine-failed', 'certificate-unusable'],
]);

/**
 * AWS's longest session. What is said to last longer, by an endpoint that counts in other units or a program that knows better, is asked for
 * again by then: it would else be given to callers for as long as it says.
 */
const longestLifeMs = 36 * 3_600_000;

async function issueOrPublishFailure(
  refresh: Refresh,
  issue: () => Promise<Credentials>,
  ports: RefreshPorts,
): Promise<Credentials> {
  try {
    const { expiresAt, ...credentials } = await issue();
    return { ...credentials, expiresAt: Math.min(expiresAt, ports.clock.now() + longestLifeMs) };
  } catch (error) {
    const failure = toAppError(error);
    // Neither a caller's own deadline nor what another process must do says anything about the hop.
    const saysNothing = refresh.demand.signal?.aborted === true || isAppError(failure, 'program-needed', 'environment-lacks');
    if (!saysNothing) publishFailure(refresh, failure, ports);
    throw failure;
  }
}

function publishFailure({ step, profile }: Refresh, error: AppError, { state, clock, log, random }: RefreshPorts): void {
  const { failure: before, ...known } = state.read(step.id) ?? {};
  // A missing login is no failure of this hop: it shows at once each time and ends with the login. It only ends what was known before.
  const isLogin = isAppError(error, 'login-needed');
  if (isLogin && before === undefined) return;
  const failure = nextFailure(before, { error, now: clock.now(), random: random() });
  log.event('refresh.failed', { profile, hop: describeHop(step.hop), code: error.code, count: failure.count });
  try {
    state.publish({ ...known, id: step.id, kind: recordKind(step), profile, ...(isLogin ? {} : { failure }) });
  } catch (unwritable) {
    // The failure itself is what the caller must see; without the state the next caller just tries again.
    if (!isAppError(unwritable)) throw unwritable;
    log.event('state.unwritable', { problem: unwritable.message });
  }
}

/** Undefined when the store has these credentials or later ones; else why it has not. The state never runs ahead of the store. */
async function storeAndPublish(
  { step, profile }: Refresh,
  credentials: Credentials,
  { ports, held }: { readonly ports: RefreshPorts; readonly held: HeldLock | undefined },
): Promise<AppError | undefined> {
  try {
    // Without the lock, or with one that was lost in a sleep, somebody else may have stored later ones.
    if (held === undefined || held.lost.aborted) {
      const other = await readStored(step, ports);
      if (other !== undefined && other.expiresAt >= credentials.expiresAt) return undefined;
    }
    await ports.remember(step.account);
    faultPoint('index item written');
    await ports.store.set(step.account, toCredentialsItem(credentials, step.account));
    faultPoint('item written');
    ports.state.publish({
      id: step.id,
      kind: recordKind(step),
      profile,
      issuedAt: credentials.issuedAt,
      expiresAt: credentials.expiresAt,
    });
    faultPoint('state published');
    return undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    ports.log.event('refresh.not-stored', { profile, hop: describeHop(step.hop), code: error.code });
    return error;
  }
}

function recalled({ error }: Failure): AppError {
  return recallError(error.code, error.details) ?? new AppError('unexpected', { problem: error.code });
}
