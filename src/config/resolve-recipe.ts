// From the sections of the config files to one profile's recipe. Pure: no file, no store, no network.
// `[rolekeeper X]` wins whole over `[profile X]`, which then gives only region, endpoint, services and CA keys (decisions.md 13).

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { StsEndpoint } from '../ports/sts.ts';
import { parseSerial } from './limits.ts';
import type { ProfileName } from './names.ts';
import { parseProfileName } from './names.ts';
import { type ConfigFiles, type ProfileSettings, profileSettings } from './profile-settings.ts';
import type { Hop, KeysSource, Recipe, RoleHop, SessionHop } from './recipe.ts';
import { readRoleSettings, readSessionDuration } from './role-settings.ts';
import { type Lookup, resolveNetwork, resolveStsEndpoint } from './sts-endpoint.ts';

/** Throws `profile-unknown` and `recipe-invalid`, both naming the chain that led there. */
export function resolveRecipe(profile: ProfileName, files: ConfigFiles, env: Environment): Recipe {
  const { keys, roles } = walk(profile, files, []);
  const chain = [...roles.map((role) => role.profile), keys.profile];
  const fail = failing(profile, chain);
  const innermostFirst = [...roles].reverse();
  const serial = serialOf(keys, innermostFirst, fail);
  const unused = [...roles, keys].flatMap(({ sectionName, unknown }) =>
    unknown.map(({ key, line }) => `"${key}" in ${sectionName} (line ${line})`),
  );
  const notes: string[] = unused.map((setting) => `${setting} is no setting of rolekeeper; it is not used`);
  const endpoint = keysEndpoint({ keys, roles: innermostFirst, env, fail });
  const source = keysSource(keys, endpoint, fail);
  if (source.plaintext !== undefined) {
    notes.push(
      `keys in plaintext in ${source.plaintext.path}:${source.plaintext.line}; run \`rolekeeper import ${source.name}\``,
    );
  }
  const isTemporary = source.plaintext?.sessionToken !== undefined;
  const hops = hopsOf({ keys, endpoint, roles: innermostFirst, serial, isTemporary, env, notes, fail });
  const mfaProcess = firstOf([...roles, keys], 'mfa_process');
  const front = roles[0] ?? keys;
  const region = front.get('region');
  return {
    profile,
    keys: source,
    hops,
    loginTarget: hops[0]?.kind === 'session' && keys.get('mfa_serial') === serial ? keys.profile : profile,
    ...(region === undefined ? {} : { region }),
    ...(mfaProcess === undefined ? {} : { mfaProcess }),
    network: resolveNetwork([front.get, keys.get], env),
    chain,
    ...(unused.length === 0 ? {} : { unused }),
    notes,
  };
}

type Fail = (problem: string, hint: string) => AppError;

interface Walk {
  readonly keys: ProfileSettings;
  /** From the profile asked for towards the keys. */
  readonly roles: readonly ProfileSettings[];
}

/** Far more than anybody's organisation needs; each role is a call to AWS. */
const longestChain = 20;

function walk(profile: ProfileName, files: ConfigFiles, visited: readonly ProfileName[]): Walk {
  const chain = [...visited, profile];
  const first = visited[0] ?? profile;
  const fail = failing(first, chain);
  if (visited.includes(profile)) {
    throw fail('its sources form a circle', `change source_profile of "${visited.at(-1) ?? profile}"`);
  }
  if (visited.length >= longestChain) {
    throw fail(`its sources are a chain of more than ${longestChain} profiles`, `change source_profile of "${first}"`);
  }
  const settings = profileSettings(profile, files);
  if (settings === undefined) {
    if (visited.length === 0) throw new AppError('profile-unknown', { profile, path: files.config.path });
    throw fail(`its source "${profile}" does not exist`, `change source_profile of "${visited.at(-1) ?? first}"`);
  }
  refuseOtherWaysIn(settings, fail);
  const alias = settings.aliasOf;
  if (alias !== undefined && alias !== profile) return walk(alias, files, chain);
  if (settings.get('role_arn') === undefined) return { keys: keysProfile(settings, fail), roles: [] };
  const source = settings.get('source_profile');
  if (source === undefined) {
    throw fail('it has role_arn but no source_profile', `add source_profile to ${settings.sectionName}`);
  }
  // A role may name its own profile as the source of the keys, as botocore allows.
  if (source === profile && (settings.plaintext !== undefined || settings.get('keys') !== undefined)) {
    return { keys: settings, roles: [settings] };
  }
  const rest = walk(parseProfileName(source), files, chain);
  return { keys: rest.keys, roles: [settings, ...rest.roles] };
}

/** The ways in that this version does not know; each is named rather than taken for a profile of keys. */
const otherWaysIn = [
  ['credential_source', 'credentials of the machine it runs on'],
  ['sso_session', 'IAM Identity Center'],
  ['sso_start_url', 'IAM Identity Center'],
  ['web_identity_token_file', 'a web identity'],
  ['login_session', 'a console sign-in'],
] as const;

function refuseOtherWaysIn(settings: ProfileSettings, fail: Fail): void {
  if (settings.get('source_profile') !== undefined && settings.get('credential_source') !== undefined) {
    throw fail('it has both source_profile and credential_source', `remove one of them from ${settings.sectionName}`);
  }
  for (const [key, words] of otherWaysIn) {
    if (settings.get(key) === undefined) continue;
    throw fail(
      `it starts from ${words} (${key}), which this version cannot do`,
      'use it without rolekeeper, or start from access keys',
    );
  }
  const isUsed = settings.get('role_arn') === undefined && settings.plaintext === undefined;
  if (settings.foreignProcess !== undefined && isUsed) {
    throw fail(
      'its credential_process is another program, which this version cannot start from',
      'start from access keys instead',
    );
  }
}

function keysProfile(settings: ProfileSettings, fail: Fail): ProfileSettings {
  if (settings.get('source_profile') !== undefined && settings.isRecipeSection) {
    throw fail('it has source_profile but no role_arn', `add role_arn to ${settings.sectionName}`);
  }
  return settings;
}

function keysSource(settings: ProfileSettings, endpoint: StsEndpoint, fail: Fail): KeysSource {
  const named = settings.get('keys');
  const name = named === undefined || named === '' ? settings.profile : checkedName(named, fail);
  return { name, endpoint, ...(settings.plaintext === undefined ? {} : { plaintext: settings.plaintext }) };
}

function checkedName(raw: string, fail: Fail): ProfileName {
  try {
    return parseProfileName(raw);
  } catch (error) {
    if (error instanceof AppError) throw fail(error.message, 'change the setting `keys`');
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

interface HopInputs {
  readonly keys: ProfileSettings;
  readonly endpoint: StsEndpoint;
  /** From the keys outwards. */
  readonly roles: readonly ProfileSettings[];
  readonly serial: string | undefined;
  /** The keys are temporary themselves: no session can be made from them, and each role is chained. */
  readonly isTemporary: boolean;
  readonly env: Environment;
  readonly notes: string[];
  readonly fail: Fail;
}

function hopsOf(inputs: HopInputs): readonly Hop[] {
  const { keys, roles, serial, isTemporary, fail } = inputs;
  const settings = roles.map((role) => ({ role, ...readRoleSettings(role, fail) }));
  const first = settings[0];
  const hasSession = keys.get('session')?.toLowerCase() !== 'none' && !isTemporary;
  // A role that is to live longer than the chaining cap takes the MFA code itself, at login.
  const isDirect =
    first !== undefined && serial !== undefined && !isTemporary && (!hasSession || first.durationSeconds > chainedSeconds);
  const sessions = hasSession && !isDirect && (first === undefined || serial !== undefined) ? [sessionHop(inputs)] : [];
  const hops = settings.map(({ role, ...request }, index): RoleHop => {
    const isChained = index > 0 || sessions.length > 0 || isTemporary;
    return {
      kind: 'role',
      request: { ...request, durationSeconds: cappedSeconds(request.durationSeconds, isChained, { role, notes: inputs.notes }) },
      ...(index === 0 && isDirect ? { mfaSerial: serial } : {}),
      endpoint: endpointOf(role, roles[index - 1] ?? keys, { roleArn: request.roleArn, env: inputs.env, fail }),
    };
  });
  return [...sessions, ...hops];
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
  if (seconds < comfortableSeconds) {
    notes.push(`"${role.profile}": duration_seconds ${seconds} is short: AWS's CLI and boto3 ask again when 15 minutes are left`);
  }
  if (!isChained || seconds <= chainedSeconds) return seconds;
  notes.push(
    `"${role.profile}": duration_seconds ${seconds} lowered to ${chainedSeconds}, AWS's limit for a role behind a session or another role`,
  );
  return chainedSeconds;
}

function sessionHop({ keys, endpoint, roles, serial, fail }: HopInputs): SessionHop {
  return {
    kind: 'session',
    durationSeconds: readSessionDuration([keys, ...roles], fail),
    ...(serial === undefined ? {} : { mfaSerial: serial }),
    endpoint,
  };
}

// The session is shared by all roles of these keys, so neither a role's region nor the caller's may change its id; AWS takes it in any region.
function keysEndpoint({ keys, roles, env, fail }: Pick<HopInputs, 'keys' | 'roles' | 'env' | 'fail'>): StsEndpoint {
  const { AWS_REGION: _region, AWS_DEFAULT_REGION: _defaultRegion, ...ownEnv } = env;
  const roleArn = roles[0]?.get('role_arn');
  return endpointOf(keys, undefined, { ...(roleArn === undefined ? {} : { roleArn }), env: ownEnv, fail });
}

function endpointOf(
  settings: ProfileSettings,
  source: ProfileSettings | undefined,
  { roleArn, env, fail }: { readonly roleArn?: string; readonly env: Environment; readonly fail: Fail },
): StsEndpoint {
  const endpoint = resolveStsEndpoint({
    settings: settings.get,
    services: settings.service,
    ...(source === undefined ? {} : { source: source.get }),
    ...(roleArn === undefined ? {} : { roleArn }),
    env,
  });
  if (endpoint.kind === 'problem') throw fail(endpoint.problem, `check region and endpoint_url of ${settings.sectionName}`);
  return endpoint.value;
}

function firstOf(all: readonly { readonly get: Lookup }[], key: string): string | undefined {
  return all.map(({ get }) => get(key)).find((value) => value !== undefined);
}

function failing(profile: ProfileName, chain: readonly string[]): Fail {
  return (problem, hint) => new AppError('recipe-invalid', { profile, problem, chain, hint });
}
