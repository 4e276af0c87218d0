// What `get` does when nothing fresh is at hand: refresh within its deadline, or fall back on what is still valid.
// Decides only: never prompts, never prints.

import { programOf } from '../config/entry-hop.ts';
import { entryOf, type Recipe } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { isBackingOff, isComfortable, isValid, type Life } from '../credentials/plan.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Clock } from '../ports/time.ts';
import { type ObtainPorts, obtain, openChain } from './obtain.ts';
import type { Demand } from './refresh-one.ts';
import { readStored } from './stored.ts';

/** `T` is whatever form the credentials are at hand in. */
export type Answer<T> =
  | { readonly kind: 'credentials'; readonly credentials: T; readonly isUnfinished: boolean }
  | { readonly kind: 'failure'; readonly error: AppError; readonly isUnfinished: boolean };

export interface Budget {
  /** Waits this long when something valid is there to fall back on. */
  readonly patienceMs: number;
  /** Waits this long when there is not. */
  readonly limitMs: number;
  /** Waits this long for locks when there is not, but for no more than half of its time: the work itself needs the rest on a slow machine. */
  readonly lockWaitMs: number;
}

export interface AnswerPorts<T> {
  readonly budget: Budget;
  readonly clock: Clock;
  /**
   * Starts a refresh of the last hop, or joins one. `accepts`, `signal` and so on are this caller's. `found` is told what is at hand after all,
   * where nobody could tell before.
   */
  readonly refresh: (demand: Demand, found: (stored: T) => void) => Promise<T>;
  /** Ends after so much time, or later on an overloaded machine; at once when the signal is aborted. */
  readonly outwait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * `stored` is what is at hand, as far as that could be told. `isUnfinished`: time ran out, and a refresh in the background should go on.
 */
export async function refreshAndAnswer<T extends Pick<Life, 'expiresAt'>>(
  recipe: Pick<Recipe, 'profile' | 'hops'>,
  stored: T | undefined,
  { budget, clock, refresh, outwait }: AnswerPorts<T>,
): Promise<Answer<T>> {
  const fallback = stored !== undefined && isValid(stored, clock.now()) ? stored : undefined;
  const waitMs = Math.max(0, Math.round(fallback === undefined ? budget.limitMs : budget.patienceMs));
  const end = new AbortController();
  const waiting = fallback === undefined ? outwait(waitMs, end.signal) : clock.wait(waitMs, end.signal);
  const timedOut = waiting.then(() => 'timed-out' as const);
  const giveUp = new AbortController();
  const demand: Demand = {
    accepts: (life) => isComfortable(life, clock.now()),
    lockWaitMs: fallback === undefined ? Math.min(budget.lockWaitMs, waitMs / 2) : waitMs,
    sharesFailures: true,
    signal: giveUp.signal,
  };
  let atHand = fallback;
  const found = (late: T) => {
    atHand = late;
  };
  const isStillValid = (life: Pick<Life, 'expiresAt'>) => isValid(life, clock.now());
  const attempt = () => Promise.race([refresh(demand, found).catch(toAppError), timedOut]);
  const first = await attempt();
  // A machine may have slept through the night while they were on their way.
  const isSleptThrough = first !== 'timed-out' && !(first instanceof AppError) && !isStillValid(first);
  const outcome = isSleptThrough ? await attempt() : first;
  end.abort();
  const lasting = atHand !== undefined && isStillValid(atHand) ? atHand : undefined;
  if (outcome instanceof AppError || (outcome !== 'timed-out' && isStillValid(outcome))) return fallingBack(outcome, lasting);
  giveUp.abort();
  return { ...fallingBack(tooLate(recipe, waitMs), lasting), isUnfinished: true };
}

/** Whose command is slow is the one thing that its person can change. */
function tooLate({ profile, hops }: Pick<Recipe, 'profile' | 'hops'>, waitMs: number): AppError {
  const entry = entryOf({ hops });
  const program = entry === undefined ? undefined : programOf(entry);
  return new AppError('deadline', {
    doing: `getting credentials for "${profile}"${program === undefined ? '' : `, for which the command of ${program} runs,`}`,
    seconds: Math.round(waitMs / 100) / 10,
    hint: `try again; if that lasts, ${program === undefined ? '`rolekeeper doctor --online` asks AWS' : `run the command of ${program} by hand`}`,
  });
}

export interface DirectRefresh {
  readonly fallback: Credentials | undefined;
  readonly demand: Demand;
  readonly found: (stored: Credentials) => void;
}

/**
 * What a process without the agent does: the last hop from the store or from AWS. With something valid at hand (`fallback`), that will do
 * while the back-off of an earlier failure lasts.
 */
export async function refreshDirectly(
  recipe: Recipe,
  { fallback, demand, found }: DirectRefresh,
  ports: ObtainPorts,
): Promise<Credentials> {
  const chain = await openChain(recipe, ports, demand.signal);
  const last = chain.steps.at(-1);
  if (last !== undefined) ports.state.noteAsked(last.id);
  const now = ports.clock.now();
  const mayFallBack = fallback !== undefined && isValid(fallback, now);
  if (mayFallBack && last !== undefined && isBackingOff(ports.state.read(last.id)?.failure, now)) return fallback;
  // The state that says whose keys these are may be out of reach: only now can the store be asked for what it has.
  const stored = fallback === undefined && last !== undefined ? await readStored(last, ports) : undefined;
  if (stored !== undefined) found(stored);
  return (await obtain(chain, chain.steps.length - 1, { demand, ports })).credentials;
}

function fallingBack<T>(outcome: T | AppError, fallback: T | undefined): Answer<T> {
  if (!(outcome instanceof AppError)) return { kind: 'credentials', credentials: outcome, isUnfinished: false };
  if (fallback !== undefined) return { kind: 'credentials', credentials: fallback, isUnfinished: false };
  return { kind: 'failure', error: outcome, isUnfinished: false };
}
