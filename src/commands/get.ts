// `rolekeeper get PROFILE`: what every CLI and SDK runs. Prints one JSON document, or nothing and one or two lines on stderr.
// The hot path: reads the config and one store item. Loads the refresh path only when nothing fresh is there. Never prompts.

import { isCallerBound } from '../config/caller-bound.ts';
import { leadsBack } from '../config/caller-mark.ts';
import { mayAsk } from '../config/may-ask.ts';
import { isProfileName, type ProfileName, parseProfileName } from '../config/names.ts';
import { keysOf, lastStepOf, type Recipe, type Step } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type Credentials, keySuffix, keySuffixIn, toKeysJson, toProcessJson } from '../credentials/credentials.ts';
import { freshnessOf, isBackingOff } from '../credentials/plan.ts';
import { AppError, isAppError, toAppError } from '../errors.ts';
import { knownPrincipal, loadKeysThemselves } from '../hops/keys.ts';
import type { AuditedAnswer } from '../ports/audit.ts';
import type { Store } from '../ports/store.ts';
import type { Answer, Budget } from '../refresh/answer.ts';
import { noteWanted, readStored } from '../refresh/stored.ts';
import type { Wiring } from '../wiring.ts';
import { leftOfDeadline } from './get-deadline.ts';
import { writeStdout } from './stdout.ts';

/** Counted from the first instruction of the process (decisions.md 1, 2 and 4). */
const limitMs = 3_800;
/** The same with something valid to fall back on. */
const patienceMs = 2_500;
/** With nothing valid left, a lock is passed over after this time (decisions.md 3). */
const lockWaitMs = 2_000;
const storeDeadlineMs = 1_500;
/** For a process that comes late, as an agent took its caller's time: a store that works at all answers in much less. */
const leastStoreMs = 200;
/** So long the agent may be busy, and as long make its answer, where a `get` has the time. */
const busyAgentMs = 1_500;
/** The same on a starved machine. */
const starvedStoreDeadlineMs = 10_000;

/** Prints the profile's credentials. Throws AppError; stdout is then empty. `isInteractive` as if the settings said so. */
export async function get(rawProfile: string, wiring: Wiring, isInteractive = false): Promise<void> {
  const profile = parseProfileName(rawProfile);
  await wiring.noteAnswer({ verb: 'get', profile, ...(await give(profile, wiring, isInteractive)) });
}

/** Tells the audit trail that a `get` has failed for good, and throws the error. */
export async function noteRefusal(rawProfile: string, error: unknown, { noteAnswer }: Wiring): Promise<never> {
  const profile = isProfileName(rawProfile) ? rawProfile : '';
  await noteAnswer({ verb: 'get', profile, outcome: 'failed', code: toAppError(error).code });
  throw error;
}

/** Says what was given, for the audit trail. */
async function give(profile: ProfileName, wiring: Wiring, isInteractive: boolean): Promise<Given> {
  const time = timeOf(wiring);
  const recipe = resolveRecipe(profile, wiring.readConfig(), wiring.env);
  if (leadsBack([profile, ...recipe.chain], wiring.env)) throw new AppError('called-by-itself', { profile });
  const store = await wiring.openStore({
    deadlineMs: storeDeadlineFor(time),
    prompts: 'never',
  });
  try {
    if (recipe.hops.length === 0) {
      const keys = await loadKeysThemselves({ profile, keys: keysOf(recipe) }, store);
      writeStdout(toKeysJson(keys));
      return { outcome: 'cached', keySuffix: keySuffix(keys.accessKeyId) };
    }
    const { answer, isCached, refreshLater } = await answerFor(recipe, { store, time }, wiring);
    const needed = loginNeededBy(answer);
    if (needed !== undefined && (isInteractive || mayAsk(recipe, wiring.env, wiring.interactiveSetting()))) {
      const { getAsking } = await import('./get-interactive.ts');
      const credentials = await getAsking(recipe, { needed, store }, wiring);
      writeStdout(documentOf(credentials, wiring));
      await wiring.startAgentLater();
      return { outcome: 'refreshed', keySuffix: keySuffix(credentials.accessKeyId) };
    }
    if (answer.kind === 'credentials') writeStdout(documentOf(answer.credentials, wiring));
    // One start is enough for one call: an agent that is started now sees for itself what is due.
    await (refreshLater ? wiring.refreshLater(profile) : wiring.startAgentLater());
    if (answer.kind === 'failure') throw answer.error;
    return { outcome: isCached ? 'cached' : 'refreshed', keySuffix: keySuffix(answer.credentials.accessKeyId) };
  } catch (error) {
    if (!isAppError(error, 'store-locked', 'store-unavailable')) throw error;
    const document = await documentInMemory(error, { profile, time }, wiring);
    writeStdout(document);
    return { outcome: 'cached', keySuffix: keySuffixIn(document) };
  } finally {
    await store.close();
  }
}

/**
 * Where the store is closed or gone the agent may still have them in memory, or be the only one to have it open. The front passes over an agent
 * that is busy for a moment; here it is waited for. Throws the error where it gives nothing.
 */
async function documentInMemory(
  storeError: AppError,
  { profile, time }: { readonly profile: string; readonly time: Time },
  wiring: Wiring,
): Promise<Buffer> {
  const { documentOfAgent } = await import('./tell-agent.ts');
  const { limitMs: leftMs } = budgetLeft(time);
  const waitMs = Math.min(Math.floor(Math.max(leftMs, 0) / 2), busyAgentMs); // to acknowledge, and as long again to answer
  const document = await documentOfAgent(profile, waitMs, wiring);
  if (document === undefined) throw storeError;
  return document;
}

function loginNeededBy(answer: Answer<Credentials>) {
  return answer.kind === 'failure' && isAppError(answer.error, 'login-needed') ? answer.error : undefined;
}

type Given = Pick<AuditedAnswer, 'outcome' | 'keySuffix'>;

interface Answered {
  readonly answer: Answer<Credentials>;
  /** It was at hand before. */
  readonly isCached: boolean;
  readonly refreshLater: boolean;
}

async function answerFor(
  recipe: Recipe,
  { store, time }: { readonly store: Store; readonly time: Time },
  wiring: Wiring,
): Promise<Answered> {
  const { clock } = wiring;
  const cached = await readCached(recipe, store, wiring);
  if (cached !== undefined) noteWanted(cached.step, { profile: recipe.profile, stored: cached.credentials }, wiring);
  const freshness = cached === undefined ? 'expired' : freshnessOf(cached.credentials, clock.now());
  if (cached !== undefined && (freshness === 'fresh' || freshness === 'due')) {
    const isWaiting = () => isBackingOff(wiring.state.read(cached.step.id)?.failure, clock.now());
    const refreshLater = freshness === 'due' && !isCallerBound(recipe) && !isWaiting();
    return {
      answer: { kind: 'credentials', credentials: cached.credentials, isUnfinished: false },
      isCached: true,
      refreshLater,
    };
  }
  const { refreshAndAnswer, refreshDirectly } = await import('../refresh/answer.ts');
  const ports = await wiring.openRefresh(store);
  const fallback = cached?.credentials;
  const answer = await refreshAndAnswer(recipe, fallback, {
    budget: budgetLeft(time),
    clock,
    refresh: (demand, found) => refreshDirectly(recipe, { fallback, demand, found }, ports),
    outwait: wiring.outwait,
  });
  const isCached = answer.kind === 'credentials' && answer.credentials === fallback;
  return { answer, isCached, refreshLater: answer.isUnfinished && !isCallerBound(recipe) };
}

/**
 * A process whose mere start took this long shares its machine with dozens like it. Nothing can keep the 4 s then (decisions.md 1 asserts
 * them for 20 processes), and giving up early, or passing over a lock whose holder is as slow, would only make more work. It ends before Go's
 * 60 s (sdk-contract.md 9); whoever waits less long has gone by then.
 */
const starvedStartMs = 450;
const starvedBudget: Budget = { limitMs: 45_000, patienceMs, lockWaitMs: 12_000 };

interface Time {
  readonly isStarved: boolean;
  /** When the front's time is over, on the monotonic clock, whose zero is the start: the wall clock may jump at any moment. */
  readonly frontEndsAt: number;
}

function timeOf({ env, heldUpMs }: Wiring): Time {
  return { isStarved: heldUpMs() > starvedStartMs, frontEndsAt: leftOfDeadline(env, Date.now() - performance.now()) };
}

/** The front counted its time for a machine with time to spare, so a starved start is past it. */
function budgetLeft({ isStarved, frontEndsAt }: Time): Budget {
  if (isStarved) return starvedBudget;
  const within = (ms: number) => Math.min(ms, frontEndsAt) - performance.now();
  return { limitMs: within(limitMs), patienceMs: within(patienceMs), lockWaitMs };
}

function storeDeadlineFor(time: Time): number {
  if (time.isStarved) return starvedStoreDeadlineMs;
  const tenths = Math.floor(budgetLeft(time).limitMs / 100); // as they are told to the person
  return Math.min(storeDeadlineMs, Math.max(leastStoreMs, tenths * 100));
}

interface Cached {
  readonly step: Step;
  readonly credentials: Credentials;
}

/** Undefined also when nobody knows yet whose keys these are: without that there is no key id. */
async function readCached(recipe: Recipe, store: Store, wiring: Wiring): Promise<Cached | undefined> {
  const userArn = knownPrincipal(recipe, wiring.state);
  const step = userArn === undefined ? undefined : lastStepOf(recipe, userArn);
  const credentials = step === undefined ? undefined : await readStored(step, { store, log: wiring.log });
  return step === undefined || credentials === undefined ? undefined : { step, credentials };
}

function documentOf(credentials: Credentials, { clock }: Wiring): string {
  return toProcessJson(credentials, clock.toLocal(credentials.expiresAt));
}
