import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import type { Environment } from '../../src/ports/environment.ts';
import { refusalFrom } from './recipe-from.ts';

const roleArn = 'arn:aws:iam::222233334444:role/Dev';
const policy = '{"Version":"2012-10-17"}';
const policyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const endpoint = { region: 'us-east-1', useFips: false, useDualstack: false, useGlobal: false };

function resolve(config: string, profile = 'dev', credentials = '', env: Environment = {}): Recipe {
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile(credentials, 'credentials') };
  return resolveRecipe(parseProfileName(profile), files, env);
}

function profile(...lines: readonly string[]): string {
  return ['[profile dev]', `role_arn = ${roleArn}`, ...lines, ''].join('\n');
}

describe('web identity', () => {
  it('a token file makes the one hop, and no AssumeRole follows', () => {
    const recipe = resolve(
      profile('web_identity_token_file = /var/run/token', 'role_session_name = pod', 'duration_seconds = 7200'),
    );
    expect(recipe.keys).toBeUndefined();
    expect(recipe.hops).toStrictEqual([
      {
        kind: 'web-identity',
        token: { kind: 'file', path: '/var/run/token' },
        request: { roleArn, roleSessionName: 'pod', durationSeconds: 7200 },
        endpoint,
      },
    ]);
  });

  it('policies go along; nothing is sent that is not written, but the hour', () => {
    const token = 'web_identity_token_file = /t';
    const [bare, more] = [[], [`policy = ${policy}`, `policy_arns = ${policyArn}`]].map((lines) =>
      resolve(profile(token, ...lines)),
    );
    const hop = { kind: 'web-identity', token: { kind: 'file', path: '/t' }, endpoint };
    expect(bare?.hops).toStrictEqual([{ ...hop, request: { roleArn, durationSeconds: 3600 } }]);
    expect(more?.hops).toStrictEqual([{ ...hop, request: { roleArn, durationSeconds: 3600, policy, policyArns: [policyArn] } }]);
  });

  it('web_identity_token_process names a command instead, in a section of ours', () => {
    const config = `[rolekeeper dev]\nrole_arn = ${roleArn}\nweb_identity_token_process = gcloud auth print-identity-token\n`;
    expect(resolve(config).hops).toStrictEqual([
      {
        kind: 'web-identity',
        token: { kind: 'process', command: 'gcloud auth print-identity-token', namedIn: 'config' },
        request: { roleArn, durationSeconds: 3600 },
        endpoint,
      },
    ]);
  });

  // botocore's AssumeRoleProvider leaves such a profile to the web identity provider.
  it('the token wins over source_profile and over keys in the same profile, as in botocore', () => {
    const keys = '[dev]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n';
    const recipe = resolve(profile('source_profile = corp', 'web_identity_token_file = /t'), 'dev', keys);
    expect(recipe.hops.map(({ kind }) => kind)).toEqual(['web-identity']);
  });

  it('a role behind it is chained: an hour at most', () => {
    const far = '[profile far]\nrole_arn = arn:aws:iam::222233334444:role/Far\nsource_profile = dev\nduration_seconds = 7200\n';
    const { hops, notes } = resolve(`${profile('web_identity_token_file = /t')}${far}`, 'far');
    expect(hops).toMatchObject([{ kind: 'web-identity' }, { kind: 'role', request: { durationSeconds: 3600 } }]);
    expect(notes.join()).toContain('lowered to 3600');
  });

  it('what AssumeRoleWithWebIdentity does not take is noted, and is no part of the key id', () => {
    const [plain, more] = [
      resolve(profile('web_identity_token_file = /t')),
      resolve(
        profile(
          'web_identity_token_file = /t',
          'external_id = ext-1',
          'source_identity = me',
          'tags = a=b',
          'transitive_tag_keys = a',
          'mfa_serial = arn:aws:iam::123456789012:mfa/a',
        ),
      ),
    ];
    expect(more.notes).toEqual(
      ['external_id', 'source_identity', 'tags', 'transitive_tag_keys', 'mfa_serial'].map(
        (key) => `"dev": ${key} is not sent, AssumeRoleWithWebIdentity does not take it`,
      ),
    );
    expect(plain.notes).toEqual([]);
    expect(resolve(profile('web_identity_token_file = /t', 'role_session_name = me')).notes).toEqual([]);
    expect(stepsOf(more, 'rolekeeper-me')[0]?.id).toBe(stepsOf(plain, 'rolekeeper-me')[0]?.id);
  });

  it('a short life is noted, as for every role', () => {
    expect(resolve(profile('web_identity_token_file = /t', 'duration_seconds = 900')).notes.join()).toContain('900 is short');
  });

  // As under `aws --profile`: botocore takes them only where no profile is named.
  it("the environment's own web identity has no part in it", () => {
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: '/other', AWS_ROLE_ARN: `${roleArn}2`, AWS_ROLE_SESSION_NAME: 'other' };
    const config = profile('web_identity_token_file = /t');
    expect(resolve(config, 'dev', '', env)).toEqual(resolve(config));
  });

  it('another token file is another key id', () => {
    const id = (path: string) => stepsOf(resolve(profile(`web_identity_token_file = ${path}`)), 'rolekeeper-me')[0]?.id;
    expect(id('/a')).not.toBe(id('/b'));
  });

  it.each([
    [
      'no role',
      '[profile dev]\nweb_identity_token_file = /t\n',
      'it has web_identity_token_file but no role_arn',
      'add role_arn to [profile dev]',
    ],
    ...['t', '~/t'].map((path) => [
      `the path ${path}`,
      profile(`web_identity_token_file = ${path}`),
      'web_identity_token_file: it is not an absolute path',
      'write it out in [profile dev]',
    ]),
    [
      'a file and a process',
      profile('web_identity_token_file = /t', 'web_identity_token_process = x'),
      'it has both web_identity_token_file and web_identity_token_process',
      'remove one of them from [profile dev]',
    ],
  ])('%s is refused', (_what, config, problem, hint) => {
    expect(refusalFrom(config)).toStrictEqual([`profile "dev": ${problem}`, hint]);
  });
});

describe('SAML', () => {
  const provider = 'arn:aws:iam::222233334444:saml-provider/office';

  it('saml_process makes the one hop; the assertion gives what is not written', () => {
    expect(resolve(profile('saml_process = get-assertion')).hops).toStrictEqual([
      { kind: 'saml', command: 'get-assertion', namedIn: 'config', request: { roleArn }, endpoint },
    ]);
  });

  it('the provider, a duration and policies may be written', () => {
    const lines = [
      `saml_principal_arn = ${provider}`,
      'duration_seconds = 7200',
      `policy = ${policy}`,
      `policy_arns = ${policyArn}`,
    ];
    expect(resolve(profile('saml_process = get-assertion', ...lines)).hops).toStrictEqual([
      {
        kind: 'saml',
        command: 'get-assertion',
        namedIn: 'config',
        principalArn: provider,
        request: { roleArn, durationSeconds: 7200, policy, policyArns: [policyArn] },
        endpoint,
      },
    ]);
  });

  it('role_session_name is noted: the assertion names the session', () => {
    expect(resolve(profile('saml_process = get-assertion', 'role_session_name = me', 'external_id = ext-1')).notes).toEqual([
      '"dev": external_id is not sent, AssumeRoleWithSAML does not take it',
      '"dev": role_session_name is not sent, AssumeRoleWithSAML does not take it',
    ]);
  });

  it.each([
    ['no role', '[profile dev]\nsaml_process = x\n', 'it has saml_process but no role_arn', 'add role_arn to [profile dev]'],
    [
      'no provider',
      profile('saml_process = x', 'saml_principal_arn = office'),
      `saml_principal_arn: "office" is not a provider's ARN, as arn:aws:iam::123456789012:saml-provider/NAME`,
      'change saml_principal_arn in [profile dev]',
    ],
    [
      'a duration that is none',
      profile('saml_process = x', 'duration_seconds = 1'),
      'duration_seconds: "1" is not a number of seconds from 900 to 43200',
      'change duration_seconds in [profile dev]',
    ],
  ])('%s is refused', (_what, config, problem, hint) => {
    expect(refusalFrom(config)).toStrictEqual([`profile "dev": ${problem}`, hint]);
  });
});
