// What a recipe is, and the key ids of its hops. Pure. The resolving of profiles is in resolve-recipe.ts.

import type { Secret } from '../credentials/secret.ts';
import type { AssumeRoleRequest, Network, StsEndpoint } from '../ports/sts.ts';
import { sanitizeSessionName } from './limits.ts';
import { type Account, type KeyId, keyIdOf, type ProfileName, roleAccount, sessionAccount } from './names.ts';

/** How a profile's credentials are made: keys, then hops in order. Without hops the keys themselves are the answer (`session = none`). */
export interface Recipe {
  readonly profile: ProfileName;
  readonly keys: KeysSource;
  readonly hops: readonly Hop[];
  /** What to type after `rolekeeper login`. */
  readonly loginTarget: ProfileName;
  /** The profile's own region, for programs that are given the credentials without the profile. */
  readonly region?: string;
  /** A command that prints an MFA code. */
  readonly mfaProcess?: string;
  readonly network: Network;
  /** The profiles from this one to the keys. */
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
}

export interface PlaintextKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Present for temporary credentials that somebody pasted into the file. */
  readonly sessionToken?: Secret;
  readonly path: string;
  readonly line: number;
}

export type Hop = SessionHop | RoleHop;

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

/** AssumeRole's parameters as configured; without a session name it is the IAM user's name. */
export type RoleRequest = Omit<AssumeRoleRequest, 'roleSessionName' | 'mfa'> & { readonly roleSessionName?: string };

/** A hop with everything known that its credentials depend on. */
export type Step = SessionStep | RoleStep;

export interface SessionStep extends StepIdentity {
  readonly kind: 'session';
  readonly hop: SessionHop;
}

export interface RoleStep extends StepIdentity {
  readonly kind: 'role';
  readonly hop: RoleHop;
  readonly request: Omit<AssumeRoleRequest, 'mfa'>;
}

interface StepIdentity {
  readonly id: KeyId;
  readonly account: Account;
}

/**
 * The recipe's hops with their key ids. `userArn` is the principal: two profiles with one recipe share an id, whatever they are called
 * and whichever of the user's keys signs (decisions.md 9 and 10).
 */
export function stepsOf(recipe: Recipe, userArn: string): readonly Step[] {
  return recipe.hops.map((_hop, index) => stepAt(recipe.hops.slice(0, index + 1), userArn)).filter((step) => step !== undefined);
}

/** The last of them alone, for those who need no other: a hash is not free. Undefined for a recipe without hops. */
export function lastStepOf(recipe: Recipe, userArn: string): Step | undefined {
  return stepAt(recipe.hops, userArn);
}

/** The step of the last of these hops; its id covers all of them. */
function stepAt(hops: readonly Hop[], userArn: string): Step | undefined {
  const hop = hops.at(-1);
  if (hop === undefined) return undefined;
  const id = keyIdOf([
    userArn,
    ...hops.map((each) => (each.kind === 'session' ? each : { ...each, request: requestOf(each, userArn) })),
  ]);
  if (hop.kind === 'session') return { kind: hop.kind, hop, id, account: sessionAccount(id) };
  return { kind: hop.kind, hop, id, account: roleAccount(id), request: requestOf(hop, userArn) };
}

function requestOf({ request }: RoleHop, userArn: string): RoleStep['request'] {
  return { ...request, roleSessionName: request.roleSessionName ?? defaultSessionName(userArn) };
}

/** True if a person must give an MFA code for this hop. */
export function needsCode(hop: Hop): boolean {
  return hop.mfaSerial !== undefined;
}

/** For people: what a hop is. */
export function describeHop(hop: Hop): string {
  if (hop.kind === 'role') return hop.request.roleArn;
  return hop.mfaSerial === undefined ? 'session without MFA' : `MFA session of ${hop.mfaSerial}`;
}

/** `arn:aws:iam::123456789012:user/path/alice` → `alice`. */
function defaultSessionName(userArn: string): string {
  return sanitizeSessionName(userArn.split(/[:/]/).at(-1) ?? '');
}
