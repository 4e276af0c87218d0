// What `setup` would do to the two AWS files: which keys go into the store, which roles are adopted, and what the files say afterwards. Pure.

import { AppError, isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { type Adoption, ordinaryRoles, planAdoption, type Refused } from './adoption.ts';
import { findSection, parseConfigFile, parseCredentialsFile } from './aws-config.ts';
import { setSetting } from './config-edit.ts';
import { importableKeys } from './importable.ts';
import { type ConfigPaths, type ConfigTexts, editKeysPair, importPair, type TypedKeys, typedPair } from './keys-pair.ts';
import type { ProfileName } from './names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles, ownProfile, profileSettings } from './profile-settings.ts';
import type { Recipe } from './recipe.ts';
import { resolveRecipe } from './resolve-recipe.ts';

export interface SetupWishes {
  /** A role and the keys that it starts from, or keys and the roles that start from them; nothing else. */
  readonly only: ProfileName | undefined;
  /** Keys that AWS does not know: they, and the roles that start from them, are left alone. */
  readonly left: readonly ProfileName[];
  /** MFA devices that no file names, by the profile of the keys. */
  readonly serials: ReadonlyMap<ProfileName, string>;
  /** Keys that are in no file. */
  readonly typed: TypedKeys | undefined;
  /** New settings of `[rolekeeper]`. */
  readonly settings: Readonly<Record<string, string>>;
}

export const noWishes: SetupWishes = { only: undefined, left: [], serials: new Map(), typed: undefined, settings: {} };

/** Where and for whom. */
export interface SetupPlace {
  readonly paths: ConfigPaths;
  readonly env: Environment;
  /** The absolute path that callers are to run. */
  readonly program: string;
}

export interface SetupPlan {
  readonly imports: readonly FoundKeys[];
  /** Keys that profiles start from and no file has: in the store, if anywhere. */
  readonly sources: readonly KeysElsewhere[];
  readonly adoption: Adoption;
  /** What cannot be set up, and why. */
  readonly refused: readonly Refused[];
  readonly after: ConfigTexts;
  /** Profiles that can prove it afterwards, the likeliest first. */
  readonly provable: readonly ProfileName[];
  /** Those of them that are roles. */
  readonly roles: readonly ProfileName[];
}

/** Long-term keys in plaintext. */
export interface FoundKeys {
  readonly recipe: Recipe;
  /** What they are called in the store. */
  readonly name: ProfileName;
  /** An MFA device that no file names yet. */
  readonly serial: string | undefined;
  /** Whether some file names one: beside the keys, or beside a role that starts from them. */
  readonly hasDevice: boolean;
}

export interface KeysElsewhere {
  readonly profile: ProfileName;
  /** What they are called in the store. */
  readonly name: ProfileName;
  readonly hasDevice: boolean;
}

/** Throws `config-malformed`, `edit-refused`, `usage`; `profile-unknown` for an `only` that no file has and nobody typed keys for. */
export function planSetup(before: ConfigTexts, wishes: SetupWishes, place: SetupPlace): SetupPlan {
  const files = parseTexts(before, place.paths);
  const resolved = recipesOf(files, place.env);
  if (wishes.only !== undefined && wishes.typed === undefined && !knownProfiles(files).includes(wishes.only))
    throw new AppError('profile-unknown', { profile: wishes.only, path: files.config.path });
  const found = foundKeys(files, resolved, { wishes, configPath: place.paths.configPath });
  const { texts: withKeys, imports, refused } = editedKeys(before, found, wishes, place);
  const roles = ordinaryRoles(withKeys, place.paths).filter((role) => isWished(role, resolved, wishes));
  const { paths, env, program } = place;
  const adoption = planAdoption(roles, { texts: withKeys, paths, env, program, suffix: undefined });
  const after = { ...withKeys, config: adoption.config };
  const changed = [...adoption.adopted.map(({ profile }) => profile), ...imports.map(({ recipe }) => recipe.profile)];
  const all = provable(parseTexts(after, paths), changed, { wishes, env });
  const sources = keysElsewhere(all.provable, files, resolved);
  return { imports, sources, adoption, refused: [...refused, ...adoption.refused], after, ...all };
}

function foundKeys(
  files: ConfigFiles,
  resolved: ReadonlyMap<ProfileName, Recipe>,
  { wishes, configPath }: { readonly wishes: SetupWishes; readonly configPath: string },
): readonly FoundKeys[] {
  const wanted = wishes.only === undefined ? undefined : (resolved.get(wishes.only)?.chain.at(-1) ?? wishes.only);
  return [...resolved.values()].flatMap((recipe) => {
    const { profile, keys } = recipe;
    const isWanted = (wanted === undefined || wanted === profile) && !wishes.left.includes(profile);
    if (!isWanted || keys === undefined || !isImportable(recipe, configPath)) return [];
    return [{ recipe, name: keys.name, serial: wishes.serials.get(profile), hasDevice: hasDevice(profile, files, resolved) }];
  });
}

function keysElsewhere(
  profiles: readonly ProfileName[],
  files: ConfigFiles,
  resolved: ReadonlyMap<ProfileName, Recipe>,
): readonly KeysElsewhere[] {
  const found = profiles.flatMap((profile): readonly (readonly [ProfileName, KeysElsewhere])[] => {
    const recipe = resolved.get(profile);
    const source = recipe?.chain.at(-1);
    const keys = recipe?.keys;
    if (source === undefined || keys === undefined || keys.plaintext !== undefined) return [];
    return [[source, { profile: source, name: keys.name, hasDevice: hasDevice(source, files, resolved) }]];
  });
  return [...new Map(found).values()];
}

function isImportable(recipe: Recipe, configPath: string): boolean {
  try {
    importableKeys(recipe, configPath);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false; // a role, keys that are in the store already, or temporary ones
    throw error;
  }
}

/** Many write the device only beside their roles. */
function hasDevice(profile: ProfileName, files: ConfigFiles, resolved: ReadonlyMap<ProfileName, Recipe>): boolean {
  const users = [...resolved.values()].filter(({ chain }) => chain.at(-1) === profile);
  return [profile, ...users.map((user) => user.profile)].some(
    (name) => profileSettings(name, files)?.get('mfa_serial') !== undefined,
  );
}

interface EditedKeys {
  readonly texts: ConfigTexts;
  readonly imports: readonly FoundKeys[];
  readonly refused: readonly Refused[];
}

/** Settings of `[rolekeeper]`, keys of the files, typed keys. Keys that the editor will not touch are left where they are. */
function editedKeys(
  before: ConfigTexts,
  found: readonly FoundKeys[],
  { typed, settings }: SetupWishes,
  { paths, program }: SetupPlace,
): EditedKeys {
  const imports: FoundKeys[] = [];
  const refused: Refused[] = [];
  let texts = { ...before, config: withSettings(before.config, settings, paths.configPath) };
  for (const one of found) {
    try {
      texts = editKeysPair(texts, importPair({ ...one, isKept: false }, program), paths);
      imports.push(one);
    } catch (error) {
      if (!isAppError(error, 'edit-refused', 'usage')) throw error;
      refused.push({ profile: one.recipe.profile, error });
    }
  }
  if (typed !== undefined) texts = editKeysPair(texts, typedPair(typed, program), paths);
  return { texts, imports, refused };
}

/** The config file with these settings of `[rolekeeper]`. */
export function withSettings(config: string, settings: SetupWishes['settings'], path: string): string {
  const section = { type: 'rolekeeper-settings', name: '' } as const;
  return Object.entries(settings).reduce((text, [key, value]) => setSetting(text, path, section, key, value), config);
}

function isWished(role: ProfileName, resolved: ReadonlyMap<ProfileName, Recipe>, { only, left }: SetupWishes): boolean {
  const source = resolved.get(role)?.chain.at(-1);
  return (only === undefined || only === role || only === source) && (source === undefined || !left.includes(source));
}

/** Roles before keys, and of each kind what was changed just now first. */
function provable(
  files: ConfigFiles,
  changed: readonly ProfileName[],
  { wishes, env }: { readonly wishes: SetupWishes; readonly env: Environment },
): Pick<SetupPlan, 'provable' | 'roles'> {
  const resolved = recipesOf(files, env);
  const wanted = wishes.only ?? wishes.typed?.profile;
  const all = keptProfiles(files)
    .filter((profile) => isOf(wanted, resolved.get(profile)) && ownLine(profile, files) !== undefined)
    .sort((a, b) => Number(changed.includes(b)) - Number(changed.includes(a)));
  const isRole = (profile: ProfileName) => resolved.get(profile)?.hops.some(({ kind }) => kind === 'role') === true;
  const roles = all.filter(isRole);
  return { provable: [...roles, ...all.filter((profile) => !isRole(profile))], roles };
}

/** False for a profile that cannot work. */
function isOf(wanted: ProfileName | undefined, recipe: Recipe | undefined): boolean {
  if (recipe === undefined) return false;
  return wanted === undefined || recipe.profile === wanted || recipe.chain.at(-1) === wanted;
}

/** What a program that knows only `[profile X]` runs; undefined where that is not rolekeeper. */
export function ownLine(
  profile: ProfileName,
  { config }: ConfigFiles,
): { readonly line: string; readonly at: number } | undefined {
  const setting = findSection(config, 'profile', profile)?.settings.get('credential_process');
  return setting === undefined || ownProfile(setting.value) === undefined ? undefined : { line: setting.value, at: setting.line };
}

/** Of the profiles that can work. In the order of the files. */
function recipesOf(files: ConfigFiles, env: Environment): ReadonlyMap<ProfileName, Recipe> {
  return new Map(
    knownProfiles(files).flatMap((profile) => {
      try {
        return [[profile, resolveRecipe(profile, files, env)] as const];
      } catch (error) {
        if (error instanceof AppError) return []; // an adoption says why; others are none of our business
        throw error;
      }
    }),
  );
}

/** Throws `config-malformed`. */
export function parseTexts({ config, credentials }: ConfigTexts, { configPath, credentialsPath }: ConfigPaths): ConfigFiles {
  return { config: parseConfigFile(config, configPath), credentials: parseCredentialsFile(credentials, credentialsPath) };
}
