// From the sections of the config files to one profile's recipe. Pure: no file, no store, no network.
// `[rolekeeper X]` wins whole over `[profile X]`, which then gives only region, endpoint, services and CA keys (decisions.md 13).

import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { ProfileName } from './names.ts';
import { type ConfigFiles, type ProfileSettings, profileSettings } from './profile-settings.ts';
import type { Recipe } from './recipe.ts';
import { checkedName, fromKeys, hopsFrom } from './recipe-hops.ts';
import type { Fail } from './role-settings.ts';
import { type Lookup, resolveNetwork } from './sts-endpoint.ts';
import { type WayIn, wayIn } from './ways-in.ts';

/** Throws `profile-unknown` and `recipe-invalid`, both naming the chain that led there. */
export function resolveRecipe(profile: ProfileName, files: ConfigFiles, env: Environment): Recipe {
  const { origin, way, roles } = walk(profile, files, []);
  const chain = [...roles.map((role) => role.profile), origin.profile];
  // A profile that is its own source stands twice in the chain.
  const fail = failing(profile, [...new Set(chain)]);
  const innermostFirst = [...roles].reverse();
  const unused = [...roles, origin].flatMap(({ sectionName, unknown }) =>
    unknown.map(({ key, line }) => `"${key}" in ${sectionName} (line ${line})`),
  );
  const notes: string[] = unused.map((setting) => `${setting} is no setting of rolekeeper; it is not used`);
  const inputs = { profile, origin, roles: innermostFirst, env, notes, fail };
  const mfaProcess = firstOf([...roles, origin], 'mfa_process');
  const interactive = firstOf([...roles, origin], 'interactive');
  const front = roles[0] ?? origin;
  const region = front.get('region');
  return {
    profile,
    ...(way === 'keys' || way === 'environment'
      ? fromKeys(way, inputs)
      : { hops: hopsFrom(way, files, inputs), loginTarget: profile }),
    ...(region === undefined ? {} : { region }),
    ...(mfaProcess === undefined ? {} : { mfaProcess }),
    ...(interactive === undefined ? {} : { interactive }),
    network: resolveNetwork([front.get, origin.get], env),
    chain,
    ...(unused.length === 0 ? {} : { unused }),
    notes,
  };
}

interface Walk {
  /** Where the credentials start: with keys, or by another way in. */
  readonly origin: ProfileSettings;
  readonly way: Exclude<WayIn, 'role'>;
  /** From the profile asked for towards the origin. */
  readonly roles: readonly ProfileSettings[];
}

/** Far more than anybody's organisation needs; each role is a call to AWS. */
const longestChain = 20;

function walk(profile: ProfileName, files: ConfigFiles, visited: readonly ProfileName[]): Walk {
  const chain = [...visited, profile];
  const fail = failing(visited[0] ?? profile, chain);
  const settings = linkSettings(profile, files, { visited, fail });
  const alias = settings.aliasOf;
  const way = wayIn(settings, { isSource: visited.length > 0, fail });
  if (alias !== undefined && (alias !== profile || settings.isRecipeSection)) return walk(alias, files, chain);
  if (way === 'keys') return { origin: keysProfile(settings, fail), way, roles: [] };
  if (way !== 'role') return { origin: settings, way, roles: way === 'machine' || way === 'environment' ? [settings] : [] };
  const source = settings.get('source_profile');
  if (source === undefined) {
    throw fail('it has role_arn but no source_profile', `add source_profile to ${settings.sectionName}`);
  }
  // A role may name its own profile as the source of the keys, as botocore allows.
  if (source === profile && (settings.plaintext !== undefined || settings.get('keys') !== undefined)) {
    return { origin: settings, way: 'keys', roles: [settings] };
  }
  const rest = walk(checkedName(source, 'source_profile', fail), files, chain);
  return { ...rest, roles: [settings, ...rest.roles] };
}

function linkSettings(
  profile: ProfileName,
  files: ConfigFiles,
  { visited, fail }: { readonly visited: readonly ProfileName[]; readonly fail: Fail },
): ProfileSettings {
  const [first = profile] = visited;
  const last = visited.at(-1) ?? first;
  if (visited.includes(profile)) throw fail('its sources form a circle', `change source_profile of "${last}"`);
  if (visited.length >= longestChain) {
    throw fail(`its sources are a chain of more than ${longestChain} profiles`, `change source_profile of "${first}"`);
  }
  const settings = profileSettings(profile, files);
  if (settings !== undefined) return settings;
  if (visited.length === 0) throw new AppError('profile-unknown', { profile, path: files.config.path });
  throw fail(`its source "${profile}" does not exist`, `change source_profile of "${last}"`);
}

function keysProfile(settings: ProfileSettings, fail: Fail): ProfileSettings {
  if (settings.get('source_profile') !== undefined && settings.isRecipeSection) {
    throw fail('it has source_profile but no role_arn', `add role_arn to ${settings.sectionName}`);
  }
  return settings;
}

function firstOf(all: readonly { readonly get: Lookup }[], key: string): string | undefined {
  return all.map(({ get }) => get(key)).find((value) => value !== undefined);
}

function failing(profile: ProfileName, chain: readonly string[]): Fail {
  return (problem, hint) => new AppError('recipe-invalid', { profile, problem, chain, hint });
}
