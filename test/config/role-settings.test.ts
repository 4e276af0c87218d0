import { describe, expect, it } from 'vitest';
import { readRoleSettings, readSessionDuration, type Settings } from '../../src/config/role-settings.ts';
import { AppError } from '../../src/errors.ts';

const roleArn = 'arn:aws:iam::123456789012:role/Dev';
const policy = '{"Version":"2012-10-17"}';
const policyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';

function settings(values: Readonly<Record<string, string>>, sectionName = '[rolekeeper dev]'): Settings {
  return { get: (key) => values[key], sectionName };
}

function fail(problem: string, hint: string): AppError {
  return new AppError('recipe-invalid', { profile: 'dev', problem, chain: ['dev'], hint });
}

function failureOf(
  values: Readonly<Record<string, string>>,
  usual: Readonly<Record<string, string>> = { role_arn: roleArn },
): unknown {
  try {
    return readRoleSettings(settings({ ...usual, ...values }), fail);
  } catch (error) {
    return error instanceof AppError ? [error.message, error.hint] : error;
  }
}

describe('readRoleSettings', () => {
  it('gives an hour and nothing else to a role without settings of its own', () => {
    expect(readRoleSettings(settings({ role_arn: roleArn }), fail)).toStrictEqual({ roleArn, durationSeconds: 3600 });
  });

  it('reads all that AssumeRole takes', () => {
    const request = readRoleSettings(
      settings({
        role_arn: roleArn,
        role_session_name: 'alice',
        duration_seconds: '7200',
        external_id: 'ext-1',
        source_identity: 'alice@example.com',
        policy,
        policy_arns: policyArn,
        tags: 'Team=ops',
        transitive_tag_keys: 'Team, Project',
      }),
      fail,
    );
    expect(request).toStrictEqual({
      roleArn,
      roleSessionName: 'alice',
      durationSeconds: 7200,
      externalId: 'ext-1',
      sourceIdentity: 'alice@example.com',
      policy,
      policyArns: [policyArn],
      tags: { Team: 'ops' },
      transitiveTagKeys: ['Team', 'Project'],
    });
  });

  it("takes aws-vault's names for tags, and refuses both names at once", () => {
    const vault = { role_arn: roleArn, session_tags: 'Team=ops', transitive_session_tags: 'Team' };
    expect(readRoleSettings(settings(vault), fail)).toMatchObject({ tags: { Team: 'ops' }, transitiveTagKeys: ['Team'] });
    expect(failureOf({ tags: 'Team=ops', session_tags: 'Team=dev' })).toEqual([
      'profile "dev": session_tags: tags says the same',
      'remove one of them from [rolekeeper dev]',
    ]);
    expect(failureOf({ transitive_tag_keys: 'Team', transitive_session_tags: 'Team' })).toEqual([
      'profile "dev": transitive_session_tags: transitive_tag_keys says the same',
      'remove one of them from [rolekeeper dev]',
    ]);
  });

  it.each([
    ['role_arn', 'Dev', `"Dev" is not a role's ARN, as arn:aws:iam::123456789012:role/NAME`],
    ['role_session_name', 'alice smith', 'may not contain " ": only letters, digits and _+=,.@-'],
    ['duration_seconds', '1h', '"1h" is not a number of seconds from 900 to 43200'],
    ['external_id', 'x', 'has 1 characters, and AWS takes 2 to 1224'],
    ['source_identity', 'aws:x', '"aws:x" begins with aws:, which AWS keeps for itself'],
    ['policy', '[]', 'is not a JSON object'],
    ['policy_arns', 'x', `"x" is not a policy's ARN, as arn:aws:iam::aws:policy/ReadOnlyAccess`],
    ['tags', 'x', '"x" has no "=": write key=value, key2=value2'],
    ['transitive_tag_keys', 'aws:x', '"aws:x" begins with aws:, which AWS keeps for itself'],
    ['session_tags', 'x', '"x" has no "=": write key=value, key2=value2'],
    ['transitive_session_tags', ',', 'names nothing'],
  ])('names %s and its section when the value is wrong', (key, value, problem) => {
    expect(failureOf({ [key]: value })).toEqual([`profile "dev": ${key}: ${problem}`, `change ${key} in [rolekeeper dev]`]);
  });

  it('refuses policies that are too long together', () => {
    const long = `{"a":"${'x'.repeat(2040)}"}`;
    expect(failureOf({ policy: long, policy_arns: policyArn })).toEqual([
      'profile "dev": policy: policy and policy_arns have 2086 characters together, and AWS takes 2048',
      'shorten policy or policy_arns in [rolekeeper dev]',
    ]);
  });

  it('refuses a role without an ARN', () => {
    expect(failureOf({}, {})).toEqual(['profile "dev": role_arn: there is none', 'add role_arn to [rolekeeper dev]']);
  });
});

describe('readSessionDuration', () => {
  it('is 12 hours where nobody says otherwise', () => {
    expect(readSessionDuration([settings({}), settings({})], fail)).toBe(43200);
  });

  it('is what the first section says that has it', () => {
    const all = [settings({}), settings({ session_duration_seconds: '129600' }), settings({ session_duration_seconds: '900' })];
    expect(readSessionDuration(all, fail)).toBe(129600);
  });

  it('names the section that has a wrong one', () => {
    const all = [settings({}, '[profile corp]'), settings({ session_duration_seconds: '60' }, '[rolekeeper ops]')];
    expect(() => readSessionDuration(all, fail)).toThrow(
      expect.objectContaining({ hint: 'change session_duration_seconds in [rolekeeper ops]' }),
    );
  });
});
