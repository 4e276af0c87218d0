// Plans the adoption of profiles: which can be put on rolekeeper, which cannot and why, and the edit that does it. Pure.
// Nothing is adopted that rolekeeper would not answer for in the same way afterwards.

import { AppError, isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { isAdopted, refuseStored, refuseUnadoptable } from './adoptable.ts';
import { findSection, parseConfigFile, parseCredentialsFile, sectionNames } from './aws-config.ts';
import { type ScannedFile, scanLines } from './aws-config-lines.ts';
import type { EditRecord } from './edit-record.ts';
import type { ConfigPaths, ConfigTexts } from './keys-pair.ts';
import { leftAloneLines } from './left-alone.ts';
import { isProfileName, type ProfileName, parseProfileName } from './names.ts';
import { processLine } from './process-line.ts';
import type { ConfigFiles } from './profile-settings.ts';
import { loginStartOf, type Recipe } from './recipe.ts';
import { resolveRecipe } from './resolve-recipe.ts';
import { addTwin, applyChanges, hasRole, type PairChange, splitProfile } from './role-pair.ts';
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
  /** Of profiles that are no roles, what can be done with them. */
  readonly leftAlone: readonly string[];
}

export interface Adopted {
  /** The one with the new lines: a twin, if that was asked for. */
  readonly profile: ProfileName;
  readonly record: EditRecord;
  /** What a person has to do before it works, or should do. */
  readonly next: NextStep;
}

export type NextStep =
  | { readonly kind: 'import'; readonly profile: ProfileName }
  /** Those with the same `start` need one login for all of them. */
  | { readonly kind: 'login'; readonly profile: ProfileName; readonly start: string }
  /** It works as it is. */
  | { readonly kind: 'none' };

export interface Refused {
  readonly profile: ProfileName;
  readonly error: AppError;
}

/** In the config file: those with a role that rolekeeper does not answer for. In file order. */
export function ordinaryRoles(texts: ConfigTexts, paths: ConfigPaths): readonly ProfileName[] {
  const { config } = parse(texts, paths);
  return sectionNames(config, 'profile')
    .filter(isProfileName)
    .filter(
      (name) => hasRole(findSection(config, 'profile', name)?.settings) && findSection(config, 'rolekeeper', name) === undefined,
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
  return {
    config,
    adopted: made.map((change) => adoptedOf(change, files, adopting)),
    refused,
    already,
    leftAlone: leftAloneLines(files.config),
  };
}

interface Planning {
  readonly files: ConfigFiles;
  readonly scanned: ScannedFile;
  readonly adopting: Adopting;
}

function planOne(profile: ProfileName, { files, scanned, adopting }: Planning): PairChange {
  const { env, program, suffix } = adopting;
  const section = findSection(files.config, 'profile', profile);
  refuseUnadoptable(profile, files, { scanned, env });
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

function nextStep(recipe: Recipe): NextStep {
  const { keys, chain, loginTarget } = recipe;
  if (keys?.plaintext !== undefined) return { kind: 'import', profile: chain.at(-1) ?? keys.name };
  const start = loginStartOf(recipe);
  return start === undefined ? { kind: 'none' } : { kind: 'login', profile: loginTarget, start };
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

/** Belt and braces: the pair gives rolekeeper the recipe that the profile gave it. */
function refuseOtherAnswers(
  changes: readonly PairChange[],
  files: ConfigFiles,
  { config, adopting: { env } }: { readonly config: string; readonly adopting: Adopting },
): void {
  const { path } = files.config;
  const after = { ...files, config: parseConfigFile(config, path) };
  const other = changes.find(({ from, profile }) => answerOf(resolveRecipe(from, files, env)) !== answerIn(after, profile, env));
  if (other === undefined) return;
  const problem = `"${other.from}" would be another role afterwards`;
  throw new AppError('edit-refused', { path, line: other.line, problem });
}

/** Undefined where there would be no answer: an edit may bring out what was overlooked before, such as a `role_arn` without a value. */
function answerIn(files: ConfigFiles, profile: ProfileName, env: Environment): string | undefined {
  try {
    return answerOf(resolveRecipe(profile, files, env));
  } catch (error) {
    if (isAppError(error, 'recipe-invalid')) return undefined;
    throw error;
  }
}

function answerOf({ profile, keys, hops, loginTarget, region, mfaProcess, interactive, network }: Recipe): string {
  const login = loginTarget === profile ? 'itself' : [loginTarget];
  return JSON.stringify([keys?.name, keys?.endpoint, hops, login, region, mfaProcess, interactive, network]);
}

function parse({ config, credentials }: ConfigTexts, { configPath, credentialsPath }: ConfigPaths): ConfigFiles {
  return { config: parseConfigFile(config, configPath), credentials: parseCredentialsFile(credentials, credentialsPath) };
}
