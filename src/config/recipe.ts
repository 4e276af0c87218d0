// What a recipe is, and the key ids of its hops. Pure. The resolving of profiles is in resolve-recipe.ts.

import type { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { AssumeRoleRequest, Network, StsEndpoint } from '../ports/sts.ts';
import { type CertificateHop, describeEntry, type EntryHop } from './entry-hop.ts';
import { sanitizeSessionName } from './limits.ts';
import { type Account, type KeyId, keyIdOf, type ProfileName, roleAccount, sessionAccount } from './names.ts';
import { type SignIn, signInIdOf } from './sign-in.ts';

/**
 * How a profile's credentials are made: keys, then hops in order. Without hops the keys themselves are the answer (`session = none`).
 * Where there are no keys, the first hop is another way in.
 */
export interface Recipe {
  readonly profile: ProfileName;
  readonly keys?: KeysSource;
  readonly hops: readonly Hop[];
  /** What to type after `rolekeeper login`. */
  readonly loginTarget: ProfileName;
  /** The profile's own region, for programs that are given the credentials without the profile. */
  readonly region?: string;
  /** A command that prints an MFA code. */
  readonly mfaProcess?: string;
  /** Whether a `get` may ask for the code, as it is written. */
  readonly interactive?: string;
  readonly network: Network;
  /** The profiles from this one to the keys, or to the other way in. */
  readonly chain: readonly ProfileName[];
  /** What stands in its sections and is no setting, perhaps for a slip of the hand: `"externalid" in [rolekeeper dev]`. */
  readonly unused?: readonly string[];
  /** What a person should know: lowered durations, plaintext keys. */
  readonly notes: readonly string[];
}

/** Long-term keys: the store's item `keys/NAME`, else the plaintext in a file. */
export interface KeysSource {
  readonly name: ProfileName;
  /** Where to ask whose keys these are. */
  readonly endpoint: StsEndpoint;
  readonly plaintext?: PlaintextKeys;
  /** Present: those of the caller's environment, and no others. They may be absent there, and present where another caller is. */
  readonly ofCaller?: GivenKeys | 'absent';
}

export interface GivenKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Present for temporary credentials. */
  readonly sessionToken?: Secret;
}

export interface PlaintextKeys extends GivenKeys {
  readonly path: string;
  readonly line: number;
}

export type Hop = SessionHop | RoleHop | EntryHop;

export interface SessionHop {
  readonly kind: 'session';
  readonly durationSeconds: number;
  /** Absent: a session without MFA, which needs no person. */
  readonly mfaSerial?: string;
  readonly endpoint: StsEndpoint;
}

export interface RoleHop {
  readonly kind: 'role';
  readonly request: RoleRequest;
  /** Present: AssumeRole itself takes the MFA code, at login only. */
  readonly mfaSerial?: string;
  readonly endpoint: StsEndpoint;
}

/** AssumeRole's parameters as configured; without a session name the principal gives it. */
export type RoleRequest = Omit<AssumeRoleRequest, 'roleSessionName' | 'mfa'> & { readonly roleSessionName?: string };

/** A hop with everything known that its credentials depend on. */
export type Step = SessionStep | RoleStep | EntryStep;

export interface SessionStep extends StepIdentity {
  readonly kind: 'session';
  readonly hop: SessionHop;
}

export interface RoleStep extends StepIdentity {
  readonly kind: 'role';
  readonly hop: RoleHop;
  readonly request: Omit<AssumeRoleRequest, 'mfa'>;
}

export interface EntryStep extends StepIdentity {
  readonly kind: 'entry';
  readonly hop: EntryHop;
  /** Whose credentials they are. */
  readonly principal: string;
  /** For a role that the hop assumes, where the profile names none. */
  readonly defaultSessionName: string;
}

interface StepIdentity {
  readonly id: KeyId;
  readonly account: Account;
}

/**
 * The recipe's hops with their key ids. `principal` is the user's ARN, what tells temporary keys of one ARN apart, or what names the person
 * where no keys sign: two profiles with one recipe share an id, whatever they are called and whichever of the user's keys signs (decisions.md 9
 * and 10).
 */
export function stepsOf(recipe: Pick<Recipe, 'hops'>, principal: string): readonly Step[] {
  return recipe.hops.map((hop, index) => stepOf(hop, recipe.hops.slice(0, index + 1), principal));
}

/** The last of them alone, for those who need no other: a hash is not free. Undefined for a recipe without hops. */
export function lastStepOf(recipe: Recipe, principal: string): Step | undefined {
  const hop = recipe.hops.at(-1);
  return hop === undefined ? undefined : stepOf(hop, recipe.hops, principal);
}

/** The step of a hop; its id covers all of these, of which it is the last. */
function stepOf(hop: Hop, hops: readonly Hop[], principal: string): Step {
  const id = keyIdOf([
    principal,
    ...hops.map((each) => (each.kind === 'role' ? { ...each, request: requestOf(each, principal) } : each)),
  ]);
  switch (hop.kind) {
    case 'session':
      return { kind: 'session', hop, id, account: sessionAccount(id) };
    case 'role':
      return { kind: 'role', hop, id, account: roleAccount(id), request: requestOf(hop, principal) };
    default:
      return { kind: 'entry', hop, id, account: roleAccount(id), principal, defaultSessionName: defaultSessionName(principal) };
  }
}

/** Where a person signs in before the recipe can be used; undefined for one that starts elsewhere. */
export function signInOf({ hops }: Pick<Recipe, 'hops'>): SignIn | undefined {
  const [first] = hops;
  return first?.kind === 'identity-center' ? first.signIn : undefined;
}

/** The record of what a person begins and the rest goes on with: the sign-in, else the MFA session. Undefined where nobody has to. */
export function loginIdOf(recipe: Pick<Recipe, 'hops'>, steps: readonly Step[]): KeyId | undefined {
  const signIn = signInOf(recipe);
  return signIn === undefined ? steps.find(({ hop }) => needsCode(hop))?.id : signInIdOf(signIn);
}

/** What one login begins: the same for all recipes that it covers, without asking whose the keys are. Undefined where nobody has to log in. */
export function loginStartOf(recipe: Pick<Recipe, 'hops' | 'keys'>): KeyId | undefined {
  const { keys } = recipe;
  // No name of keys has a line break.
  const owner = keys === undefined ? '' : keys.ofCaller === undefined ? keys.name : 'environment\n';
  return loginIdOf(recipe, stepsOf(recipe, owner));
}

/** How the state names what a hop gives: a session, or the credentials of a role. */
export function recordKind({ kind }: Step): 'session' | 'role' {
  return kind === 'session' ? 'session' : 'role';
}

function requestOf({ request }: RoleHop, principal: string): RoleStep['request'] {
  return { ...request, roleSessionName: request.roleSessionName ?? defaultSessionName(principal) };
}

/** The MFA device whose code a person must give for this hop. */
export function mfaSerialOf(hop: Hop): string | undefined {
  return 'mfaSerial' in hop ? hop.mfaSerial : undefined;
}

/** The way in that the recipe starts with, where it does not start from keys. */
export function entryOf({ hops: [first] }: Pick<Recipe, 'hops'>): EntryHop | undefined {
  return first === undefined || first.kind === 'session' || first.kind === 'role' ? undefined : first;
}

/** The certificate that the recipe starts from, if it does. */
export function certificateOf({ hops: [first] }: Pick<Recipe, 'hops'>): CertificateHop | undefined {
  return first?.kind === 'certificate' ? first : undefined;
}

/** The long-term keys that the recipe starts from. Throws `recipe-invalid` where it starts elsewhere. */
export function keysOf({ profile, keys, hops, chain }: Recipe): KeysSource {
  if (keys !== undefined) return keys;
  const start = hops[0] === undefined ? 'nothing' : describeHop(hops[0]);
  throw new AppError('recipe-invalid', {
    profile,
    problem: `it has no access keys: it starts from ${start}`,
    chain,
    hint: 'name a profile that starts from access keys',
  });
}

/** Those that are at hand without the store. */
export function givenKeys({ plaintext, ofCaller }: KeysSource): GivenKeys | undefined {
  return ofCaller === undefined ? plaintext : ofCaller === 'absent' ? undefined : ofCaller;
}

/** True if a person must give an MFA code for this hop. */
export function needsCode(hop: Hop): boolean {
  return mfaSerialOf(hop) !== undefined;
}

/** For people: what a hop is. */
export function describeHop(hop: Hop): string {
  if (hop.kind === 'role') return hop.request.roleArn;
  if (hop.kind !== 'session') return describeEntry(hop);
  return hop.mfaSerial === undefined ? 'session without MFA' : `MFA session of ${hop.mfaSerial}`;
}

/** `arn:aws:iam::123456789012:user/path/alice` → `alice`. */
function defaultSessionName(principal: string): string {
  return sanitizeSessionName(principal.split(/[:/]/).at(-1) ?? '');
}
