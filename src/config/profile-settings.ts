// One profile's settings as its recipe needs them, out of the two files and the two kinds of section. Pure.

import { basename } from 'node:path/posix';
import { Secret } from '../credentials/secret.ts';
import { type AwsFile, findSection, type Section, sectionNames } from './aws-config.ts';
import { isProfileName, type ProfileName } from './names.ts';
import type { PlaintextKeys } from './recipe.ts';
import { tagsNames, transitiveTagKeysNames } from './role-settings.ts';

export interface ConfigFiles {
  readonly config: AwsFile;
  readonly credentials: AwsFile;
}

/** A line of one of the two files. */
export interface Origin {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
}

export interface ProfileSettings {
  readonly profile: ProfileName;
  /** For messages: `[rolekeeper dev]` or `[profile dev]`. */
  readonly sectionName: string;
  readonly isRecipeSection: boolean;
  /** A setting of the recipe; empty values count as absent. */
  readonly get: (key: string) => string | undefined;
  /** Where the value that `get` gives is written. */
  readonly origin: (key: string) => Origin | undefined;
  /** A setting of the profile's `services` section. */
  readonly service: (service: string, key: string) => string | undefined;
  readonly serviceOrigin: (service: string, key: string) => Origin | undefined;
  readonly plaintext?: PlaintextKeys;
  /** They stand in the config file, where everything else comes before them. */
  readonly hasKeysInConfig: boolean;
  /** Settings of a `[rolekeeper X]` section that mean nothing: misspelt ones, most likely. */
  readonly unknown: readonly { readonly key: string; readonly line: number }[];
  /** `credential_process` runs rolekeeper for this profile. */
  readonly aliasOf?: ProfileName;
  /** `credential_process` runs some other program. */
  readonly foreignProcess?: string;
}

/** What `[profile X]` still gives when `[rolekeeper X]` holds the recipe (decisions.md 13). */
const sharedKeys: ReadonlySet<string> = new Set([
  'region',
  'endpoint_url',
  'services',
  'ca_bundle',
  'use_fips_endpoint',
  'use_dualstack_endpoint',
  'sts_regional_endpoints',
  'ignore_configured_endpoint_urls',
  'ec2_metadata_service_endpoint',
  'ec2_metadata_service_endpoint_mode',
  'ec2_metadata_v1_disabled',
]);

/** What `[rolekeeper X]` may hold besides: rolekeeper-config(5). */
const recipeKeys: ReadonlySet<string> = new Set([
  'role_arn',
  'source_profile',
  'credential_source',
  'external_id',
  'role_session_name',
  'duration_seconds',
  'source_identity',
  'policy',
  'policy_arns',
  ...tagsNames,
  ...transitiveTagKeysNames,
  'mfa_serial',
  'mfa_process',
  'interactive',
  'keys',
  'session',
  'session_duration_seconds',
  'sso_session',
  'sso_account_id',
  'sso_role_name',
  'sso_start_url',
  'sso_region',
  'web_identity_token_file',
  'web_identity_token_process',
  'saml_process',
  'saml_principal_arn',
  'login_session',
  'certificate',
  'private_key',
  'intermediates',
  'trust_anchor_arn',
  'profile_arn',
  'credential_process',
]);

/** All that `[rolekeeper X]` may hold. */
export const recipeSettings: ReadonlySet<string> = new Set([...recipeKeys, ...sharedKeys]);

/** Undefined when no file knows the profile. As in botocore, the credentials file wins over the config file. */
export function profileSettings(profile: ProfileName, { config, credentials }: ConfigFiles): ProfileSettings | undefined {
  const recipe = findSection(config, 'rolekeeper', profile);
  const configured = findSection(config, 'profile', profile);
  const stored = findSection(credentials, 'profile', profile);
  if (recipe === undefined && configured === undefined && stored === undefined) return undefined;
  const ordinary = (key: string) => foundIn(stored, key, credentials) ?? foundIn(configured, key, config);
  const find = (key: string) =>
    recipe === undefined ? ordinary(key) : (foundIn(recipe, key, config) ?? (sharedKeys.has(key) ? ordinary(key) : undefined));
  const get = (key: string) => find(key)?.value;
  const services = get('services');
  const servicesSection = services === undefined ? undefined : findSection(config, 'services', services);
  const service = (name: string, key: string) => servicesSection?.settings.get(name)?.nested.get(key);
  const storedKeys = plaintextIn(stored, credentials.path);
  const plaintext = storedKeys ?? plaintextIn(configured, config.path);
  const command = find('credential_process')?.value;
  const alias = command === undefined ? undefined : ownProfile(command);
  return {
    profile,
    sectionName: recipe === undefined ? `[profile ${profile}]` : `[rolekeeper ${profile}]`,
    isRecipeSection: recipe !== undefined,
    get,
    origin: (key) => originOf(find(key)),
    service: (name, key) => service(name, key)?.value,
    serviceOrigin: (name, key) => {
      const found = service(name, key);
      return found === undefined ? undefined : { path: config.path, line: found.line };
    },
    ...(plaintext === undefined ? {} : { plaintext }),
    hasKeysInConfig: plaintext !== undefined && storedKeys === undefined,
    unknown: [...(recipe?.settings.values() ?? [])].filter(({ key }) => !recipeSettings.has(key)),
    ...(alias === undefined ? {} : { aliasOf: alias }),
    ...(command === undefined || alias !== undefined ? {} : { foreignProcess: command }),
  };
}

/** Every profile that some section is for, in the order of the files; names that we could not take as an argument are left out. */
export function knownProfiles({ config, credentials }: ConfigFiles): readonly ProfileName[] {
  const names = [
    ...sectionNames(config, 'profile'),
    ...sectionNames(config, 'rolekeeper'),
    ...sectionNames(credentials, 'profile'),
  ];
  return [...new Set(names)].filter(isProfileName);
}

/** The profiles that rolekeeper answers for: those with a recipe section, and those whose `credential_process` runs it. */
export function keptProfiles(files: ConfigFiles): readonly ProfileName[] {
  return knownProfiles(files).filter((name) => {
    const command = findSection(files.config, 'profile', name)?.settings.get('credential_process')?.value;
    return (
      findSection(files.config, 'rolekeeper', name) !== undefined || (command !== undefined && ownProfile(command) !== undefined)
    );
  });
}

/**
 * The profile that a `credential_process` line asks rolekeeper for; undefined for another program's line. Ours is also the JavaScript launcher,
 * by itself or behind `node`: what npm installs (decisions.md 20).
 */
export function ownProfile(command: string): ProfileName | undefined {
  return ownCommand(command)?.profile;
}

/** Likewise. `rest` is the text after the program, or after `node` and the launcher. */
export function ownCommand(command: string): { readonly profile: ProfileName; readonly rest: string } | undefined {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((word) => ({
    text: word[1] ?? word[2] ?? word[3] ?? '',
    end: word.index + word[0].length,
  }));
  const isNode = /^node(js)?(\.exe)?$/.test(programName(words[0]?.text));
  const [program, verb, ...names] = isNode ? words.slice(1) : words;
  if (!/^rolekeeper(\.(exe|cmd|js))?$/.test(programName(program?.text)) || verb?.text !== 'get') return undefined;
  const profile = names.map(({ text }) => text).find(isProfileName);
  return profile === undefined ? undefined : { profile, rest: command.slice(program?.end) };
}

function programName(path = ''): string {
  return basename(path.replaceAll('\\', '/'));
}

interface Found extends Origin {
  readonly value: string;
}

function foundIn(section: Section | undefined, key: string, { path }: AwsFile): Found | undefined {
  const setting = section?.settings.get(key);
  return setting === undefined || setting.value === '' ? undefined : { value: setting.value, path, line: setting.line };
}

function originOf(found: Found | undefined): Origin | undefined {
  return found === undefined ? undefined : { path: found.path, line: found.line };
}

function settingOf(section: Section | undefined, key: string): string | undefined {
  const value = section?.settings.get(key)?.value;
  return value === '' ? undefined : value;
}

function plaintextIn(section: Section | undefined, path: string): PlaintextKeys | undefined {
  const id = section?.settings.get('aws_access_key_id');
  const secret = settingOf(section, 'aws_secret_access_key');
  // The older name, which botocore takes first.
  const token = settingOf(section, 'aws_security_token') ?? settingOf(section, 'aws_session_token');
  if (id === undefined || id.value === '' || secret === undefined) return undefined;
  return {
    accessKeyId: id.value,
    secretAccessKey: new Secret(secret),
    ...(token === undefined ? {} : { sessionToken: new Secret(token) }),
    path,
    line: id.line,
  };
}
