// Which profiles rolekeeper could not answer for as AWS's programs do now, or would be overruled in: each with its line. Pure.

import { AppError, isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { shellWord } from '../shell-word.ts';
import { type AwsFile, findSection, type Section } from './aws-config.ts';
import type { ScannedFile } from './aws-config-lines.ts';
import { locateIn } from './config-edit.ts';
import type { ProfileName } from './names.ts';
import { type ConfigFiles, ownProfile } from './profile-settings.ts';
import { resolveRecipe } from './resolve-recipe.ts';
import { hasRole, movedKeys, portalKeys, processKey, refuseTaken } from './role-pair.ts';

/** A profile that runs us, and has nothing beside that which some SDK would rather take. */
export function isAdopted(profile: string, { config }: ConfigFiles): boolean {
  const settings = [...(findSection(config, 'profile', profile)?.settings.values() ?? [])];
  const runsUs = settings.some(({ key, value }) => key === processKey && ownProfile(value) !== undefined);
  return runsUs && settings.every(({ key }) => key === processKey || !isCredentialKey(key));
}

/** Throws `edit-refused` with the line that stands in the way, and `profile-unknown` for a name that no file has. */
export function refuseUnadoptable(
  profile: ProfileName,
  files: ConfigFiles,
  { scanned, env }: { readonly scanned: ScannedFile; readonly env: Environment },
): void {
  const section = findSection(files.config, 'profile', profile);
  refuseUnready(profile, files, { section, scanned });
  resolveInPlace(profile, files, env);
  if (section !== undefined) refuseOtherKeys(profile, section, files.config.path);
}

/** Throws `edit-refused`: what the credentials file has for a profile wins over the config file, and would win over credential_process. */
export function refuseStored(profile: ProfileName, { path, find }: AwsFile): void {
  const setting = [...(find('profile', profile)?.settings.values() ?? [])].find(({ key }) => isCredentialKey(key));
  if (setting === undefined) return;
  throw new AppError('edit-refused', {
    path,
    line: setting.line,
    problem: `"${setting.key}" of "${profile}" in this file would win over credential_process`,
    hint: 'keep keys in a profile of their own, and name that one as source_profile',
  });
}

/** A twin keeps its profile ordinary. Keys are another matter: their release would put them back in plaintext. */
function refuseTwinOfAdopted(profile: ProfileName, files: ConfigFiles): void {
  const { path } = files.config;
  const recipe = findSection(files.config, 'rolekeeper', profile);
  if (recipe === undefined || !hasRole(recipe.settings) || !isAdopted(profile, files)) return;
  throw new AppError('edit-refused', {
    path,
    line: recipe.line,
    problem: `"${profile}" is on rolekeeper already`,
    hint: `\`rolekeeper release ${shellWord(profile)}\` first, then run the command again`,
  });
}

/** Credential keys that are no part of such a recipe. Each of them is a rival of credential_process for some SDK. */
const otherKeys: ReadonlySet<string> = new Set([
  ...['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_security_token'],
  'login_session',
]);

function isCredentialKey(key: string): boolean {
  return key === processKey || movedKeys.has(key) || otherKeys.has(key);
}

function refuseUnready(
  profile: ProfileName,
  { config, credentials }: ConfigFiles,
  { section, scanned }: { readonly section: Section | undefined; readonly scanned: ScannedFile },
): void {
  const { path } = config;
  locateIn(scanned, { type: 'profile', name: profile }); // refuses what stands there twice
  refuseTwinOfAdopted(profile, { config, credentials });
  refuseTaken(scanned, profile);
  const inherited = [...scanned.defaults.values()].find(({ key }) => isCredentialKey(key));
  if (inherited !== undefined) {
    const problem = `"${inherited.key}" in [DEFAULT] belongs to every profile`;
    throw new AppError('edit-refused', { path, line: inherited.line, problem });
  }
  const stored = findSection(credentials, 'profile', profile);
  const line = section?.line ?? stored?.line;
  const isRole = [section, stored].some((each) => hasRole(each?.settings));
  if (line !== undefined && !isRole) {
    throw new AppError('edit-refused', {
      path: section === undefined ? credentials.path : path,
      line,
      problem: `"${profile}" has no role_arn: it is not a role`,
      hint: hintForNoRole(profile, [section, stored]),
    });
  }
  refuseStored(profile, credentials);
}

function hintForNoRole(profile: ProfileName, sections: readonly (Section | undefined)[]): string {
  const has = (key: string) => sections.some((each) => each?.settings.has(key));
  if (has('aws_access_key_id')) return `access keys go into the store with \`rolekeeper import ${shellWord(profile)}\``;
  if (has('login_session')) return 'leave it as it is: roles that start from it can be adopted';
  if (has(processKey)) {
    return `leave it as it is: roles that start from it can be adopted; to keep its credentials, write its command into [rolekeeper ${profile}]`;
  }
  return 'leave it as it is: only roles are adopted';
}

/** What the recipe does not use would still be taken by some SDK. */
function refuseOtherKeys(profile: ProfileName, { settings }: Section, path: string): void {
  const isOwnRole = settings.has('role_arn');
  const setting = [...settings.values()].find(({ key, value }) => {
    if (key !== processKey) return otherKeys.has(key) || (isOwnRole && portalKeys.includes(key));
    return ownProfile(value) !== profile;
  });
  if (setting === undefined) return;
  const problem = `"${setting.key}" of "${profile}" is another way to credentials than its role`;
  throw new AppError('edit-refused', { path, line: setting.line, problem, hint: 'take it out, or into a profile of its own' });
}

/** Throws `edit-refused` with the line that makes rolekeeper refuse the recipe. */
function resolveInPlace(profile: ProfileName, files: ConfigFiles, env: Environment): void {
  try {
    resolveRecipe(profile, files, env);
  } catch (error) {
    if (!isAppError(error, 'recipe-invalid')) throw error;
    const { problem, hint, chain } = error.details;
    const { name, path, line } = placeOf([problem, hint], chain, files);
    const way = name === undefined || name === profile ? '' : ` by way of "${name}"`;
    throw new AppError('edit-refused', { path, line, problem: `"${profile}"${way}: ${problem}`, hint }, error);
  }
}

/**
 * The first setting that one of the texts names, else a header: in the section that a text names, else in the profile farthest from the one that
 * was asked for.
 */
function placeOf(
  texts: readonly string[],
  chain: readonly string[],
  { config, credentials }: ConfigFiles,
): { readonly name: string | undefined; readonly path: string; readonly line: number } {
  const all = [...chain].reverse().flatMap((name) =>
    [
      { name, header: `[rolekeeper ${name}]`, path: config.path, section: findSection(config, 'rolekeeper', name) },
      { name, header: `[profile ${name}]`, path: config.path, section: findSection(config, 'profile', name) },
      { name, header: `[${name}]`, path: credentials.path, section: findSection(credentials, 'profile', name) },
    ].flatMap(({ section, ...where }) => (section === undefined ? [] : [{ ...where, section }])),
  );
  const named = all.filter(({ header }) => texts.some((text) => text.includes(header)));
  const sections = [...named, ...all.filter((one) => !named.includes(one))];
  const settings = sections.flatMap(({ name, path, section }) =>
    [...section.settings.values()].map(({ key, line }) => ({ name, path, key, line })),
  );
  const [found] = texts.flatMap((text) => {
    const words = new Set(text.match(/\w+/g));
    return settings.find(({ key }) => words.has(key)) ?? [];
  });
  const [first] = sections;
  return found ?? { name: first?.name, path: first?.path ?? config.path, line: first?.section.line ?? 1 };
}
