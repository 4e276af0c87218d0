import { describe, expect, it } from 'vitest';
import { readEntry, wayIn } from '../../src/config/ways-in.ts';
import { failPlainly as fail, filesOf, settingsFrom, wordsOf } from './recipe-from.ts';

const role = 'role_arn = R\n';
const keys = 'aws_access_key_id = AKIA\naws_secret_access_key = secret\n';
const profile = (lines: string) => `[profile dev]\n${lines}`;
const ours = (lines: string) => `[rolekeeper dev]\n${lines}`;

function wayOf(config: string, { isSource = false, credentials = '' } = {}) {
  return wayIn(settingsFrom(config, { credentials }), { isSource, fail });
}

describe('wayIn of a role', () => {
  it.each([
    ['', 'role'],
    ['source_profile = corp\n', 'role'],
    ['credential_source = Environment\n', 'environment'],
    ['credential_source = Ec2InstanceMetadata\n', 'machine'],
    ['credential_source = environment\n', 'machine'],
    ['web_identity_token_file = /t\n', 'web-identity'],
    ['web_identity_token_process = print\n', 'web-identity'],
    ['saml_process = print\n', 'saml'],
    ['certificate = /c\n', 'certificate'],
    ['trust_anchor_arn = A\n', 'certificate'],
    ['web_identity_token_file = /t\nsaml_process = print\n', 'web-identity'],
    ['saml_process = print\ncredential_source = Environment\nsource_profile = corp\n', 'saml'],
    ['sso_account_id = 1\ncredential_process = print\nlogin_session = A\n', 'role'],
  ])('with %j is %s, in either kind of section', (lines, way) => {
    expect([wayOf(profile(role + lines)), wayOf(ours(role + lines))]).toEqual([way, way]);
  });

  it('with keys beside it is still of the role, unless another profile names it as its source', () => {
    expect(wayOf(profile(role + keys))).toBe('role');
    expect(wayOf(profile(role + keys), { isSource: true })).toBe('keys');
    expect(wayOf(profile(role), { isSource: true })).toBe('role');
    expect(wayOf(`${ours(role)}${profile(keys)}`, { isSource: true })).toBe('role');
    expect(wayOf(profile(`${role}${keys}credential_source = Environment\n`), { isSource: true })).toBe('keys');
    expect(wayOf(profile(`${role}${keys}saml_process = print\n`), { isSource: true })).toBe('saml');
  });
});

describe('wayIn without a role', () => {
  it.each([
    ['', 'keys', 'keys'],
    ['sso_account_id = 1\n', 'identity-center', 'identity-center'],
    ['sso_role_name = Admin\n', 'identity-center', 'identity-center'],
    ['sso_session = corp\n', 'identity-center', 'keys'],
    ['sso_start_url = U\n', 'identity-center', 'keys'],
    ['sso_region = r\n', 'keys', 'keys'],
    ['login_session = A\n', 'console', 'keys'],
    ['credential_process = print\n', 'process', 'keys'],
    ['login_session = A\ncredential_process = print\n', 'console', 'keys'],
    ['login_session = A\ncredential_process = print\nkeys = mine\n', 'keys', 'keys'],
    ['sso_account_id = 1\nkeys = mine\n', 'identity-center', 'identity-center'],
    ['credential_source = Environment\n', 'keys', 'keys'],
    [`${keys}login_session = A\n`, 'console', 'keys'],
    [`${keys}sso_session = corp\n`, 'keys', 'keys'],
  ])('with %j is %s, and with keys in the credentials file %s', (lines, way, withKeys) => {
    expect(wayOf(profile(lines))).toBe(way);
    expect(wayOf(profile(lines), { credentials: `[dev]\n${keys}` })).toBe(withKeys);
  });

  it.each([
    ['credential_process = print\n', 'process'],
    ['credential_process = print\nkeys = mine\n', 'process'],
    ['credential_process = print\nlogin_session = A\n', 'process'],
    ['credential_process = print\nsso_role_name = Admin\n', 'identity-center'],
    ['login_session = A\n', 'keys'],
    ['', 'keys'],
  ])('in a section of ours with %j is %s, whatever keys are in a file', (lines, way) => {
    expect(wayOf(ours(lines), { credentials: `[dev]\n${keys}` })).toBe(way);
  });
});

describe('wayIn refuses', () => {
  it.each([
    [
      profile(`${role}source_profile = corp\ncredential_source = Environment\n`),
      'it has both source_profile and credential_source',
      'remove one of them from [profile dev]',
    ],
    ...['web_identity_token_file', 'web_identity_token_process', 'saml_process', 'certificate', 'trust_anchor_arn'].flatMap(
      (key) =>
        ['profile', 'rolekeeper'].map((kind) => [
          `[${kind} dev]\n${key} = /x\n`,
          `it has ${key} but no role_arn`,
          `add role_arn to [${kind} dev]`,
        ]),
    ),
    [ours('credential_source = Environment\n'), 'it has credential_source but no role_arn', 'add role_arn to [rolekeeper dev]'],
  ])('%j: %s', (config, problem, hint) => {
    expect(wordsOf(() => wayOf(config))).toStrictEqual([problem, hint]);
  });
});

describe('readEntry', () => {
  const endpoint = { region: 'us-east-1', useFips: false, useDualstack: false, useGlobal: false };
  const read = (way: 'console' | 'process', config: string, name = 'dev') =>
    readEntry(way, settingsFrom(config, { profile: name }), { files: filesOf(config), env: {}, fail, endpoint, notes: [] });

  it('reads the line of another program, and the file that it stands in', () => {
    expect(read('process', profile('credential_process = print --all\n'))).toStrictEqual({
      kind: 'process',
      command: 'print --all',
      namedIn: 'config',
    });
  });

  it.each(['dev', 'a.b/c+d@e:f=g,h-i_j'])('reads a console sign-in of %s', (name) => {
    expect(read('console', `[profile ${name}]\nlogin_session = arn:one\n`, name)).toStrictEqual({
      kind: 'console',
      loginSession: 'arn:one',
    });
  });

  it.each(['my dev', '$(id)', 'dev;', ';dev'])('refuses a console sign-in of %j', (name) => {
    expect(wordsOf(() => read('console', `[profile "${name}"]\nlogin_session = A\n`, name))).toStrictEqual([
      'its name holds characters that a shell would read',
      `rename [profile ${name}], then \`aws login\` anew`,
    ]);
  });

  it('refuses a console sign-in in a section that the AWS CLI does not read', () => {
    expect(wordsOf(() => read('console', ours('login_session = A\n')))).toStrictEqual([
      'login_session stands in [rolekeeper dev], where the AWS CLI does not see it',
      'put it into a profile of its own, and name that one as source_profile, or run it as `rolekeeper get`',
    ]);
  });
});
