// Reads a role's AssumeRole parameters out of its settings, checked against STS's limits before anything is asked. Pure.

import type { AppError } from '../errors.ts';
import {
  type Checked,
  parseExternalId,
  parsePolicy,
  parsePolicyArns,
  parseRoleArn,
  parseRoleDuration,
  parseSessionDuration,
  parseSessionName,
  parseSourceIdentity,
  parseTags,
  parseTransitiveTagKeys,
  policySizeProblem,
} from './limits.ts';
import type { RoleRequest } from './recipe.ts';

/** Makes the error that names the profile and its chain. */
export type Fail = (problem: string, hint: string) => AppError;

/** One section's settings; `sectionName` is for hints. */
export interface Settings {
  readonly get: (key: string) => string | undefined;
  readonly sectionName: string;
}

/** AWS's name, and aws-vault's for the same. */
export const tagsNames = ['tags', 'session_tags'] as const;
export const transitiveTagKeysNames = ['transitive_tag_keys', 'transitive_session_tags'] as const;

/** Throws what `fail` makes, for the first setting that AWS would refuse. Without `duration_seconds` a role lives an hour. */
export function readRoleSettings(role: Settings, fail: Fail): RoleRequest {
  const read = <T>(key: string, parse: (raw: string) => Checked<T>) => readSetting(role, { key, parse, fail });
  const roleArn = read('role_arn', parseRoleArn);
  if (roleArn === undefined) throw fail('role_arn: there is none', `add role_arn to ${role.sectionName}`);
  const roleSessionName = read('role_session_name', parseSessionName);
  const durationSeconds = read('duration_seconds', parseRoleDuration) ?? defaultRoleSeconds;
  const externalId = read('external_id', parseExternalId);
  const sourceIdentity = read('source_identity', parseSourceIdentity);
  const policy = read('policy', parsePolicy);
  const policyArns = read('policy_arns', parsePolicyArns);
  const readEither = <T>(keys: readonly [string, string], parse: (raw: string) => Checked<T>) => {
    const [key, other] = keys.filter((name) => role.get(name) !== undefined);
    if (other !== undefined) throw fail(`${other}: ${key} says the same`, `remove one of them from ${role.sectionName}`);
    return key === undefined ? undefined : read(key, parse);
  };
  const tags = readEither(tagsNames, parseTags);
  const transitiveTagKeys = readEither(transitiveTagKeysNames, parseTransitiveTagKeys);
  const sizeProblem = policySizeProblem(policy, policyArns);
  if (sizeProblem !== undefined) throw fail(`policy: ${sizeProblem}`, `shorten policy or policy_arns in ${role.sectionName}`);
  return {
    roleArn,
    durationSeconds,
    ...(roleSessionName === undefined ? {} : { roleSessionName }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...(policy === undefined ? {} : { policy }),
    ...(policyArns === undefined ? {} : { policyArns }),
    ...(tags === undefined ? {} : { tags }),
    ...(transitiveTagKeys === undefined ? {} : { transitiveTagKeys }),
  };
}

/** `session_duration_seconds` of the first section that has it, else 12 hours, which is also AWS's default. */
export function readSessionDuration(all: readonly Settings[], fail: Fail): number {
  const key = 'session_duration_seconds';
  const owner = all.find(({ get }) => get(key) !== undefined);
  return (owner && readSetting(owner, { key, parse: parseSessionDuration, fail })) ?? defaultSessionSeconds;
}

const defaultRoleSeconds = 3_600;
const defaultSessionSeconds = 43_200;

/** Undefined when there is none. Throws what `fail` makes, for what `parse` does not take. */
export function readSetting<T>(
  { get, sectionName }: Settings,
  { key, parse, fail }: { readonly key: string; readonly parse: (raw: string) => Checked<T>; readonly fail: Fail },
): T | undefined {
  const raw = get(key);
  if (raw === undefined) return undefined;
  const checked = parse(raw);
  if (checked.kind === 'problem') throw fail(`${key}: ${checked.problem}`, `change ${key} in ${sectionName}`);
  return checked.value;
}
