// One profile's chain, hop by hop, as data for `explain`: where its settings come from, what is cached, which limits apply, what comes next.
// Reads config and state. Opens no store and calls nobody.

import { durationCaps } from '../config/duration-caps.ts';
import type { ProfileName } from '../config/names.ts';
import { type ConfigFiles, profileSettings } from '../config/profile-settings.ts';
import { describeHop, type Hop, type KeysSource, type Recipe, type Step, signInOf, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { hopSources, keysSources, profileOfHop, type SettingSource } from '../config/setting-sources.ts';
import { describeSignIn } from '../config/sign-in.ts';
import { isValid } from '../credentials/plan.ts';
import { recallError } from '../errors.ts';
import { knownPrincipal, shownPrincipal } from '../hops/keys.ts';
import type { State, StateRecord } from '../ports/state.ts';
import { type NextGet, nextGet, refreshDueAt } from '../refresh/next-get.ts';
import { signInRecord } from '../refresh/sign-in-record.ts';
import type { Wiring } from '../wiring.ts';
import { certificateNotes } from './certificate-notes.ts';

/** Times are ISO 8601 in UTC, as AWS counts them. */
export interface Explanation {
  readonly v: 1;
  readonly profile: ProfileName;
  /** The profile whose recipe it is, where `credential_process` names another than its own. */
  readonly recipeOf?: ProfileName;
  /** Absent where the first hop is another way in. */
  readonly keys?: ExplainedKeys;
  readonly hops: readonly ExplainedHop[];
  /** To IAM Identity Center, where the first hop needs one. */
  readonly signIn?: ExplainedSignIn;
  readonly next: NextGet & { readonly refreshAt?: string };
  readonly notes: readonly string[];
}

export interface ExplainedSignIn {
  readonly in: string;
  /** Absent while there is none. Of one that refreshes itself: at the latest; the organisation may end it sooner. */
  readonly expiresAt?: string;
  readonly isOver?: boolean;
  readonly refreshesItself?: boolean;
}

export interface ExplainedKeys {
  readonly name: ProfileName;
  readonly profile: ProfileName;
  readonly in: 'store' | 'file' | 'environment';
  /** The user's ARN, where it is known. */
  readonly principal?: string;
  readonly settings: readonly SettingSource[];
}

export interface ExplainedHop {
  readonly kind: Hop['kind'];
  readonly what: string;
  readonly profile?: ProfileName;
  readonly settings: readonly SettingSource[];
  /** Absent while nobody knows whose keys sign. */
  readonly keyId?: string;
  readonly account?: string;
  readonly cached?: { readonly issuedAt: string; readonly expiresAt: string; readonly secondsLeft: number };
  readonly lastError?: { readonly message: string; readonly at: string; readonly retryAt: string };
  readonly caps: readonly string[];
}

/** Throws what `resolveRecipe` throws: the recipe's own words say where it breaks. */
export function explainProfile(
  profile: ProfileName,
  files: ConfigFiles,
  { env, clock, state }: Pick<Wiring, 'env' | 'clock' | 'state'>,
): Explanation {
  const recipe = resolveRecipe(profile, files, env);
  const principal = knownPrincipal(recipe, state);
  const now = clock.now();
  const steps = principal === undefined ? undefined : stepsOf(recipe, principal);
  const records = steps?.map(({ id }) => state.read(id));
  const target = signInOf(recipe);
  const signIn = signInRecord(recipe, state);
  const dueAt = refreshDueAt({ recipe, records, signIn, now });
  const [first = profile] = recipe.chain;
  return {
    v: 1,
    profile,
    ...(first === profile ? {} : { recipeOf: first }),
    ...(recipe.keys === undefined ? {} : { keys: explainKeys(recipe, recipe.keys, { principal, files, state }) }),
    hops: recipe.hops.map((_hop, index) =>
      explainHop({ recipe, index, step: steps?.[index], record: records?.[index], now }, { files, env }),
    ),
    next: { ...nextGet({ recipe, records, signIn, now }), ...(dueAt === undefined ? {} : { refreshAt: iso(dueAt) }) },
    ...(target === undefined ? {} : { signIn: { in: describeSignIn(target), ...signInTimes(signIn, now) } }),
    notes: [...recipe.notes, ...certificateNotes(recipe, { state, clock })],
  };
}

function signInTimes(record: StateRecord | undefined, now: number): Omit<ExplainedSignIn, 'in'> {
  const { expiresAt, refreshesItself } = record ?? {};
  return {
    ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt), isOver: !isValid({ expiresAt }, now) }),
    ...(refreshesItself === undefined ? {} : { refreshesItself }),
  };
}

function explainKeys(
  recipe: Recipe,
  { name, plaintext, ofCaller }: KeysSource,
  { principal, files, state }: { readonly principal: string | undefined; readonly files: ConfigFiles; readonly state: State },
): ExplainedKeys {
  return {
    name,
    profile: recipe.chain.at(-1) ?? recipe.profile,
    in:
      ofCaller !== undefined ? 'environment' : plaintext === undefined || state.principal(name) !== undefined ? 'store' : 'file',
    ...(principal === undefined ? {} : { principal: shownPrincipal(principal) }),
    settings: keysSources(recipe, files),
  };
}

interface HopInputs {
  readonly recipe: Recipe;
  readonly index: number;
  readonly step: Step | undefined;
  readonly record: StateRecord | undefined;
  readonly now: number;
}

function explainHop(
  { recipe, index, step, record, now }: HopInputs,
  { files, env }: { readonly files: ConfigFiles; readonly env: Wiring['env'] },
): ExplainedHop {
  const hop = recipe.hops[index];
  if (hop === undefined) throw new RangeError(`the recipe has no hop ${index}`);
  const profile = profileOfHop(recipe, index);
  return {
    kind: hop.kind,
    what: describeHop(hop),
    ...(profile === undefined ? {} : { profile }),
    settings: hopSources(recipe, index, { files, env }),
    ...(step === undefined ? {} : { keyId: step.id, account: step.account }),
    ...cachedOf(record, now),
    ...lastErrorOf(record),
    caps: durationCaps(recipe, index, configuredSeconds(profile, files)),
  };
}

function configuredSeconds(profile: ProfileName | undefined, files: ConfigFiles): number | undefined {
  const written = profile === undefined ? undefined : profileSettings(profile, files)?.get('duration_seconds');
  return written === undefined ? undefined : Number(written);
}

function cachedOf(record: StateRecord | undefined, now: number): Pick<ExplainedHop, 'cached'> {
  const { issuedAt, expiresAt } = record ?? {};
  if (issuedAt === undefined || expiresAt === undefined) return {};
  const secondsLeft = Math.max(0, Math.floor((expiresAt - now) / 1000));
  return { cached: { issuedAt: iso(issuedAt), expiresAt: iso(expiresAt), secondsLeft } };
}

function lastErrorOf(record: StateRecord | undefined): Pick<ExplainedHop, 'lastError'> {
  const failure = record?.failure;
  const error = failure === undefined ? undefined : recallError(failure.error.code, failure.error.details);
  if (failure === undefined || error === undefined) return {};
  return { lastError: { message: error.message, at: iso(failure.at), retryAt: iso(failure.retryAt) } };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
