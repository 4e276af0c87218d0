// What the next `get` of a profile will do, by what the state knows: prints, refreshes first, or fails. Asks nothing and changes nothing.
// The rules are those of commands/get.ts, refresh/answer.ts and refresh/obtain.ts.

import { environmentLack, isCallerBound } from '../config/caller-bound.ts';
import { beforeEntry, callOfEntry } from '../config/entry-hop.ts';
import { certificateOf, describeHop, entryOf, givenKeys, type Hop, needsCode, type Recipe } from '../config/recipe.ts';
import { dueAt, type Freshness, failureMemoryMs, freshnessOf, isBackingOff, isRemembered, isValid } from '../credentials/plan.ts';
import type { StateFailure, StateRecord } from '../ports/state.ts';
import { shellWord } from '../shell-word.ts';
import { lifeOf } from './kept.ts';
import { isOfTheWay } from './refresh-one.ts';

/**
 * `print`: from the cache. `print-and-refresh`: the same, and a refresh in the background. `refresh`: first, then print. `login`: fails,
 * status 4. `fail`: as it did a moment ago, or for want of what only another caller's environment has. `unknown`: nobody has asked yet whose keys these are, so the state alone cannot tell what is
 * cached.
 */
export type NextKind = 'keys' | 'print' | 'print-and-refresh' | 'refresh' | 'login' | 'fail' | 'unknown';

export interface NextGet {
  readonly kind: NextKind;
  /** What is read, run or asked before AWS is: `the command of credential_process is run`. */
  readonly first?: string;
  /** True if the command waits for a call of AWS, or has one made in the background. */
  readonly callsSts: boolean;
  /** The calls of AWS, in their order. */
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
  const lack = environmentLack(recipe);
  if (lack !== undefined) return quiet('fail', lack.message);
  const way = wayToLast({ recipe, records, signIn, now });
  if (records === undefined) return unknownOwner(recipe, way);
  const last = records.at(-1);
  const life = last === undefined ? undefined : lifeOf(last);
  const freshness = life === undefined ? 'expired' : freshnessOf(life, now);
  if (freshness !== 'expired') return whileValid(freshness, way, { recipe, isWaiting: isBackingOff(last?.failure, now) });
  if (way.needsLogin) return quiet('login', loginWords(recipe, signIn));
  if (isShared(last?.failure, now)) {
    return quiet('fail', `it failed within the last ${failureMemoryMs / 1000} seconds, and everybody who asks gets that failure`);
  }
  return calling('refresh', way, life === undefined ? 'nothing is cached' : 'what was cached has ended');
}

/** The state knows our own sign-ins only. */
function loginWords({ hops: [first], loginTarget }: Recipe, signIn: StateRecord | undefined): string {
  const other = first?.kind === 'identity-center' && signIn === undefined ? ', or a sign-in of `aws sso login`,' : '';
  return `nothing valid is cached, and only \`rolekeeper login ${shellWord(loginTarget)}\`${other} can go on`;
}

interface Valid {
  readonly recipe: Recipe;
  /** After a failure, for the next try. */
  readonly isWaiting: boolean;
}

function whileValid(freshness: Exclude<Freshness, 'expired'>, way: Way, { recipe, isWaiting }: Valid): NextGet {
  if (freshness === 'fresh') return quiet('print', 'what is cached has long to go');
  if (isWaiting) return quiet('print', 'what is cached is valid; after a failure no new try is due yet');
  if (way.needsLogin) return quiet('print', 'what is cached is valid; its successor needs a login');
  if (freshness === 'due') {
    if (isCallerBound(recipe)) return quiet('print', 'what is cached is valid; a `get` refreshes it when 15 minutes are left');
    return calling('print-and-refresh', way, 'what is cached is valid, and its time to be refreshed has come');
  }
  return calling('refresh', way, 'little is left of what is cached; if STS fails it is printed');
}

/** As refresh-one.ts has it. */
function isShared(failure: StateFailure | undefined, now: number): boolean {
  return failure !== undefined && isRemembered(failure, now) && !isOfTheWay(failure);
}

/** When a background would refresh the last hop; undefined where there is nothing to refresh, and where it could not. */
export function refreshDueAt({ recipe, records, signIn, now }: NextGetInputs): number | undefined {
  const last = records?.at(-1);
  const life = last === undefined ? undefined : lifeOf(last);
  const lastHop = recipe.hops.at(-1);
  if (life === undefined || lastHop === undefined || needsCode(lastHop) || isCallerBound(recipe)) return undefined;
  const session = signIn ?? records?.[recipe.hops.findIndex(needsCode)];
  if (session?.expiresAt !== undefined && !isValid({ expiresAt: session.expiresAt }, now)) return undefined;
  const due = dueAt(life, session?.expiresAt);
  return Math.max(due, last?.failure?.retryAt ?? due);
}

interface Way {
  readonly needsLogin: boolean;
  readonly first?: string;
  readonly calls: readonly string[];
}

/** As obtain.ts has it: a source must outlive the call that it signs. */
const sourceLeadMs = 60_000;

/** From the first hop whose source is there to the last. */
function wayToLast({ recipe: { hops }, records, signIn, now }: NextGetInputs): Way {
  const isSource = (expiresAt: number | undefined) =>
    expiresAt !== undefined && isValid({ expiresAt: expiresAt - sourceLeadMs }, now);
  const made = hops.slice(1 + hops.slice(0, -1).findLastIndex((_hop, index) => isSource(records?.[index]?.expiresAt)));
  const isSignedIn = signIn?.expiresAt !== undefined && isValid({ expiresAt: signIn.expiresAt }, now);
  const isLogin = (hop: Hop) => needsCode(hop) || (hop.kind === 'identity-center' && !isSignedIn);
  if (made.some(isLogin)) return { needsLogin: true, calls: [] };
  const entry = entryOf({ hops: made });
  const first = entry === undefined ? undefined : beforeEntry(entry);
  return { needsLogin: false, calls: made.flatMap((hop) => callOf(hop) ?? []), ...(first === undefined ? {} : { first }) };
}

function unknownOwner(recipe: Recipe, { calls, needsLogin, first }: Way): NextGet {
  const { keys } = recipe;
  const asks = keys === undefined || givenKeys(keys) === undefined ? [] : ['GetCallerIdentity'];
  const all = needsLogin ? asks : [...asks, ...calls];
  return {
    kind: 'unknown',
    ...(first === undefined ? {} : { first }),
    callsSts: all.length > 0,
    calls: all,
    why: unknownWords(recipe),
  };
}

function unknownWords({ keys, hops }: Recipe): string {
  if (keys === undefined)
    return `whose certificate ${certificateOf({ hops })?.files.certificate ?? ''} is, nobody has looked yet`;
  if (keys.ofCaller !== undefined) return 'whose keys the environment has, nobody has asked yet';
  return `whose keys "${keys.name}" are is not known here yet, if they are there at all`;
}

function callOf(hop: Hop): string | undefined {
  if (hop.kind === 'session') return 'GetSessionToken';
  return hop.kind === 'role' ? `AssumeRole ${describeHop(hop)}` : callOfEntry(hop);
}

function quiet(kind: NextKind, why: string): NextGet {
  return { kind, callsSts: false, calls: [], why };
}

function calling(kind: NextKind, { first, calls }: Way, why: string): NextGet {
  return { kind, ...(first === undefined ? {} : { first }), callsSts: calls.length > 0, calls, why };
}
