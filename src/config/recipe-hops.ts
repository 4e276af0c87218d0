// The hops of a recipe, made of the settings of the profiles on its way. Pure.

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { StsEndpoint } from '../ports/sts.ts';
import { shellWord } from '../shell-word.ts';
import type { EntryHop } from './entry-hop.ts';
import { parseSerial } from './limits.ts';
import { environmentKeys } from './machine-settings.ts';
import { type ProfileName, parseProfileName } from './names.ts';
import type { ConfigFiles, ProfileSettings } from './profile-settings.ts';
import { givenKeys, type Hop, type KeysSource, type Recipe, type RoleHop, type RoleRequest, type SessionHop } from './recipe.ts';
import { type Fail, readRoleSettings, readSessionDuration } from './role-settings.ts';
import { type Lookup, resolveStsEndpoint } from './sts-endpoint.ts';
import { readEntry } from './ways-in.ts';

export interface HopInputs {
  /** Which was asked for. */
  readonly profile: ProfileName;
  /** Where the credentials start. */
  readonly origin: ProfileSettings;
  /** From the origin outwards. */
  readonly roles: readonly ProfileSettings[];
  readonly env: Environment;
  /** Takes what a person should know. */
  readonly notes: string[];
  readonly fail: Fail;
}

/** Throws what `fail` makes, for settings that AWS would refuse. */
export function fromKeys(way: 'keys' | 'environment', inputs: HopInputs): Pick<Recipe, 'keys' | 'hops' | 'loginTarget'> {
  const { profile, origin, roles, notes, fail } = inputs;
  const serial = serialOf(origin, roles, fail);
  const endpoint = keysEndpoint(inputs);
  const keys = way === 'keys' ? keysSource(origin, endpoint, fail) : environmentSource(inputs, endpoint);
  if (keys.plaintext !== undefined) {
    notes.push(
      `keys in plaintext in ${keys.plaintext.path}:${keys.plaintext.line}; run \`rolekeeper import ${shellWord(keys.name)}\``,
    );
  }
  const hops = keysHops({ endpoint, serial, isTemporary: givenKeys(keys)?.sessionToken !== undefined }, inputs);
  const isShared = hops[0]?.kind === 'session' && origin.get('mfa_serial') === serial;
  return { keys, hops, loginTarget: isShared ? origin.profile : profile };
}

/** The hop that the way in makes, and the roles behind it. Throws what `fail` makes. */
export function hopsFrom(way: EntryHop['kind'], files: ConfigFiles, inputs: HopInputs): readonly Hop[] {
  const { origin, roles, env, notes, fail } = inputs;
  const entry = readEntry(way, origin, {
    files,
    env,
    fail,
    endpoint: endpointOf(origin, undefined, { roleArn: origin.get('role_arn'), env, fail }),
    notes,
  });
  if ('request' in entry && entry.request.durationSeconds !== undefined) {
    noteShortLife(entry.request.durationSeconds, origin, notes);
  }
  return [entry, ...roles.map((role, index) => roleHop(readRoleSettings(role, fail), { role, index, isChained: true }, inputs))];
}

function keysSource(settings: ProfileSettings, endpoint: StsEndpoint, fail: Fail): KeysSource {
  const named = settings.get('keys');
  const name = named === undefined ? settings.profile : checkedName(named, 'keys', fail);
  return { name, endpoint, ...(settings.plaintext === undefined ? {} : { plaintext: settings.plaintext }) };
}

function environmentSource({ origin, env }: HopInputs, endpoint: StsEndpoint): KeysSource {
  return { name: origin.profile, endpoint, ofCaller: environmentKeys(env) ?? 'absent' };
}

/** Throws `recipe-invalid` where the value of this setting can name no profile. */
export function checkedName(raw: string, setting: string, fail: Fail): ProfileName {
  try {
    return parseProfileName(raw);
  } catch (error) {
    if (error instanceof AppError) throw fail(error.message, `change the setting \`${setting}\``);
    throw error;
  }
}

/** The first role's own, then the keys', then any other role's: AWS takes a code only where the user's keys sign. */
function serialOf(keys: ProfileSettings, roles: readonly ProfileSettings[], fail: Fail): string | undefined {
  const raw = firstOf([...roles.slice(0, 1), keys, ...roles.slice(1)], 'mfa_serial');
  if (raw === undefined) return undefined;
  const serial = parseSerial(raw);
  if (serial.kind === 'problem') throw fail(`mfa_serial: ${serial.problem}`, 'change the setting mfa_serial');
  return serial.value;
}

interface KeysInputs {
  readonly endpoint: StsEndpoint;
  readonly serial: string | undefined;
  /** The keys are temporary themselves: no session can be made from them, and each role is chained. */
  readonly isTemporary: boolean;
}

function keysHops({ endpoint, serial, isTemporary }: KeysInputs, inputs: HopInputs): readonly Hop[] {
  const { origin: keys, roles, fail } = inputs;
  const settings = roles.map((role) => ({ role, ...readRoleSettings(role, fail) }));
  const first = settings[0];
  const hasSession = keys.get('session')?.toLowerCase() !== 'none' && !isTemporary;
  // A role that is to live longer than the chaining cap takes the MFA code itself, at login.
  const isDirect =
    first !== undefined && serial !== undefined && !isTemporary && (!hasSession || first.durationSeconds > chainedSeconds);
  const hasOwn = hasSession && !isDirect && (first === undefined || serial !== undefined);
  const sessions = hasOwn ? [sessionHop({ endpoint, serial }, inputs)] : [];
  const hops = settings.map(({ role, ...request }, index): RoleHop => {
    // The first is chained to a session too, but has no more than the cap then: with more it takes the code itself.
    const isChained = index > 0 || isTemporary;
    const hop = roleHop(request, { role, index, isChained }, inputs);
    return index === 0 && isDirect ? { ...hop, mfaSerial: serial } : hop;
  });
  return [...sessions, ...hops];
}

interface RolePlace {
  readonly role: ProfileSettings;
  /** Among the roles, from the origin outwards. */
  readonly index: number;
  /** Temporary credentials sign it. */
  readonly isChained: boolean;
}

function roleHop(
  request: RoleRequest,
  { role, index, isChained }: RolePlace,
  { origin, roles, env, notes, fail }: HopInputs,
): RoleHop {
  return {
    kind: 'role',
    request: { ...request, durationSeconds: cappedSeconds(request.durationSeconds, isChained, { role, notes }) },
    endpoint: endpointOf(role, roles[index - 1] ?? origin, { roleArn: request.roleArn, env, fail }),
  };
}

/** AWS's cap for a role that is assumed with temporary credentials. */
const chainedSeconds = 3600;
/** Under this, the strictest clients ask again on every request (sdk-contract.md 14). */
const comfortableSeconds = 1800;

function cappedSeconds(
  seconds: number,
  isChained: boolean,
  { role, notes }: { readonly role: ProfileSettings; readonly notes: string[] },
): number {
  noteShortLife(seconds, role, notes);
  if (!isChained || seconds <= chainedSeconds) return seconds;
  notes.push(
    `"${role.profile}": duration_seconds ${seconds} lowered to ${chainedSeconds}, AWS's limit for a role behind a session or another role`,
  );
  return chainedSeconds;
}

function noteShortLife(seconds: number, { profile }: ProfileSettings, notes: string[]): void {
  if (seconds >= comfortableSeconds) return;
  notes.push(`"${profile}": duration_seconds ${seconds} is short: AWS's CLI and boto3 ask again when 15 minutes are left`);
}

function sessionHop(
  { endpoint, serial }: Pick<KeysInputs, 'endpoint' | 'serial'>,
  { origin, roles, fail }: HopInputs,
): SessionHop {
  return {
    kind: 'session',
    durationSeconds: readSessionDuration([origin, ...roles], fail),
    ...(serial === undefined ? {} : { mfaSerial: serial }),
    endpoint,
  };
}

// The session is shared by all roles of these keys, so neither a role's region nor the caller's may change its id; AWS takes it in any region.
function keysEndpoint({ origin, roles, env, fail }: HopInputs): StsEndpoint {
  const { AWS_REGION: _region, AWS_DEFAULT_REGION: _defaultRegion, ...ownEnv } = env;
  return endpointOf(origin, undefined, { roleArn: roles[0]?.get('role_arn'), env: ownEnv, fail });
}

function endpointOf(
  settings: ProfileSettings,
  source: ProfileSettings | undefined,
  { roleArn, env, fail }: { readonly roleArn: string | undefined; readonly env: Environment; readonly fail: Fail },
): StsEndpoint {
  const endpoint = resolveStsEndpoint({
    settings: settings.get,
    services: settings.service,
    source: source?.get,
    roleArn,
    env,
  });
  if (endpoint.kind === 'problem') throw fail(endpoint.problem, `check region and endpoint_url of ${settings.sectionName}`);
  return endpoint.value;
}

function firstOf(all: readonly { readonly get: Lookup }[], key: string): string | undefined {
  return all.map(({ get }) => get(key)).find((value) => value !== undefined);
}
