import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { needsCode, type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { AppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';

const serial = 'arn:aws:iam::123456789012:mfa/alice';
const alice = 'arn:aws:iam::123456789012:user/team/alice';
const keysFile =
  '[corp]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n';

function arn(name: string): string {
  return `arn:aws:iam::222233334444:role/${name}`;
}

function resolve(
  profile: string,
  config: string,
  { credentials = keysFile, env = {}, path = 'config' }: { credentials?: string; env?: Environment; path?: string } = {},
): Recipe {
  const files = { config: parseConfigFile(config, path), credentials: parseCredentialsFile(credentials, 'credentials') };
  return resolveRecipe(parseProfileName(profile), files, env);
}

function failure(profile: string, config: string, credentials = keysFile): AppError {
  try {
    resolve(profile, config, { credentials });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was resolved');
}

function role(name: string, more = ''): string {
  return `[profile ${name}]\nrole_arn = ${arn(name)}\nsource_profile = corp\n${more}\n`;
}

function shape({ hops }: Recipe): readonly string[] {
  return hops.map((hop) => {
    const mfa = needsCode(hop) ? '+mfa' : '';
    if (hop.kind === 'session') return `session${mfa} ${hop.durationSeconds}`;
    return hop.kind !== 'role' ? hop.kind : `${hop.request.roleArn.split('/').at(-1)}${mfa} ${hop.request.durationSeconds}`;
  });
}

describe('resolveRecipe: hops', () => {
  it('a role without MFA is assumed directly from the keys, for as long as it asks', () => {
    expect(shape(resolve('dev', role('dev', 'duration_seconds = 43200')))).toEqual(['dev 43200']);
  });

  it("a role with MFA starts from the day's session", () => {
    expect(shape(resolve('dev', role('dev', `mfa_serial = ${serial}`)))).toEqual(['session+mfa 43200', 'dev 3600']);
  });

  it('mfa_serial on the source counts for its roles', () => {
    expect(shape(resolve('dev', `${role('dev')}[profile corp]\nmfa_serial = ${serial}\n`))).toEqual([
      'session+mfa 43200',
      'dev 3600',
    ]);
  });

  it('a role with MFA and more than an hour takes the code itself', () => {
    const recipe = resolve('dev', `${role('dev', 'duration_seconds = 7200')}[profile corp]\nmfa_serial = ${serial}\n`);
    expect(shape(recipe)).toEqual(['dev+mfa 7200']);
    expect(recipe.loginTarget).toBe('dev');
  });

  it('a chain of roles is followed to the keys', () => {
    const recipe = resolve('r0', longChain(20));
    expect(recipe.hops).toHaveLength(19);
    expect(shape(recipe).at(0)).toBe('r18 3600');
    expect(shape(recipe).at(-1)).toBe('r0 3600');
    expect(recipe.chain).toHaveLength(20);
  });

  it('a role behind a role or a session is lowered to one hour, with a note', () => {
    const config = `${role('a', 'duration_seconds = 7200')}[profile b]\nrole_arn = ${arn('b')}\nsource_profile = a\nduration_seconds = 7200\n`;
    const recipe = resolve('b', config);
    expect(shape(recipe)).toEqual(['a 7200', 'b 3600']);
    expect(recipe.notes.join()).toContain('"b": duration_seconds 7200 lowered to 3600');
  });

  it('a role of 900 seconds is noted, since the AWS CLI is never content with it', () => {
    expect(resolve('dev', role('dev', 'duration_seconds = 900')).notes.join()).toContain('900 is short');
  });

  it('a profile of keys gives a session, and its keys only when it says session = none', () => {
    expect(shape(resolve('corp', ''))).toEqual(['session 43200']);
    expect(shape(resolve('corp', `[rolekeeper corp]\nmfa_serial = ${serial}\nsession_duration_seconds = 129600\n`))).toEqual([
      'session+mfa 129600',
    ]);
    expect(shape(resolve('corp', '[rolekeeper corp]\nsession = none\n'))).toEqual([]);
  });

  it('without sessions, a role with MFA takes the code itself whatever its duration', () => {
    expect(shape(resolve('dev', `${role('dev')}[rolekeeper corp]\nsession = none\nmfa_serial = ${serial}\n`))).toEqual([
      'dev+mfa 3600',
    ]);
  });

  it('temporary keys in the file make no session, and chain what follows', () => {
    const recipe = resolve('dev', role('dev', 'duration_seconds = 7200'), {
      credentials: `${keysFile}aws_session_token = tok\n`,
    });
    expect(shape(recipe)).toEqual(['dev 3600']);
  });

  it('a role may be its own source, where its section has keys', () => {
    const credentials = '[dev]\naws_access_key_id = AKIA\naws_secret_access_key = s\n';
    expect(shape(resolve('dev', `[profile dev]\nrole_arn = ${arn('dev')}\nsource_profile = dev\n`, { credentials }))).toEqual([
      'dev 3600',
    ]);
  });

  // botocore: "the static credentials will otherwise take precedence". We assumed the role between, or refused the profile for its sources.
  it('keys of a source come before its role, however that role would start', () => {
    const credentials = '[mid]\naws_access_key_id = AKIA\naws_secret_access_key = s\n';
    const mid = (more: string) => `${role('top').replace('corp', 'mid')}[profile mid]\nrole_arn = ${arn('mid')}\n${more}`;
    for (const more of ['source_profile = corp\n', 'source_profile = top\n', 'source_profile = nobody\n', '']) {
      expect(shape(resolve('top', mid(more), { credentials })), more).toEqual(['top 3600']);
    }
    expect(shape(resolve('top', mid('web_identity_token_file = /t\n'), { credentials }))).toEqual(['web-identity', 'top 3600']);
    expect(shape(resolve('mid', mid('source_profile = corp\n'), { credentials: keysFile + credentials }))).toEqual(['mid 3600']);
  });

  // botocore's order: credentials file, console sign-in, other program, config file. We took keys of either file first.
  it('keys come before a sign-in and another program in the credentials file, and after them in the config file', () => {
    const keys = 'aws_access_key_id = AKIA\naws_secret_access_key = s\n';
    const started = (more: string, credentials = '') => shape(resolve('dev', `[profile dev]\n${more}`, { credentials }))[0];
    for (const [setting, way] of [
      ['login_session = arn\n', 'console'],
      ['credential_process = /usr/bin/other\n', 'process'],
    ]) {
      expect(started(`${setting}${keys}`)).toBe(way);
      expect(started(`${setting}`, `[dev]\n${keys}`)).toBe('session 43200');
    }
    expect(started(keys)).toBe('session 43200');
    expect(started(`sso_session = corp\n${keys}`)).toBe('session 43200');
  });

  it('sources that no role asks for contradict nothing', () => {
    const both = '[profile corp]\nsource_profile = dev\ncredential_source = Environment\n';
    expect(shape(resolve('corp', both))).toEqual(['session 43200']);
  });

  it('temporary keys may have their token under its older name', () => {
    const { keys } = resolve('dev', role('dev'), {
      credentials: `${keysFile}aws_security_token = old\naws_session_token = new\n`,
    });
    expect(keys?.plaintext?.sessionToken?.reveal()).toBe('old');
  });

  it('an alias profile has the recipe of the profile it asks for', () => {
    const recipe = resolve('twin', `${role('dev')}[profile twin]\ncredential_process = "/opt/bin/rolekeeper" get dev\n`);
    expect(shape(recipe)).toEqual(['dev 3600']);
  });

  it('a source that is on rolekeeper itself is followed by its recipe section', () => {
    const config = `[profile a]\ncredential_process = /x/rolekeeper get a\n[rolekeeper a]\nrole_arn = ${arn('a')}\nsource_profile = corp\n[profile b]\nrole_arn = ${arn('b')}\nsource_profile = a\n`;
    expect(shape(resolve('b', config))).toEqual(['a 3600', 'b 3600']);
  });
});

describe('resolveRecipe: sections', () => {
  it('[rolekeeper X] wins whole; [profile X] gives only region, endpoint, services and CA keys', () => {
    const config = `[profile dev]\nregion = eu-central-1\nca_bundle = /ca.pem\nrole_arn = ${arn('old')}\nexternal_id = old\nmfa_serial = ${serial}\n[rolekeeper dev]\nrole_arn = ${arn('new')}\nsource_profile = corp\n`;
    const recipe = resolve('dev', config);
    expect(recipe.hops).toMatchObject([{ request: { roleArn: arn('new') }, endpoint: { region: 'eu-central-1' } }]);
    expect(recipe.hops[0]?.kind === 'role' && recipe.hops[0].request.externalId).toBe(undefined);
    expect(recipe.network.caBundle).toBe('/ca.pem');
  });

  it('keys = NAME names the keys in the store', () => {
    expect(resolve('corp', '[rolekeeper corp]\nkeys = corp-alice\n').keys?.name).toBe('corp-alice');
  });

  it('the region comes from the recipe, then its source, then the environment; the session knows no environment', () => {
    const source = `[profile corp]\nmfa_serial = ${serial}\n`;
    const regions = (config: string, env: Environment = {}) =>
      resolve('dev', config, { env }).hops.map((hop) => ('endpoint' in hop ? hop.endpoint.region : undefined));
    expect(regions(role('dev', 'region = eu-west-3') + source)).toEqual(['us-east-1', 'eu-west-3']);
    expect(regions(`${role('dev')}${source}region = eu-west-2\n`)).toEqual(['eu-west-2', 'eu-west-2']);
    expect(regions(role('dev') + source, { AWS_REGION: 'ap-south-1' })).toEqual(['us-east-1', 'ap-south-1']);
  });

  it('all parameters of AssumeRole reach the request', () => {
    const config = role(
      'dev',
      'external_id = ext-1\nrole_session_name = me\nsource_identity = alice\npolicy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess\ntags = team=core, cost=7\ntransitive_tag_keys = team\npolicy = {"Version":"2012-10-17"}',
    );
    expect(resolve('dev', config).hops).toMatchObject([
      {
        request: {
          externalId: 'ext-1',
          roleSessionName: 'me',
          sourceIdentity: 'alice',
          policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
          tags: { team: 'core', cost: '7' },
          transitiveTagKeys: ['team'],
          policy: '{"Version":"2012-10-17"}',
        },
      },
    ]);
  });
});

function longChain(profiles: number): string {
  const names = Array.from({ length: profiles - 1 }, (_nothing, index) => `r${index}`);
  return names
    .map((name, index) => `[profile ${name}]\nrole_arn = ${arn(name)}\nsource_profile = ${names[index + 1] ?? 'corp'}\n`)
    .join('');
}

describe('resolveRecipe: refusals', () => {
  // 3,000 of them took a `get` past its deadline and made an error of 20 kB.
  it('refuses a chain of more than 20 profiles in a short line, and takes one of 20', () => {
    expect(resolve('r0', longChain(20)).chain).toHaveLength(20);
    for (const profiles of [21, 3_000]) {
      const error = failure('r0', longChain(profiles));
      expect(error).toMatchObject({ code: 'recipe-invalid', hint: 'change source_profile of "r0"' });
      expect(error.message).toBe(
        'profile "r0" (r0 → r1 → r2 → … → r19 → XX): its sources are a chain of more than 20 profiles'.replace(
          'XX',
          profiles === 21 ? 'corp' : 'r20',
        ),
      );
    }
  });

  it.each([
    [
      'a circle',
      '[profile a]\nrole_arn = R\nsource_profile = b\n[profile b]\nrole_arn = R\nsource_profile = a\n',
      'a',
      /\(a → b → a\): its sources form a circle/,
    ],
    ['its own source without keys', '[profile a]\nrole_arn = R\nsource_profile = a\n', 'a', /circle/],
    [
      'a missing source',
      '[profile a]\nrole_arn = R\nsource_profile = nobody\n',
      'a',
      /\(a → nobody\): its source "nobody" does not exist/,
    ],
    // It ended with the exit status of a wrong command line.
    [
      'a source that nothing can be called',
      '[profile a]\nrole_arn = R\nsource_profile = b\x07\n',
      'a',
      /"b\\u0007" cannot be a profile name/,
    ],
    ['no source', '[profile a]\nrole_arn = R\n', 'a', /role_arn but no source_profile/],
    [
      'two kinds of source',
      '[profile a]\nrole_arn = R\nsource_profile = corp\ncredential_source = Environment\n',
      'a',
      /both source_profile and credential_source/,
    ],
    ['a passkey', role('a', 'mfa_serial = arn:aws:iam::123456789012:u2f/user/alice/key'), 'a', /key/],
    ['a bad role ARN', '[profile a]\nrole_arn = nonsense\nsource_profile = corp\n', 'a', /role_arn/],
    ['a duration over the limit', role('a', 'duration_seconds = 43201'), 'a', /duration_seconds/],
    ['a region that is no host label', role('a', 'region = evil.example/'), 'a', /region/],
    ['Identity Center', '[profile a]\nsso_session = s\n', 'a', /IAM Identity Center/],
    [
      'a console sign-in where the AWS CLI does not see it',
      '[rolekeeper a]\nlogin_session = arn\n',
      'a',
      /login_session stands in \[rolekeeper a\]/,
    ],
    [
      'a console sign-in with a name for shells',
      '[profile $(id)]\nlogin_session = arn\n',
      '$(id)',
      /characters that a shell would read/,
    ],
    ['a recipe that is an alias of itself', '[rolekeeper a]\ncredential_process = rolekeeper get a\n', 'a', /circle/],
  ])('resolveRecipe refuses %s and says so', (_what, config, profile, words) => {
    const error = failure(profile, config);
    expect(error.code).toBe('recipe-invalid');
    expect(error.message).toMatch(words);
    expect(error.exitStatus).toBe(3);
    expect(error.hint).toBeTruthy();
  });

  it('resolveRecipe calls an unknown profile unknown', () => {
    expect(failure('nobody', role('dev'))).toMatchObject({ code: 'profile-unknown', exitStatus: 3 });
  });
});

describe("another tool's credential_process", () => {
  const line = 'credential_process = /usr/bin/other --as alice';
  const hop = { kind: 'process', command: '/usr/bin/other --as alice', namedIn: 'config' };

  it.each([
    ['of an ordinary profile', `[profile a]\n${line}\n`, [hop]],
    [
      'of a recipe section, over what its profile runs',
      `[profile a]\ncredential_process = rolekeeper get a\n[rolekeeper a]\n${line}\n`,
      [hop],
    ],
    [
      'of a recipe section, over keys in a file',
      `[profile a]\naws_access_key_id = K\naws_secret_access_key = S\n[rolekeeper a]\n${line}\n`,
      [hop],
    ],
    ['of the profile that an alias names', `[profile a]\ncredential_process = rolekeeper get b\n[profile b]\n${line}\n`, [hop]],
    ['of the source of a role', `${role('a').replace('corp', 'b')}[profile b]\n${line}\n`, [hop, { kind: 'role' }]],
  ])('resolveRecipe starts from that %s', (_where, config, hops) => {
    const recipe = resolve('a', config);
    expect(recipe.hops).toMatchObject(hops);
    expect([recipe.keys, recipe.hops.length]).toEqual([undefined, hops.length]);
  });

  it('resolveRecipe starts from a console sign-in, also for a role', () => {
    const hop = { kind: 'console', loginSession: 'arn:aws:iam::123456789012:user/alice' };
    const config = `[profile b]\nlogin_session = ${hop.loginSession}\n${role('a').replace('corp', 'b')}`;
    expect(resolve('b', config).hops).toEqual([hop]);
    expect(resolve('a', config).hops).toMatchObject([hop, { kind: 'role' }]);
  });

  it('resolveRecipe takes keys in the credentials file before it, as botocore does', () => {
    const credentials = '[a]\naws_access_key_id = K\naws_secret_access_key = S\n';
    const recipe = resolve('a', `[profile a]\n${line}\n`, { credentials });
    expect(recipe.keys?.plaintext?.accessKeyId).toBe('K');
  });

  it('two profiles share the credentials of one command, and not those of two', () => {
    const idOf = (command: string, profile = 'a') =>
      stepsOf(resolve(profile, `[profile ${profile}]\ncredential_process = ${command}\n`), 'rolekeeper-alice')[0]?.id;
    expect(idOf('/usr/bin/other', 'b')).toBe(idOf('/usr/bin/other'));
    expect(idOf('/usr/bin/other --as bob')).not.toBe(idOf('/usr/bin/other'));
  });

  // Of two projects, each with a config file of its own, the second was given the credentials of the first.
  it.each([
    'credential_process = ./credentials',
    `role_arn = ${arn('dev')}\nsaml_process = ./credentials`,
    `role_arn = ${arn('dev')}\nweb_identity_token_process = ./credentials`,
  ])('a command of another config file is another one, whatever its words: %j', (lines) => {
    const idIn = (path: string) => stepsOf(resolve('a', `[profile a]\n${lines}\n`, { path }), 'rolekeeper-alice')[0]?.id;
    expect(idIn('/one/.aws/config')).not.toBe(idIn('/two/.aws/config'));
  });
});

describe('key ids', () => {
  const base = `${role('dev', 'external_id = ee\nduration_seconds = 3600\nregion = eu-west-1')}[profile corp]\nmfa_serial = ${serial}\n`;
  const idsOf = (config: string, env: Environment = {}, who = alice): readonly string[] =>
    stepsOf(resolve('dev', config, { env }), who).map(({ id }) => id);

  it('two profiles with one recipe share their ids', () => {
    const twin = base.replaceAll('profile dev', 'profile other');
    expect(stepsOf(resolve('other', twin), alice).map(({ id }) => id)).toEqual(idsOf(base));
  });

  it('the id is of the user, not of the access key', () => {
    const rotated = keysFile.replace('AKIAIOSFODNN7EXAMPLE', 'AKIAI44QH8DHBEXAMPLE');
    expect(stepsOf(resolve('dev', base, { credentials: rotated }), alice).map(({ id }) => id)).toEqual(idsOf(base));
    expect(idsOf(base, {}, 'arn:aws:iam::123456789012:user/bob')).not.toEqual(idsOf(base));
  });

  it.each([
    ['the role', (text: string) => text.replace('role/dev', 'role/dev2')],
    ['the external id', (text: string) => text.replace('external_id = ee', 'external_id = ff')],
    ['the duration', (text: string) => text.replace('= 3600', '= 1800')],
    ['the region', (text: string) => text.replace('eu-west-1', 'eu-west-2')],
    ['the session name', (text: string) => text.replace('external_id', 'role_session_name = x1\nexternal_id')],
    ['a tag', (text: string) => text.replace('external_id', 'tags = a=b\nexternal_id')],
    ['a policy', (text: string) => text.replace('external_id', 'policy_arns = arn:aws:iam::aws:policy/X\nexternal_id')],
    ['the source identity', (text: string) => text.replace('external_id', 'source_identity = me\nexternal_id')],
    ['FIPS', (text: string) => text.replace('external_id', 'use_fips_endpoint = true\nexternal_id')],
    ['the endpoint', (text: string) => text.replace('external_id', 'endpoint_url = http://localhost:1\nexternal_id')],
    ['the MFA device', (text: string) => text.replace('mfa/alice', 'mfa/alice2')],
    ['the session duration', (text: string) => `${text}session_duration_seconds = 900\n`],
  ])('the id of the role changes with %s', (_what, edit) => {
    expect(edit(base)).not.toBe(base);
    expect(idsOf(edit(base)).at(-1)).not.toBe(idsOf(base).at(-1));
  });

  it('the id of the session depends on keys, device and session only', () => {
    for (const edit of [
      ['role/dev', 'role/dev2'],
      ['external_id = ee', 'external_id = ff'],
      ['eu-west-1', 'eu-west-2'],
    ] as const) {
      expect(idsOf(base.replace(edit[0], edit[1]))[0]).toBe(idsOf(base)[0]);
    }
    expect(idsOf(base, { AWS_REGION: 'ap-south-1' })).toEqual(idsOf(base));
  });

  it('the order of settings in the file changes nothing', () => {
    const lines = [
      'external_id = ee',
      'duration_seconds = 1800',
      'region = eu-west-1',
      'tags = a=b, c=d',
      'role_session_name = me',
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: lines.length }), (shuffled) => {
        expect(idsOf(role('dev', shuffled.join('\n')))).toEqual(idsOf(role('dev', lines.join('\n'))));
      }),
      { numRuns: 30 },
    );
  });
});
