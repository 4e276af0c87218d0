// The text of a pair and of a twin, character for character: which line and which comment goes where.

import { describe, expect, it } from 'vitest';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { recipeSettings } from '../../src/config/profile-settings.ts';
import { addTwin, applyChanges, hasRole, movedKeys, refuseTaken, splitProfile } from '../../src/config/role-pair.ts';
import { AppError } from '../../src/errors.ts';

const dev = parseProfileName('dev');
const process = '/bin/rolekeeper get dev';
const line = `credential_process = ${process}`;
const byHand = 'change that place by hand, then run the command again';

function split(text: string): string {
  const scanned = scanLines(text, 'config');
  return applyChanges(scanned, [splitProfile(scanned, dev, process)]);
}

function twin(text: string, region?: string): string {
  const scanned = scanLines(text, 'config');
  return applyChanges(scanned, [addTwin(scanned, dev, { twin: parseProfileName('dev-rk'), process, region })]);
}

function refusalOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof AppError ? [error.code, error.message, error.hint] : error;
  }
}

/** Lines, as a file has them. */
function file(...lines: readonly string[]): string {
  return lines.map((each) => `${each}\n`).join('');
}

describe('hasRole', () => {
  it.each([
    [['role_arn'], true],
    [['sso_account_id'], true],
    [['sso_role_name'], true],
    [['sso_session', 'source_profile', 'region'], false],
    [[], false],
  ])('with %j is %j', (keys, expected) => {
    expect(hasRole(new Set(keys))).toBe(expected);
  });

  it('is false where there is no section', () => {
    expect(hasRole(undefined)).toBe(false);
  });
});

describe('the settings that move', () => {
  it('are those of a recipe that an ordinary role may have, and the scopes of a sign-in, which the AWS CLI writes', () => {
    expect([...movedKeys].sort()).toStrictEqual([
      'credential_source',
      'duration_seconds',
      'external_id',
      'interactive',
      'keys',
      'mfa_process',
      'mfa_serial',
      'policy',
      'policy_arns',
      'role_arn',
      'role_session_name',
      'saml_principal_arn',
      'saml_process',
      'session',
      'session_duration_seconds',
      'session_tags',
      'source_identity',
      'source_profile',
      'sso_account_id',
      'sso_region',
      'sso_registration_scopes',
      'sso_role_name',
      'sso_session',
      'sso_start_url',
      'tags',
      'transitive_session_tags',
      'transitive_tag_keys',
      'web_identity_token_file',
      'web_identity_token_process',
    ]);
    expect([...movedKeys].filter((key) => !recipeSettings.has(key))).toStrictEqual(['sso_registration_scopes']);
  });
});

describe('refuseTaken', () => {
  it('takes a profile without a recipe', () => {
    expect(refuseTaken(scanLines('[profile dev]\n[rolekeeper other]\n', 'config'), dev)).toBeUndefined();
  });

  it('refuses one that has a recipe, with its header as it is written', () => {
    expect(refusalOf(() => refuseTaken(scanLines('[x]\n[rolekeeper "dev"]\n', 'config'), dev))).toStrictEqual([
      'edit-refused',
      'will not edit config:2: there is a section [rolekeeper "dev"] already',
      byHand,
    ]);
  });
});

describe('splitProfile', () => {
  it.each([
    [
      'nothing stays but the header',
      file('[profile dev]', 'role_arn = r', 'source_profile = corp'),
      file('[profile dev]', line, '', '[rolekeeper dev]', 'role_arn = r', 'source_profile = corp'),
    ],
    [
      'what stays is above',
      file('[profile dev]', 'region = x', 'role_arn = r'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r'),
    ],
    [
      'what stays is below',
      file('[profile dev]', 'role_arn = r', 'region = x'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r'),
    ],
    [
      'what stays is between',
      file('[profile dev]', 'role_arn = r', 'region = x', 'mfa_serial = s'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r', 'mfa_serial = s'),
    ],
    [
      'a comment goes with the line below it',
      file('[profile dev]', '# r', '; r2', 'role_arn = r', '# x', 'region = x', '# s', 'mfa_serial = s'),
      file(
        '[profile dev]',
        '# x',
        'region = x',
        line,
        '',
        '[rolekeeper dev]',
        '# r',
        '; r2',
        'role_arn = r',
        '# s',
        'mfa_serial = s',
      ),
    ],
    [
      'also where none stays',
      file('[profile dev]', '# r', 'role_arn = r', '# s', 'mfa_serial = s'),
      file('[profile dev]', line, '', '[rolekeeper dev]', '# r', 'role_arn = r', '# s', 'mfa_serial = s'),
    ],
    [
      'a comment apart from the line below it stays',
      file('[profile dev]', '# apart', '', '# r', 'role_arn = r', 'region = x'),
      file('[profile dev]', '# apart', '', 'region = x', line, '', '[rolekeeper dev]', '# r', 'role_arn = r'),
    ],
    [
      'a comment below the header stays where nothing else does',
      file('[profile dev]', '# apart', '', 'role_arn = r'),
      file('[profile dev]', '# apart', line, '', '[rolekeeper dev]', 'role_arn = r'),
    ],
    [
      'what is between two lines that go goes as well',
      file('[profile dev]', 'role_arn = r', '# a', '', '# b', 'mfa_serial = s', 'region = x'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r', '# a', '', '# b', 'mfa_serial = s'),
    ],
    [
      'a comment below the last line that stays is its own',
      file('[profile dev]', 'role_arn = r', 'region = x', '# own', '', '# not'),
      file('[profile dev]', 'region = x', line, '# own', '', '[rolekeeper dev]', 'role_arn = r', '', '# not'),
    ],
    [
      'a comment below the last line that goes is not in the way',
      file('[profile dev]', 'region = x', 'role_arn = r', '# below', '', '[profile x]'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r', '# below', '', '[profile x]'),
    ],
    [
      'a comment right above the next header is of that',
      file('[profile dev]', 'role_arn = r', 'region = x', '# of x', '[profile x]'),
      file('[profile dev]', 'region = x', line, '', '[rolekeeper dev]', 'role_arn = r', '# of x', '[profile x]'),
    ],
    [
      'a comment at the end of the file is of the last line',
      file('[profile dev]', 'role_arn = r', 'region = x', '# end'),
      file('[profile dev]', 'region = x', line, '# end', '', '[rolekeeper dev]', 'role_arn = r'),
    ],
    [
      'a blank line that is there already parts the two sections',
      file('[profile dev]', 'region = x', '  ', 'role_arn = r'),
      file('[profile dev]', 'region = x', line, '  ', '[rolekeeper dev]', 'role_arn = r'),
    ],
    [
      'a line is as far in as the one above it',
      file('[profile dev]', '    role_arn = r', '  region = x', 'mfa_serial = s'),
      file('[profile dev]', '  region = x', `  ${line}`, '', '[rolekeeper dev]', '    role_arn = r', 'mfa_serial = s'),
    ],
    [
      'a line is as far in as those that go, where none stays',
      file('[profile dev]', '  role_arn = r', '  mfa_serial = s'),
      file('[profile dev]', `  ${line}`, '', '[rolekeeper dev]', '  role_arn = r', '  mfa_serial = s'),
    ],
    [
      'the default profile keeps its short header',
      file('[profile x]', '', '[profile dev]', 'role_arn = r', '[default]'),
      file('[profile x]', '', '[profile dev]', line, '', '[rolekeeper dev]', 'role_arn = r', '[default]'),
    ],
    [
      'a line that runs rolekeeper keeps its place',
      file('[profile dev]', '# r', 'role_arn = r', 'credential_process  =  /old get dev  ', 'region = x'),
      file('[profile dev]', `credential_process  =  ${process}  `, 'region = x', '', '[rolekeeper dev]', '# r', 'role_arn = r'),
    ],
    [
      'a line that runs rolekeeper, before what goes',
      file('[profile dev]', 'region = x', 'credential_process=/old', 'role_arn = r', 'output = json', 'mfa_serial = s'),
      file(
        '[profile dev]',
        'region = x',
        `credential_process=${process}`,
        'output = json',
        '',
        '[rolekeeper dev]',
        'role_arn = r',
        'mfa_serial = s',
      ),
    ],
    [
      'settings of many lines are moved, and left, whole',
      file('[profile dev]', 's3 =', '  a = b', 'policy = {', '  }', 'role_arn = r'),
      file('[profile dev]', 's3 =', '  a = b', line, '', '[rolekeeper dev]', 'policy = {', '  }', 'role_arn = r'),
    ],
  ])('%s', (_what, text, after) => {
    expect(split(text)).toBe(after);
    expect(split(text.replaceAll('\n', '\r\n'))).toBe(after.replaceAll('\n', '\r\n'));
    expect(split(text.slice(0, -1))).toBe(after.slice(0, -1));
    expect(split(`\ufeff# top\n\n${text}`)).toBe(`\ufeff# top\n\n${after}`);
  });

  it('says which whole lines give way to which', () => {
    const text = file('[x]', '[profile dev] # d', 'role_arn = r', '', '[y]');
    const { mean: _mean, ...change } = splitProfile(scanLines(text, 'config'), dev, process);
    expect(change).toStrictEqual({
      profile: 'dev',
      from: 'dev',
      start: 4,
      before: '[profile dev] # d\nrole_arn = r',
      after: `[profile dev] # d\n${line}\n\n[rolekeeper dev]\nrole_arn = r`,
      line: 2,
    });
  });

  it.each([
    ['no such profile', file('[x]', '[profile y]'), 'config:1: "dev" has no role_arn there'],
    ['a profile without a role', file('[x]', '[profile dev]', 'region = x'), 'config:2: "dev" has no role_arn there'],
    [
      'a recipe of that name',
      file('[profile dev]', 'role_arn = r', '[rolekeeper dev]'),
      'config:3: there is a section [rolekeeper dev] already',
    ],
    [
      'a line of its own that goes on below',
      file('[profile dev]', 'role_arn = r', 'credential_process = a', '  b'),
      'config:3: "credential_process" has several lines',
    ],
  ])('refuses %s', (_what, text, problem) => {
    expect(refusalOf(() => split(text))).toStrictEqual(['edit-refused', `will not edit ${problem}`, byHand]);
  });
});

describe('addTwin', () => {
  const head = ['[profile dev-rk]', line];
  it.each([
    ['right behind the profile', file('[profile dev]', 'role_arn = r'), file('[profile dev]', 'role_arn = r', '', ...head)],
    [
      'before the next one',
      file('[profile dev]', 'role_arn = r', '', '[x]'),
      file('[profile dev]', 'role_arn = r', '', ...head, '', '[x]'),
    ],
    [
      'behind comments below the last setting',
      file('[profile dev]', 'role_arn = r', '# own', '', '# not', '[x]'),
      file('[profile dev]', 'role_arn = r', '# own', '', ...head, '', '# not', '[x]'),
    ],
    [
      'before comments of the next header',
      file('[profile dev]', 'role_arn = r', '# of x', '[x]'),
      file('[profile dev]', 'role_arn = r', '', ...head, '# of x', '[x]'),
    ],
    [
      'as far in as the settings that stay there',
      file('[profile dev]', ' role_arn = r', ' region = x', ' mfa_serial = s'),
      file('[profile dev]', ' role_arn = r', ' region = x', ' mfa_serial = s', '', '[profile dev-rk]', ` ${line}`),
    ],
  ])('%s', (_where, text, after) => {
    expect(twin(text)).toBe(after);
    expect(twin(text.replaceAll('\n', '\r\n'))).toBe(after.replaceAll('\n', '\r\n'));
    expect(twin(text.slice(0, -1))).toBe(after.slice(0, -1));
    expect(twin(text, 'eu-west-1')).toBe(after.replace(/( ?)credential_process/, '$1region = eu-west-1\n$1credential_process'));
  });

  it('says where it goes', () => {
    const scanned = scanLines(file('[x]', '[profile dev]', 'role_arn = r', '[y]'), 'config');
    const { mean: _mean, ...change } = addTwin(scanned, dev, { twin: parseProfileName('dev rk'), process, region: 'z' });
    expect(change).toStrictEqual({
      profile: 'dev rk',
      from: 'dev',
      start: 30,
      before: '',
      after: `\n\n[profile "dev rk"]\nregion = z\n${line}`,
      line: 2,
    });
  });

  it.each([
    ['no such profile', file('[x]'), 'config:1: "dev" has no role_arn there', byHand],
    [
      'a twin that is there',
      file('[profile dev]', 'role_arn = r', '[profile dev-rk]'),
      'config:3: there is a profile "dev-rk" already',
      'choose another suffix',
    ],
  ])('refuses %s', (_what, text, problem, hint) => {
    expect(refusalOf(() => twin(text))).toStrictEqual(['edit-refused', `will not edit ${problem}`, hint]);
  });
});

describe('applyChanges', () => {
  const text = file('[profile ops]', 'role_arn = r', '[profile dev]', 'role_arn = r');
  const scanned = scanLines(text, 'config');
  const ops = parseProfileName('ops');

  it('makes all changes, in whatever order they come', () => {
    const changes = [splitProfile(scanned, ops, 'x get ops'), splitProfile(scanned, dev, process)];
    const after = file(
      ...['[profile ops]', 'credential_process = x get ops', '', '[rolekeeper ops]', 'role_arn = r'],
      ...['[profile dev]', line, '', '[rolekeeper dev]', 'role_arn = r'],
    );
    expect(applyChanges(scanned, changes)).toBe(after);
    expect(applyChanges(scanned, changes.toReversed())).toBe(after);
  });

  it('without changes gives the text', () => {
    expect(applyChanges(scanned, [])).toBe(text);
  });

  it('refuses what would say anything but what is meant, with the line of the first', () => {
    const change = splitProfile(scanned, dev, process);
    expect(refusalOf(() => applyChanges(scanned, [{ ...change, mean: () => undefined }]))).toStrictEqual([
      'edit-refused',
      'will not edit config:3: the lines around it would be read differently afterwards',
      byHand,
    ]);
  });
});
