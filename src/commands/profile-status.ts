// What is known of one profile without opening the store: its recipe, the state of its hops, and what the next `get` will do.

import { isCallerBound } from '../config/caller-bound.ts';
import { entryRoleArn } from '../config/entry-hop.ts';
import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { type Hop, loginIdOf, needsCode, type Recipe, signInOf, stepsOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import { dueAt, isBackingOff, isValid, type Life } from '../credentials/plan.ts';
import type { RotationRecord } from '../credentials/rotation-record.ts';
import { AppError, recallError } from '../errors.ts';
import { knownPrincipal, shownPrincipal } from '../hops/keys.ts';
import type { RotationRecords } from '../ports/iam.ts';
import type { StateRecord } from '../ports/state.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { certificateNotes } from './certificate-notes.ts';
import { moreLines } from './report.ts';

/** Times are ISO 8601 in UTC, as AWS counts them. */
export interface ProfileStatus {
  readonly profile: ProfileName;
  readonly kind: 'role' | 'session' | 'keys' | 'broken';
  readonly role?: string;
  /** Of IAM Identity Center, whose roles have no ARN that is known before they are used. */
  readonly accountId?: string;
  readonly roleName?: string;
  /** The name of the long-term keys it starts from; absent for another way in. */
  readonly keys?: string;
  readonly principal?: string;
  readonly chain: readonly string[];
  readonly expiresAt?: string;
  readonly secondsLeft?: number;
  readonly sessionExpiresAt?: string;
  readonly lastRefreshAt?: string;
  readonly lastError?: Trouble & { readonly at: string; readonly count: number; readonly retryAt: string };
  /** Why the profile cannot work at all. */
  readonly problem?: Trouble;
  /** Of a profile of the keys alone: the key before, which a rotation will delete. */
  readonly oldKey?: { readonly accessKeyId: string; readonly deleteAt: string };
  /** What happens next, in words. */
  readonly next: string;
  readonly notes: readonly string[];
}

export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly more?: readonly string[];
}

export interface StatusInputs {
  readonly wiring: Wiring;
  readonly rotations: Pick<RotationRecords, 'read'>;
  /** How `next` shows a moment of the local clock. */
  readonly timeWords: (localAt: number) => string;
}

/** Never throws for what is wrong with the profile: that is its status. */
export function profileStatus(profile: ProfileName, files: ConfigFiles, inputs: StatusInputs): ProfileStatus {
  try {
    return statusOf(resolveRecipe(profile, files, inputs.wiring.env), inputs);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { profile, kind: 'broken', chain: [], problem: troubleOf(error), next: 'cannot work', notes: [] };
  }
}

function statusOf(recipe: Recipe, { wiring, rotations, timeWords }: StatusInputs): ProfileStatus {
  const { clock, state } = wiring;
  const now = clock.now();
  const principal = knownPrincipal(recipe, state);
  const steps = principal === undefined ? [] : stepsOf(recipe, principal);
  const records = steps.map(({ id }) => state.read(id));
  const last = recipe.hops.at(-1);
  const lastRecord = records.at(-1);
  const sessionId = loginIdOf(recipe, steps);
  const session = sessionId === undefined ? undefined : state.read(sessionId);
  const needsSession = signInOf(recipe) !== undefined || recipe.hops.some(needsCode);
  const rotation = recipe.chain.length === 1 ? rotationOf(recipe, rotations) : undefined;
  return {
    profile: recipe.profile,
    kind: kindOf(last),
    ...roleOf(last),
    ...storedKeysOf(recipe),
    ...(principal === undefined ? {} : { principal: shownPrincipal(principal) }),
    chain: recipe.chain,
    ...(lastRecord?.expiresAt === undefined
      ? {}
      : { expiresAt: iso(lastRecord.expiresAt), secondsLeft: Math.max(0, Math.floor((lastRecord.expiresAt - now) / 1000)) }),
    // One that refreshes itself lasts as long as the organisation likes.
    ...(session?.expiresAt === undefined || session.refreshesItself === true ? {} : { sessionExpiresAt: iso(session.expiresAt) }),
    ...(lastRecord?.issuedAt === undefined ? {} : { lastRefreshAt: iso(lastRecord.issuedAt) }),
    ...(isThreatening({ recipe, last: lastRecord, session, now }) ? lastErrorOf(lastRecord) : {}),
    next: nextOf({ recipe, session, needsSession, last: lastRecord, now }, (at) => timeWords(clock.toLocal(at))),
    ...(rotation === undefined ? {} : { oldKey: { accessKeyId: rotation.oldAccessKeyId, deleteAt: iso(rotation.deleteAt) } }),
    notes: [
      ...recipe.notes,
      ...certificateNotes(recipe, wiring),
      ...(rotation === undefined ? [] : [noteOf(rotation, timeWords(clock.toLocal(rotation.deleteAt)))]),
    ],
  };
}

/** Whatever a hop is made from, what it gives are the credentials of a role. */
function kindOf(last: Hop | undefined): ProfileStatus['kind'] {
  if (last === undefined) return 'keys';
  return last.kind === 'session' ? 'session' : 'role';
}

function roleOf(last: Hop | undefined): Pick<ProfileStatus, 'role' | 'accountId' | 'roleName'> {
  if (last === undefined || last.kind === 'session') return {};
  if (last.kind === 'identity-center') return { accountId: last.accountId, roleName: last.roleName };
  const role = last.kind === 'role' ? last.request.roleArn : entryRoleArn(last);
  return role === undefined ? {} : { role };
}

function storedKeysOf({ keys }: Recipe): Pick<ProfileStatus, 'keys'> {
  return keys === undefined || keys.ofCaller !== undefined ? {} : { keys: keys.name };
}

type WaitingRotation = Pick<RotationRecord, 'oldAccessKeyId'> & { readonly deleteAt: EpochMs };

/** Undefined without an old key, and for a record that cannot be read: `rotate` says what is wrong with it. */
function rotationOf({ keys }: Recipe, { read }: Pick<RotationRecords, 'read'>): WaitingRotation | undefined {
  try {
    const { oldAccessKeyId, deleteAt } = (keys === undefined ? undefined : read(keys.name)) ?? {};
    return oldAccessKeyId === undefined || deleteAt === undefined ? undefined : { oldAccessKeyId, deleteAt };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return undefined;
  }
}

function noteOf({ oldAccessKeyId }: WaitingRotation, time: string): string {
  return `the old key ${oldAccessKeyId} is inactive, and deleted after ${time}`;
}

interface NextInputs {
  readonly recipe: Recipe;
  readonly session: StateRecord | undefined;
  readonly needsSession: boolean;
  readonly last: StateRecord | undefined;
  readonly now: number;
}

function nextOf(inputs: NextInputs, inWords: (at: number) => string): string {
  if (!isCallerBound(inputs.recipe)) return nextOfAnybody(inputs, inWords);
  return `${validLife(inputs) === undefined ? 'made' : 'refreshed'} at a request that has its variables`;
}

function nextOfAnybody(inputs: NextInputs, inWords: (at: number) => string): string {
  const { recipe, session, needsSession, last, now } = inputs;
  if (recipe.hops.length === 0) return 'the keys as they are (session = none)';
  const hasSession = !needsSession || (session?.expiresAt !== undefined && isValid({ expiresAt: session.expiresAt }, now));
  const life = validLife(inputs);
  const login = `log in: \`rolekeeper login ${shellWord(recipe.loginTarget)}\``;
  if (life === undefined && !hasSession) return login;
  // Nothing tries a login again.
  if (life !== undefined && hasSession && isLogin(recipe)) return `${login} before it ends`;
  const due = life === undefined ? now : dueAt(life, session?.expiresAt);
  const retryAt = isBackingOff(last?.failure, now) ? last?.failure?.retryAt : undefined;
  if (retryAt !== undefined && due <= now) return `next try ${inWords(retryAt)}`;
  if (life === undefined) return 'made at the next request';
  if (!hasSession) return `until it ends; then ${login}`;
  return due <= now ? 'refreshed at the next request' : `refreshed from ${inWords(Math.max(due, retryAt ?? due))}`;
}

/** True where its last hop is what the MFA code is spent on. */
function isLogin({ hops }: Recipe): boolean {
  return hops.length > 0 && hops.findIndex(needsCode) === hops.length - 1;
}

function validLife({ last, now }: Pick<NextInputs, 'last' | 'now'>): Life | undefined {
  const { issuedAt, expiresAt } = last ?? {};
  if (issuedAt === undefined || expiresAt === undefined || !isValid({ expiresAt }, now)) return undefined;
  return { issuedAt, expiresAt };
}

/** A failure is old news while valid credentials are there that nobody has to replace yet. */
function isThreatening({ recipe, last, session, now }: Omit<NextInputs, 'needsSession'>): boolean {
  const life = validLife({ last, now });
  return life === undefined || (!isLogin(recipe) && dueAt(life, session?.expiresAt) <= now);
}

function lastErrorOf(record: StateRecord | undefined): Pick<ProfileStatus, 'lastError'> | Record<never, never> {
  const failure = record?.failure;
  const error = failure === undefined ? undefined : recallError(failure.error.code, failure.error.details);
  if (failure === undefined || error === undefined) return {};
  return { lastError: { ...troubleOf(error), at: iso(failure.at), count: failure.count, retryAt: iso(failure.retryAt) } };
}

function troubleOf(error: AppError): Trouble {
  const more = moreLines(error);
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(more.length === 0 ? {} : { more }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
