// What the next `get` of a profile will do, by what the state knows: prints, refreshes first, or fails. Asks nothing and changes nothing.
// The rules are those of commands/get.ts, refresh/answer.ts and refresh/obtain.ts.

import { callOfEntry } from '../config/entry-hop.ts';
import { describeHop, givenKeys, type Hop, keysOf, needsCode, type Recipe } from '../config/recipe.ts';
import { dueAt, type Freshness, failureMemoryMs, freshnessOf, isBackingOff, isRemembered, isValid } from '../credentials/plan.ts';
import type { StateFailure, StateRecord } from '../ports/state.ts';
import { lifeOf } from './kept.ts';
import { isOfTheWay } from './refresh-one.ts';

/**
 * `print`: from the cache. `print-and-refresh`: the same, and a refresh in the background. `refresh`: first, then print. `login`: fails,
 * status 4. `fail`: as it did a moment ago. `unknown`: nobody has asked yet whose keys these are, so the state alone cannot tell what is
 * cached.
 */
export type NextKind = 'keys' | 'print' | 'print-and-refresh' | 'refresh' | 'login' | 'fail' | 'unknown';

export interface NextGet {
  readonly kind: NextKind;
  /** True if the command waits for a call to STS, or has one made in the background. */
  readonly callsSts: boolean;
  /** The calls, in their order. */
  readonly calls: readonly string[];
  readonly why: string;
}

export interface NextGetInputs {
  readonly recipe: Recipe;
  /** One for each hop; undefined where the key ids are not known. */
  readonly records: readonly (StateRecord | undefined)[] | undefined;
  /** Of the sign-in that the recipe starts with, if it starts with one. */
  readonly signIn?: StateRecord | undefined;
  readonly now: number;
}

export function nextGet({ recipe, records, signIn, now }: NextGetInputs): NextGet {
  if (recipe.hops.length === 0) return quiet('keys', 'session = none: the keys themselves are printed');
  const way = wayToLast({ recipe, records, signIn, now });
  if (records === undefined) return unknownOwner(recipe, way);
  const last = records.at(-1);
  const life = last === undefined ? undefined : lifeOf(last);
  const freshness = life === undefined ? 'expired' : freshnessOf(life, now);
  if (freshness !== 'expired') return whileValid(freshness, way, isBackingOff(last?.failure, now));
  if (way.needsLogin)
    return quiet('login', `nothing valid is cached, and only \`rolekeeper login ${recipe.loginTarget}\` can go on`);
  if (isShared(last?.failure, now)) {
    return quiet('fail', `it failed within the last ${failureMemoryMs / 1000} seconds, and everybody who asks gets that failure`);
  }
  return calling('refresh', way.calls, life === undefined ? 'nothing is cached' : 'what was cached has ended');
}

function whileValid(freshness: Exclude<Freshness, 'expired'>, { needsLogin, calls }: Way, isWaiting: boolean): NextGet {
  if (freshness === 'fresh') return quiet('print', 'what is cached has long to go');
  if (isWaiting) return quiet('print', 'what is cached is valid; after a failure no new try is due yet');
  if (needsLogin) return quiet('print', 'what is cached is valid; its successor needs a login');
  if (freshness === 'due') {
    return calling('print-and-refresh', calls, 'what is cached is valid, and its time to be refreshed has come');
  }
  return calling('refresh', calls, 'little is left of what is cached; if STS fails it is printed');
}

/** As refresh-one.ts has it. */
function isShared(failure: StateFailure | undefined, now: number): boolean {
  return failure !== undefined && isRemembered(failure, now) && !isOfTheWay(failure);
}

/** When a background would refresh the last hop; undefined where there is nothing to refresh. */
export function refreshDueAt({ recipe, records, signIn }: Omit<NextGetInputs, 'now'>): number | undefined {
  const last = records?.at(-1);
  const life = last === undefined ? undefined : lifeOf(last);
  const lastHop = recipe.hops.at(-1);
  if (life === undefined || lastHop === undefined || needsCode(lastHop)) return undefined;
  const session = signIn ?? records?.[recipe.hops.findIndex(needsCode)];
  return dueAt(life, session?.expiresAt);
}

interface Way {
  readonly needsLogin: boolean;
  readonly calls: readonly string[];
}

/** As obtain.ts has it: a source must outlive the call that it signs. */
const sourceLeadMs = 60_000;

/** From the last hop back to the first one whose source is there. */
function wayToLast({ recipe: { hops }, records, signIn, now }: NextGetInputs): Way {
  const isSignedIn = signIn?.expiresAt !== undefined && isValid({ expiresAt: signIn.expiresAt }, now);
  const calls: string[] = [];
  for (let index = hops.length - 1; index >= 0; index -= 1) {
    const hop = hops[index];
    if (hop === undefined) break;
    const expiresAt = records?.[index]?.expiresAt;
    const isLast = index === hops.length - 1;
    if (!isLast && expiresAt !== undefined && isValid({ expiresAt: expiresAt - sourceLeadMs }, now)) break;
    if (needsCode(hop) || (hop.kind === 'identity-center' && !isSignedIn)) return { needsLogin: true, calls: [] };
    calls.unshift(callOf(hop));
  }
  return { needsLogin: false, calls };
}

function unknownOwner(recipe: Recipe, { calls, needsLogin }: Way): NextGet {
  const keys = keysOf(recipe);
  const asks = givenKeys(keys) === undefined ? [] : ['GetCallerIdentity'];
  const all = needsLogin ? asks : [...asks, ...calls];
  return {
    kind: 'unknown',
    callsSts: all.length > 0,
    calls: all,
    why: `whose keys "${keys.name}" are is not known here yet, if they are there at all`,
  };
}

function callOf(hop: Hop): string {
  if (hop.kind === 'session') return 'GetSessionToken';
  return hop.kind === 'role' ? `AssumeRole ${describeHop(hop)}` : callOfEntry(hop);
}

function quiet(kind: NextKind, why: string): NextGet {
  return { kind, callsSts: false, calls: [], why };
}

function calling(kind: NextKind, calls: readonly string[], why: string): NextGet {
  return { kind, callsSts: true, calls, why };
}
