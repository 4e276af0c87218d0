// Where each value of a recipe comes from: a line of a file, a variable, or a default. Pure; for `explain`, never on the hot path.
// The order in which places are asked is that of resolve-recipe.ts and sts-endpoint.ts.

import type { Environment } from '../ports/environment.ts';
import { entrySources } from './entry-sources.ts';
import type { ProfileName } from './names.ts';
import { type ConfigFiles, type Origin, type ProfileSettings, profileSettings } from './profile-settings.ts';
import { type Hop, keysOf, mfaSerialOf, type Recipe, type RoleHop, type SessionHop } from './recipe.ts';
import { tagsNames, transitiveTagKeysNames } from './role-settings.ts';

export type SettingPlace =
  | ({ readonly kind: 'file' } & Origin)
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'default'; readonly words: string };

export interface SettingSource {
  readonly key: string;
  /** As it is used. Undefined for what may be confidential: external ids, commands, policies, keys. */
  readonly value?: string;
  readonly place: SettingPlace;
}

/** What the keys are found by. */
export function keysSources(recipe: Recipe, files: ConfigFiles): readonly SettingSource[] {
  const { keys, roles } = chainSettings(recipe, files);
  const named = keys?.origin('keys');
  const { name: keysName, plaintext, ofCaller } = keysOf(recipe);
  if (ofCaller !== undefined) {
    const place = placeOr(keys?.origin('credential_source'), 'the configuration');
    return [
      { key: 'credential_source', value: 'Environment', place },
      { key: 'aws_access_key_id', place: { kind: 'environment', variable: 'AWS_ACCESS_KEY_ID' } },
    ];
  }
  const name = { key: 'keys', value: keysName, place: placeOr(named, 'the name of the profile') };
  const inFile: SettingSource[] =
    plaintext === undefined
      ? []
      : [{ key: 'aws_access_key_id', place: { kind: 'file', path: plaintext.path, line: plaintext.line } }];
  const profiles = [...roles.toReversed(), keys];
  const process = firstOrigin(profiles, 'mfa_process');
  const interactive = firstOrigin(profiles, 'interactive');
  return [
    ...[name, ...inFile],
    ...(process === undefined ? [] : [{ key: 'mfa_process', place: inFileAt(process) }]),
    ...(interactive === undefined ? [] : [{ key: 'interactive', value: recipe.interactive ?? '', place: inFileAt(interactive) }]),
  ];
}

/** What the request of the recipe's hop `index` is made of, in the order of AWS's reference. */
export function hopSources(
  recipe: Recipe,
  index: number,
  { files, env }: { readonly files: ConfigFiles; readonly env: Environment },
): readonly SettingSource[] {
  const hop = recipe.hops[index];
  if (hop === undefined) return [];
  const chain = chainSettings(recipe, files);
  if (hop.kind === 'session') return sessionSources(hop, chain, env);
  if (hop.kind !== 'role') return entrySources(hop, chain.keys);
  const roleIndex = recipe.hops.slice(0, index).filter(({ kind }) => kind === 'role').length;
  const role = chain.roles[roleIndex];
  const source = roleIndex === 0 ? chain.keys : chain.roles[roleIndex - 1];
  return role === undefined ? [] : roleSources(hop, { role, source, chain, env, hasKeys: recipe.keys !== undefined });
}

/** The profile whose settings make the hop; undefined for a session, which several may have a part in. */
export function profileOfHop(recipe: Recipe, index: number): ProfileName | undefined {
  const hop = recipe.hops[index];
  if (hop === undefined || hop.kind === 'session') return undefined;
  if (hop.kind !== 'role') return recipe.chain.at(-1);
  const roleIndex = recipe.hops.slice(0, index).filter(({ kind }) => kind === 'role').length;
  return recipe.chain.slice(0, -1).toReversed()[roleIndex];
}

interface ChainSettings {
  readonly keys: ProfileSettings | undefined;
  /** From the keys outwards. */
  readonly roles: readonly ProfileSettings[];
}

function chainSettings({ chain }: Recipe, files: ConfigFiles): ChainSettings {
  const all = chain.map((profile) => profileSettings(profile, files));
  return {
    keys: all.at(-1),
    roles: all
      .slice(0, -1)
      .flatMap((settings) => settings ?? [])
      .toReversed(),
  };
}

function sessionSources(hop: SessionHop, { keys, roles }: ChainSettings, env: Environment): readonly SettingSource[] {
  const duration = firstOrigin([keys, ...roles], 'session_duration_seconds');
  return [
    ...serialSource(hop, { keys, roles }),
    { key: 'session_duration_seconds', value: String(hop.durationSeconds), place: placeOr(duration, 'the default, 12 hours') },
    // Neither a role's region nor the caller's has a part in it: the session is shared by all roles of the keys.
    { key: 'region', value: hop.endpoint.region, place: placeOr(keys?.origin('region'), 'of the partition') },
    ...urlSource(hop, keys, env),
  ];
}

interface RoleInputs {
  readonly role: ProfileSettings;
  readonly source: ProfileSettings | undefined;
  readonly chain: ChainSettings;
  readonly env: Environment;
  /** The session's own name is the user's of the keys. */
  readonly hasKeys: boolean;
}

function roleSources(hop: RoleHop, { role, source, chain, env, hasKeys }: RoleInputs): readonly SettingSource[] {
  const { request } = hop;
  const written = (key: string, value?: string): readonly SettingSource[] => {
    const origin = role.origin(key);
    return origin === undefined ? [] : [{ key, ...(value === undefined ? {} : { value }), place: inFileAt(origin) }];
  };
  const sessionName: SettingSource = {
    key: 'role_session_name',
    ...(request.roleSessionName === undefined ? {} : { value: request.roleSessionName }),
    place: placeOr(role.origin('role_session_name'), hasKeys ? "the IAM user's name" : 'rolekeeper, and the name of the person'),
  };
  const duration = placeOr(role.origin('duration_seconds'), 'the default, an hour');
  return [
    ...written('role_arn', request.roleArn),
    ...written('source_profile', role.get('source_profile')),
    sessionName,
    { key: 'duration_seconds', value: role.get('duration_seconds') ?? String(request.durationSeconds), place: duration },
    ...written('external_id'),
    ...written('source_identity', request.sourceIdentity),
    ...written('policy'),
    ...written('policy_arns', request.policyArns?.join(', ')),
    ...tagsNames.flatMap((key) => written(key)),
    ...transitiveTagKeysNames.flatMap((key) => written(key, request.transitiveTagKeys?.join(', '))),
    ...serialSource(hop, chain),
    { key: 'region', value: hop.endpoint.region, place: regionPlace([role, source], env) },
    ...urlSource(hop, role, env),
  ];
}

function serialSource(hop: Hop, { keys, roles }: ChainSettings): readonly SettingSource[] {
  const mfaSerial = mfaSerialOf(hop);
  const origin = firstOrigin([...roles.slice(0, 1), keys, ...roles.slice(1)], 'mfa_serial');
  return mfaSerial === undefined || origin === undefined
    ? []
    : [{ key: 'mfa_serial', value: mfaSerial, place: inFileAt(origin) }];
}

function regionPlace(settings: readonly (ProfileSettings | undefined)[], env: Environment): SettingPlace {
  const origin = firstOrigin(settings, 'region');
  if (origin !== undefined) return inFileAt(origin);
  const variable = firstSet(['AWS_REGION', 'AWS_DEFAULT_REGION'], env);
  return variable ?? { kind: 'default', words: 'of the partition' };
}

function urlSource(
  { endpoint }: SessionHop | RoleHop,
  settings: ProfileSettings | undefined,
  env: Environment,
): readonly SettingSource[] {
  if (endpoint.url === undefined) return [];
  const origin = settings?.serviceOrigin('sts', 'endpoint_url') ?? settings?.origin('endpoint_url');
  const place = firstSet(['AWS_ENDPOINT_URL_STS', 'AWS_ENDPOINT_URL'], env) ?? placeOr(origin, 'the configuration');
  return [{ key: 'endpoint_url', value: endpoint.url, place }];
}

function firstSet(variables: readonly string[], env: Environment): SettingPlace | undefined {
  const variable = variables.find((name) => env[name]?.trim());
  return variable === undefined ? undefined : { kind: 'environment', variable };
}

function firstOrigin(all: readonly (ProfileSettings | undefined)[], key: string): Origin | undefined {
  return all.map((settings) => settings?.origin(key)).find((origin) => origin !== undefined);
}

function placeOr(origin: Origin | undefined, words: string): SettingPlace {
  return origin === undefined ? { kind: 'default', words } : inFileAt(origin);
}

function inFileAt({ path, line }: Origin): SettingPlace {
  return { kind: 'file', path, line };
}
