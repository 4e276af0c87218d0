// The edit that puts a profile of long-term keys on rolekeeper: `[profile X]` gets credential_process, `[rolekeeper X]` the rest. Pure.

import { findSection, parseCredentialsFile } from './aws-config.ts';
import {
  ensureSection,
  moveSettings,
  removeKeysFromCredentials,
  removeSetting,
  type SectionName,
  setSetting,
} from './config-edit.ts';
import type { ProfileName } from './names.ts';
import { processLine } from './process-line.ts';
import type { Recipe } from './recipe.ts';

export interface ConfigTexts {
  readonly config: string;
  readonly credentials: string;
}

export interface ConfigPaths {
  readonly configPath: string;
  readonly credentialsPath: string;
}

export interface KeysPair {
  readonly profile: ProfileName;
  /** The value of credential_process. */
  readonly process: string;
  /** Settings for `[rolekeeper X]`. */
  readonly recipe: Readonly<Record<string, string>>;
  /** Settings for `[profile X]`. */
  readonly ordinary: Readonly<Record<string, string>>;
  /** Takes the access keys out of both files. */
  readonly removesPlaintext: boolean;
}

/** Keys that a file has in plaintext. */
export interface ImportedKeys {
  readonly recipe: Pick<Recipe, 'profile'>;
  /** Of the keys in the store. */
  readonly name: ProfileName;
  /** Leaves the plaintext where it is. */
  readonly isKept: boolean;
  /** An MFA device that no file names yet. */
  readonly serial: string | undefined;
}

/** Throws `usage` for a program or a profile that no SDK could run. */
export function importPair({ recipe: { profile }, name, isKept, serial }: ImportedKeys, program: string): KeysPair {
  return {
    profile,
    process: processLine(program, profile),
    recipe: keysRecipe({ profile, name, serial }),
    ordinary: {},
    removesPlaintext: !isKept,
  };
}

/** Keys that a person types, for a profile that may not exist yet. */
export interface TypedKeys {
  readonly profile: ProfileName;
  /** Of the keys in the store. */
  readonly name: ProfileName;
  readonly serial: string | undefined;
  readonly region: string | undefined;
}

/** Throws `usage` for a program or a profile that no SDK could run. */
export function typedPair({ profile, name, serial, region }: TypedKeys, program: string): KeysPair {
  return {
    profile,
    process: processLine(program, profile),
    recipe: keysRecipe({ profile, name, serial }),
    ordinary: region === undefined ? {} : { region },
    removesPlaintext: false,
  };
}

function keysRecipe({ profile, name, serial }: Omit<TypedKeys, 'region'>): KeysPair['recipe'] {
  return { ...(name === profile ? {} : { keys: name }), ...(serial === undefined ? {} : { mfa_serial: serial }) };
}

/** What only rolekeeper reads; .NET refuses a profile with mfa_serial beside credential_process (sdk-contract.md 15). */
const recipeKeys = ['mfa_serial', 'mfa_process', 'session', 'session_duration_seconds', 'keys'];
const plaintextKeys = ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token'];

/** Throws `edit-refused` and `config-malformed`. Only the lines concerned are changed; doing it twice changes nothing more. */
export function editKeysPair(texts: ConfigTexts, pair: KeysPair, paths: ConfigPaths): ConfigTexts {
  const { profile, removesPlaintext } = pair;
  const path = paths.configPath;
  const ordinary: SectionName = { type: 'profile', name: profile };
  const recipe: SectionName = { type: 'rolekeeper', name: profile };
  const found = recipeSettingsIn(texts.credentials, profile, paths);
  // Only for what it refuses: the lines that it names are those of the file as it is.
  moveSettings(texts.config, path, ordinary, recipe, recipeKeys);
  let config = setAll(texts.config, path, ordinary, { ...pair.ordinary, credential_process: pair.process });
  config = ensureSection(config, path, recipe);
  config = moveSettings(config, path, ordinary, recipe, recipeKeys);
  config = setAll(config, path, recipe, { ...found, ...pair.recipe });
  if (!removesPlaintext) return { config, credentials: texts.credentials };
  config = plaintextKeys.reduce((text, key) => removeSetting(text, path, ordinary, key), config);
  return { config, credentials: withoutKeys(texts.credentials, profile, paths) };
}

/** People keep mfa_serial beside the keys, too. */
function recipeSettingsIn(
  text: string,
  profile: ProfileName,
  { credentialsPath }: ConfigPaths,
): Readonly<Record<string, string>> {
  const settings = findSection(parseCredentialsFile(text, credentialsPath), 'profile', profile)?.settings;
  const found = recipeKeys.map((key) => [key, settings?.get(key)?.value ?? ''] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== ''));
}

function withoutKeys(text: string, profile: ProfileName, { credentialsPath }: ConfigPaths): string {
  const section: SectionName = { type: 'credentials', name: profile };
  const rest = recipeKeys.reduce((edited, key) => removeSetting(edited, credentialsPath, section, key), text);
  return removeKeysFromCredentials(rest, credentialsPath, profile);
}

function setAll(text: string, path: string, section: SectionName, settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings).reduce((edited, [key, value]) => setSetting(edited, path, section, key, value), text);
}
