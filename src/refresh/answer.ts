// What `get` does when nothing fresh is at hand: refresh within its deadline, or fall back on what is still valid.
// Decides only: never prompts, never prints.

import type { Recipe } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { isBackingOff, isComfortable, isValid } from '../credentials/plan.ts';
import { AppError, toAppError } from '../errors.ts';
import { type ObtainPorts, obtain, openChain } from './obtain.ts';
import type { Demand } from './refresh-one.ts';

export type Answer =
  | { readonly kind: 'credentials'; readonly credentials: Credentials; readonly isUnfinished: boolean }
  | { readonly kind: 'failure'; readonly error: AppError; readonly isUnfinished: boolean };

export interface Budget {
  /** Waits this long when something valid is there to fall back on. */
  readonly patienceMs: number;
  /** Waits this long when there is not. */
  readonly limitMs: number;
  /** Waits this long for a lock when there is not. */
  readonly lockWaitMs: number;
}

export interface AnswerPorts {
  readonly budget: Budget;
  readonly ports: ObtainPorts;
  /** Ends after so much time, or later on an overloaded machine; at once when the signal is aborted. */
  readonly outwait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * `stored` is what the store has for this recipe, as far as that could be told. `isUnfinished`: time ran out, and a refresh in the
 * background should go on.
 */
export async function refreshAndAnswer(
  recipe: Recipe,
  stored: Credentials | undefined,
  { budget, ports, outwait }: AnswerPorts,
): Promise<Answer> {
  const fallback = stored !== undefined && isValid(stored, ports.clock.now()) ? stored : undefined;
  const waitMs = Math.max(0, Math.round(fallback === undefined ? budget.limitMs : budget.patienceMs));
  const end = new AbortController();
  const waiting = fallback === undefined ? outwait(waitMs, end.signal) : ports.clock.wait(waitMs, end.signal);
  const timedOut = waiting.then(() => 'timed-out' as const);
  const giveUp = new AbortController();
  const demand: Demand = {
    accepts: (life) => isComfortable(life, ports.clock.now()),
    lockWaitMs: fallback === undefined ? Math.min(budget.lockWaitMs, waitMs) : waitMs,
    sharesFailures: true,
    signal: giveUp.signal,
  };
  const outcome = await Promise.race([refreshed(recipe, { fallback, demand }, ports), timedOut]);
  end.abort();
  if (outcome !== 'timed-out') return fallingBack(outcome, fallback);
  giveUp.abort();
  const late = new AppError('deadline', {
    doing: `getting credentials for "${recipe.profile}"`,
    seconds: Math.round(waitMs / 100) / 10,
  });
  return { ...fallingBack(late, fallback), isUnfinished: true };
}

async function refreshed(
  recipe: Recipe,
  { fallback, demand }: { readonly fallback: Credentials | undefined; readonly demand: Demand },
  ports: ObtainPorts,
): Promise<Credentials | AppError> {
  try {
    const chain = await openChain(recipe, ports, demand.signal);
    const last = chain.steps.at(-1);
    if (fallback !== undefined && last !== undefined && isBackingOff(ports.state.read(last.id)?.failure, ports.clock.now()))
      return fallback;
    return (await obtain(chain, chain.steps.length - 1, { demand, ports })).credentials;
  } catch (error) {
    return toAppError(error);
  }
}

function fallingBack(outcome: Credentials | AppError, fallback: Credentials | undefined): Answer {
  if (!(outcome instanceof AppError)) return { kind: 'credentials', credentials: outcome, isUnfinished: false };
  if (fallback !== undefined) return { kind: 'credentials', credentials: fallback, isUnfinished: false };
  return { kind: 'failure', error: outcome, isUnfinished: false };
}
