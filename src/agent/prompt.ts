// The short piece for a shell's prompt: a profile and how long it will do. From the files, the state and the plan alone; never asks the store or
// AWS, never waits.

import { type ProfileName, parseProfileName } from '../config/names.ts';
import { loginIdOf, needsCode, type Recipe, stepsOf } from '../config/recipe.ts';
import { dueAt, isValid } from '../credentials/plan.ts';
import { isAppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { State } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { lifeOf } from '../refresh/kept.ts';
import type { Caller } from './callers.ts';

/** What a prompt is made of; times on one clock. */
export interface Standing {
  readonly profile: ProfileName;
  /** Absent where nothing valid is there. */
  readonly leftMs: number | undefined;
  /** Nothing will replace it as things stand: a due refresh has failed, or its session is over. */
  readonly isThreatened: boolean;
  readonly needsLogin: boolean;
}

/** Empty for every profile that there is nothing to say of: unknown, broken, keys as they are. */
export function promptFor(name: string, caller: Caller, ports: { readonly clock: Clock; readonly state: State }): string {
  try {
    const standing = standingOf(caller.recipe(parseProfileName(name)), ports);
    return standing === undefined ? '' : promptWords(standing);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return ''; // a prompt is no place for what is wrong with the files: `status` says it
  }
}

/** `dev 42m`; `dev 12m!` when nothing will replace it; `dev login`; `dev !` when it cannot be made; `dev` when the next `get` makes it. */
export function promptWords({ profile, leftMs, isThreatened, needsLogin }: Standing): string {
  const mark = isThreatened ? '!' : '';
  if (leftMs !== undefined) return `${profile} ${shortDuration(leftMs)}${mark}`;
  if (needsLogin) return `${profile} login`;
  return isThreatened ? `${profile} !` : profile;
}

/** The larger unit alone: `11h`, `42m`, `0m` for less than a minute. */
function shortDuration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes >= 100 ? `${Math.floor(minutes / 60)}h` : `${minutes}m`;
}

function standingOf(recipe: Recipe, { clock, state }: { readonly clock: Clock; readonly state: State }): Standing | undefined {
  const principal = knownPrincipal(recipe, state);
  const steps = principal === undefined ? [] : stepsOf(recipe, principal);
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const now = clock.now();
  const record = state.read(last.id);
  const sessionId = loginIdOf(recipe, steps);
  const sessionExpiresAt = sessionId === undefined ? undefined : (state.read(sessionId)?.expiresAt ?? 0);
  const isSessionOver = sessionExpiresAt !== undefined && !isValid({ expiresAt: sessionExpiresAt }, now);
  const lifeAtLast = record === undefined ? undefined : lifeOf(record);
  const life = lifeAtLast !== undefined && isValid(lifeAtLast, now) ? lifeAtLast : undefined;
  const isLogin = needsCode(last.hop); // nothing refreshes what a code is spent on: a failed login threatens nothing that is there
  const isDue = life === undefined || dueAt(life, sessionExpiresAt) <= now;
  const hasFailed = record?.failure !== undefined && isDue;
  return {
    profile: recipe.profile,
    leftMs: life === undefined ? undefined : life.expiresAt - now,
    isThreatened: !isLogin && (isSessionOver || hasFailed),
    needsLogin: isSessionOver,
  };
}
