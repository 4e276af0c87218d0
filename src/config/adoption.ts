// Which profiles can be put on rolekeeper, which cannot and why, and the edit that does it. Pure.
// Nothing is adopted that rolekeeper would not answer for in the same way afterwards.

import { AppError, isAppError } from '../errors.ts';
import type { Environment } from '../ports.ts';
import { type AwsFile, findSection, parseConfigFile, parseCredentialsFile, type Section, sectionNames } from './aws-config.ts';
import { type ScannedFile, scanLines } from './aws-config-lines.ts';
import { locateIn } from './config-edit.ts';
import type { EditRecord } from './edit-record.ts';
import type { ConfigPaths, ConfigTexts } from './keys-pair.ts';
import { isProfileName, type ProfileName, parseProfileName } from './names.ts';
import { processLine } from './process-line.ts';
import { type ConfigFiles, ownProfile } from './profile-settings.ts';
import { needsCode, type Recipe } from './recipe.ts';
import { resolveRecipe } from './resolve-recipe.ts';
import { addTwin, applyChanges, movedKeys, type PairChange, processKey, refuseTaken, splitProfile } from './role-pair.ts';
import { recordPair } from './undo-pair.ts';

export interface Adopting {
  readonly texts: ConfigTexts;
  readonly paths: ConfigPaths;
  readonly env: Environment;
  /** The absolute path that callers are to run. */
  readonly program: string;
  /** Leaves the profile as it is, and adds one of that name and `-SUFFIX`. */
  readonly suffix: string | undefined;
}

export interface Adoption {
  /** The config file afterwards. */
  readonly config: string;
  readonly adopted: readonly Adopted[];
  readonly refused: readonly Refused[];
  /** Those on rolekeeper already. */
  readonly already: readonly ProfileName[];
}

export interface Adopted {
  /** The one with the new lines: a twin, if that was asked for. */
  readonly profile: ProfileName;
  readonly record: EditRecord;
  /** What a person has to do before it works, or should do. */
  readonly next: NextStep;
}

export type NextStep =
  | { readonly kind: 'import' | 'login'; readonly profile: ProfileName }
  /** It works as it is. */
  | { readonly kind: 'none' };

export interface Refused {
  readonly profile: ProfileName;
  readonly error: AppError;
}

/** In the config file: those with `role_arn` that rolekeeper does not answer for. In file order. */
export function ordinaryRoles(texts: ConfigTexts, paths: ConfigPaths): readonly ProfileName[] {
  const { config } = parse(texts, paths);
  return sectionNames(config, 'profile')
    .filter(isProfileName)
    .filter(
      (name) =>
        findSection(config, 'profile', name)?.settings.has('role_arn') === true &&
        findSection(config, 'rolekeeper', name) === undefined,
    );
}

/** Throws `config-malformed`, and `profile-unknown` for a name that no file has. Whatever else stands in the way is in `refused`. */
export function planAdoption(profiles: readonly ProfileName[], adopting: Adopting): Adoption {
  const files = parse(adopting.texts, adopting.paths);
  const scanned = scanLines(adopting.texts.config, adopting.paths.configPath);
  const already = profiles.filter((profile) => isAdopted(targetOf(profile, adopting.suffix), files));
  const refused: Refused[] = [];
  const changes: PairChange[] = [];
  for (const profile of profiles) {
    if (already.includes(profile)) continue;
    const change = attempt(profile, refused, () => planOne(profile, { files, scanned, adopting }));
    if (change !== undefined) changes.push(change);
  }
  const { config, made } = applyAll({ changes, scanned, refused }, { adopting, files });
  return { config, adopted: made.map((change) => adoptedOf(change, files, adopting)), refused, already };
}

interface Planning {
  readonly files: ConfigFiles;
  readonly scanned: ScannedFile;
  readonly adopting: Adopting;
}

function planOne(profile: ProfileName, { files, scanned, adopting }: Planning): PairChange {
  const { env, program, suffix } = adopting;
  const section = findSection(files.config, 'profile', profile);
  refuseUnready(profile, files, { section, scanned });
  resolveInPlace(profile, files, env);
  if (section !== undefined) refuseOtherKeys(profile, section, files.config.path);
  const process = processLine(program, profile);
  if (suffix === undefined) return splitProfile(scanned, profile, process);
  const twin = parseProfileName(targetOf(profile, suffix));
  processLine(program, twin); // its name must do as an argument as well
  refuseStored(twin, files.credentials);
  return addTwin(scanned, profile, { twin, process, region: section?.settings.get('region')?.value });
}

interface Applying {
  readonly changes: readonly PairChange[];
  readonly scanned: ScannedFile;
  readonly refused: Refused[];
}

interface Applied {
  readonly config: string;
  readonly made: readonly PairChange[];
}

/** All at once; if that will not do, those that can be done by themselves. */
function applyAll({ changes, scanned, refused }: Applying, { adopting, files }: Pick<Planning, 'adopting' | 'files'>): Applied {
  const apply = (some: readonly PairChange[]) => {
    const config = applyChanges(scanned, some);
    refuseOtherAnswers(some, files, { config, adopting });
    return config;
  };
  try {
    return { config: apply(changes), made: changes };
  } catch (error) {
    if (!isAppError(error, 'edit-refused')) throw error;
  }
  const made = changes.filter((change) => attempt(change.from, refused, () => apply([change])) !== undefined);
  return { config: apply(made), made };
}

function adoptedOf(change: PairChange, files: ConfigFiles, { paths, env }: Adopting): Adopted {
  const recipe = resolveRecipe(change.from, files, env);
  return { profile: change.profile, record: recordPair(paths.configPath, change), next: nextStep(recipe) };
}

function nextStep({ keys, chain, hops, loginTarget }: Recipe): NextStep {
  if (keys.plaintext !== undefined) return { kind: 'import', profile: chain.at(-1) ?? keys.name };
  return hops.some(needsCode) ? { kind: 'login', profile: loginTarget } : { kind: 'none' };
}

function targetOf(profile: ProfileName, suffix: string | undefined): string {
  return suffix === undefined ? profile : `${profile}-${suffix}`;
}

function attempt<T>(profile: ProfileName, refused: Refused[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'profile-unknown') throw error;
    refused.push({ profile, error });
    return undefined;
  }
}

/** Credential keys that are no part of such a recipe. Each of them is a rival of credential_process for some SDK. */
const otherKeys: ReadonlySet<string> = new Set([
  ...['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_security_token'],
  ...['credential_source', 'web_identity_token_file', 'login_session'],
  ...['sso_session', 'sso_start_url', 'sso_account_id', 'sso_role_name', 'sso_region', 'sso_registration_scopes'],
]);

function isCredentialKey(key: string): boolean {
  return key === processKey || movedKeys.has(key) || otherKeys.has(key);
}

/** A profile that runs us, and has nothing beside that which some SDK would rather take. */
function isAdopted(profile: string, { config }: ConfigFiles): boolean {
  const settings = findSection(config, 'profile', profile)?.settings;
  const process = settings?.get(processKey)?.value ?? '';
  if (settings === undefined || ownProfile(process) === undefined) return false;
  return [...settings.keys()].every((key) => key === processKey || !isCredentialKey(key));
}

function refuseUnready(
  profile: ProfileName,
  { config, credentials }: ConfigFiles,
  { section, scanned }: { readonly section: Section | undefined; readonly scanned: ScannedFile },
): void {
  const { path } = config;
  locateIn(scanned, { type: 'profile', name: profile }); // refuses what stands there twice
  refuseTaken(scanned, profile);
  const inherited = [...scanned.defaults.values()].find(({ key }) => isCredentialKey(key));
  if (inherited !== undefined) {
    const problem = `"${inherited.key}" in [DEFAULT] belongs to every profile`;
    throw new AppError('edit-refused', { path, line: inherited.line, problem });
  }
  const stored = findSection(credentials, 'profile', profile);
  const line = section?.line ?? stored?.line;
  const isRole = [section, stored].some((each) => each?.settings.has('role_arn'));
  if (line !== undefined && !isRole) {
    throw new AppError('edit-refused', {
      path: section === undefined ? credentials.path : path,
      line,
      problem: `"${profile}" has no role_arn: it is not a role`,
      hint: `access keys go into the store with \`rolekeeper import ${profile}\``,
    });
  }
  refuseStored(profile, credentials);
}

/** What the credentials file has for a profile wins over the config file, and would win over credential_process. */
function refuseStored(profile: ProfileName, { path, find }: AwsFile): void {
  const setting = [...(find('profile', profile)?.settings.values() ?? [])].find(({ key }) => isCredentialKey(key));
  if (setting === undefined) return;
  throw new AppError('edit-refused', {
    path,
    line: setting.line,
    problem: `"${setting.key}" of "${profile}" in this file would win over credential_process`,
    hint: 'keep keys in a profile of their own, and name that one as source_profile',
  });
}

/** What the recipe does not use would still be taken by some SDK. */
function refuseOtherKeys(profile: ProfileName, { settings }: Section, path: string): void {
  const setting = [...settings.values()].find(({ key, value }) => {
    if (key !== processKey) return otherKeys.has(key);
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
    const by = chain.at(-1);
    const way = by === undefined || by === profile ? '' : ` by way of "${by}"`;
    throw new AppError(
      'edit-refused',
      { ...placeOf(problem, chain, files), problem: `"${profile}"${way}: ${problem}`, hint },
      error,
    );
  }
}

/** The setting that the problem is about, in the profile farthest from the one that was asked for; else that profile's header. */
function placeOf(
  problem: string,
  chain: readonly string[],
  { config, credentials }: ConfigFiles,
): { readonly path: string; readonly line: number } {
  const words = new Set(problem.match(/\w+/g));
  const sections = [...chain].reverse().flatMap((name) =>
    [
      { path: config.path, section: findSection(config, 'rolekeeper', name) },
      { path: config.path, section: findSection(config, 'profile', name) },
      { path: credentials.path, section: findSection(credentials, 'profile', name) },
    ].flatMap(({ path, section }) => (section === undefined ? [] : [{ path, section }])),
  );
  const settings = sections.flatMap(({ path, section }) =>
    [...section.settings.values()].map((setting) => ({ path, ...setting })),
  );
  const found = settings.find(({ key }) => words.has(key));
  if (found !== undefined) return { path: found.path, line: found.line };
  return { path: sections[0]?.path ?? config.path, line: sections[0]?.section.line ?? 1 };
}

/** Belt and braces: the pair gives rolekeeper the recipe that the profile gave it. */
function refuseOtherAnswers(
  changes: readonly PairChange[],
  files: ConfigFiles,
  { config, adopting: { env } }: { readonly config: string; readonly adopting: Adopting },
): void {
  const { path } = files.config;
  const after = { ...files, config: parseConfigFile(config, path) };
  const other = changes.find(
    ({ from, profile }) => answerOf(resolveRecipe(from, files, env)) !== answerOf(resolveRecipe(profile, after, env)),
  );
  if (other === undefined) return;
  const problem = `"${other.from}" would be another role afterwards`;
  throw new AppError('edit-refused', { path, line: other.line, problem });
}

function answerOf({ profile, keys, hops, loginTarget, region, mfaProcess, network }: Recipe): string {
  const login = loginTarget === profile ? 'itself' : [loginTarget];
  return JSON.stringify([keys.name, keys.endpoint, hops, login, region, mfaProcess, network]);
}

function parse({ config, credentials }: ConfigTexts, { configPath, credentialsPath }: ConfigPaths): ConfigFiles {
  return { config: parseConfigFile(config, configPath), credentials: parseCredentialsFile(credentials, credentialsPath) };
}
