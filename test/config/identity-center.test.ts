// The settings of IAM Identity Center, compared with what botocore makes of them.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { IdentityCenterHop } from '../../src/config/entry-hop.ts';
import { readSsoSession } from '../../src/config/identity-center.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { signInIdOf } from '../../src/config/sign-in.ts';
import { AppError, isAppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';

const section = '[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n';
const role = 'sso_account_id = 222233334444\nsso_role_name = Admin\n';

function resolve(config: string, env: Environment = {}) {
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile('', 'credentials') };
  return resolveRecipe(parseProfileName('dev'), files, env);
}

function hopOf(config: string, env: Environment = {}): IdentityCenterHop {
  const [hop] = resolve(config, env).hops;
  if (hop?.kind !== 'identity-center') throw new Error(`it starts with ${hop?.kind ?? 'nothing'}`);
  return hop;
}

function refusalOf(config: string): AppError {
  try {
    resolve(config);
  } catch (error) {
    if (isAppError(error, 'recipe-invalid')) return error;
    throw error;
  }
  throw new Error('it was resolved');
}

describe('readIdentityCenter', () => {
  it('takes the place to sign in from the section, and the role from the profile', () => {
    expect(hopOf(`${section}[profile dev]\nregion = us-east-1\nsso_session = corp\n${role}`)).toEqual({
      kind: 'identity-center',
      accountId: '222233334444',
      roleName: 'Admin',
      signIn: {
        sessionName: 'corp',
        startUrl: 'https://corp.awsapps.com/start',
        scopes: ['sso:account:access'],
        oidc: { region: 'eu-west-1', useFips: false, useDualstack: false },
        portal: { region: 'eu-west-1', useFips: false, useDualstack: false },
      },
    });
  });

  it('reads the old form, and our own section', () => {
    const old = `sso_start_url = https://old.awsapps.com/start\nsso_region = us-east-1\n${role}`;
    expect(hopOf(`[profile dev]\n${old}`)).toEqual(hopOf(`[rolekeeper dev]\n${old}`));
    expect(hopOf(`[profile dev]\n${old}`).signIn).toMatchObject({ startUrl: 'https://old.awsapps.com/start' });
    expect(hopOf(`[profile dev]\n${old}`).signIn.sessionName).toBeUndefined();
  });

  it('splits the scopes at commas', () => {
    const scopes = 'sso_registration_scopes = sso:account:access, codewhisperer:completions\n';
    expect(hopOf(`${section}${scopes}[profile dev]\nsso_session = corp\n${role}`).signIn.scopes).toEqual([
      'sso:account:access',
      'codewhisperer:completions',
    ]);
  });

  it('asks variables, the services section and the profile for its endpoints, in this order', () => {
    const services = '[services s]\nsso =\n  endpoint_url = https://portal.example\n';
    const config = `${section}${services}[profile dev]\nsso_session = corp\nservices = s\nendpoint_url = https://all.example\n${role}`;
    const urls = (env: Environment) => [hopOf(config, env).signIn.portal.url, hopOf(config, env).signIn.oidc.url];
    expect(urls({})).toEqual(['https://portal.example', 'https://all.example']);
    expect(urls({ AWS_ENDPOINT_URL_SSO: 'https://p.example', AWS_ENDPOINT_URL_SSO_OIDC: 'https://o.example' })).toEqual([
      'https://p.example',
      'https://o.example',
    ]);
  });

  it.each([
    ['a section that is not there', '[profile dev]\nsso_session = none\n', 'there is no [sso-session none] in config'],
    [
      'two different places',
      `${section}[profile dev]\nsso_session = corp\nsso_region = us-east-1\n`,
      'sso_region is one thing in [profile dev] and another in [sso-session corp] (line 3)',
    ],
    ['no place', '[profile dev]\n', 'has no sso_start_url, sso_region add sso_start_url and sso_region to [profile dev]'],
    ['a place that is no URL', '[profile dev]\nsso_region = eu-west-1\nsso_start_url = corp\n', 'is not an https URL'],
    ['a region that is none', '[profile dev]\nsso_region = a/b\nsso_start_url = https://a.example\n', 'sso_region'],
  ])('refuses %s', (_what, config, words) => {
    const { message, hint } = refusalOf(`${config}${role}`);
    expect(`${message} ${hint}`).toContain(words);
  });

  it.each([
    ['sso_account_id = 12345\nsso_role_name = Admin\n', 'sso_account_id is not 12 digits'],
    ['sso_account_id = 222233334444\nsso_role_name = a b\n', 'sso_role_name is not'],
    ['sso_account_id = 222233334444\n', 'has no sso_role_name'],
    ['', 'has no sso_account_id, sso_role_name'],
  ])('refuses %j', (settings, words) => {
    expect(refusalOf(`${section}[profile dev]\nsso_session = corp\n${settings}`).message).toContain(words);
  });

  it('two sections for one start URL are two sign-ins, and two profiles of one section are one', () => {
    const other = section.replace('corp]', 'admin]');
    const profile = (name: string) => `[profile dev]\nsso_session = ${name}\n${role}`;
    const ids = ['corp', 'admin', 'corp'].map((name) => signInIdOf(hopOf(section + other + profile(name)).signIn));
    expect(new Set(ids).size).toBe(2);
  });

  it('a section by itself is the same sign-in as by a profile', () => {
    const fail = (problem: string, hint: string) => new AppError('usage', { problem, hint });
    const alone = readSsoSession('corp', parseConfigFile(section, 'config'), { env: {}, fail });
    expect(alone).toEqual(hopOf(`${section}[profile dev]\nsso_session = corp\n${role}`).signIn);
  });

  it('reads and refuses 600 generated profiles as botocore does', { timeout: 60_000 }, () => {
    const texts = fc.sample(configs, { numRuns: 600, seed: 7 });
    const answers = askBotocore(texts);
    let read = 0;
    for (const [index, text] of texts.entries()) {
      const theirs = answers[index];
      if (theirs?.settings === undefined || theirs.settings === null) {
        expect(() => hopOf(text), text).toThrow();
        continue;
      }
      const { accountId, roleName, signIn } = hopOf(text);
      const { sessionName, startUrl, oidc } = signIn;
      expect({ accountId, roleName, sessionName, startUrl, region: oidc.region }, text).toEqual({
        accountId: theirs.settings['sso_account_id'],
        roleName: theirs.settings['sso_role_name'],
        sessionName: theirs.settings['sso_session'],
        startUrl: theirs.settings['sso_start_url'],
        region: theirs.settings['sso_region'],
      });
      read += 1;
    }
    expect(read).toBeGreaterThan(100);
    expect(read).toBeLessThan(500);
  });
});

const lines = (keys: Readonly<Record<string, readonly string[]>>) =>
  fc
    .tuple(
      ...Object.entries(keys).map(([key, values]) =>
        fc
          .option(fc.constantFrom(...values), { nil: undefined, freq: 8 })
          .map((value) => (value === undefined ? '' : `${key} = ${value}\n`)),
      ),
    )
    .map((all) => all.join(''));

const place = {
  sso_start_url: ['https://corp.awsapps.com/start', 'https://corp.awsapps.com/start', 'https://other.awsapps.com/start'],
  sso_region: ['eu-west-1', 'eu-west-1', 'us-east-1'],
};

const configs = fc
  .record({
    session: lines({ ...place, region: ['eu-west-1'] }),
    profile: lines({
      sso_account_id: ['222233334444'],
      sso_role_name: ['Admin', 'ReadOnly'],
      region: ['eu-west-1', 'us-east-1'],
    }),
    named: fc.constantFrom('', 'sso_session = corp\n', 'sso_session = corp\n', 'sso_session = gone\n'),
    own: fc.oneof(fc.constant(''), lines(place)),
  })
  .map(({ session, profile, named, own }) => `[sso-session corp]\n${session}\n[profile dev]\n${named}${profile}${own}`);

interface Answer {
  readonly settings?: Readonly<Record<string, string>> | null;
}

function askBotocore(texts: readonly string[]): readonly Answer[] {
  const script = fileURLToPath(new URL('sso-with-botocore.py', import.meta.url));
  const run = spawnSync('python3', [script], { input: JSON.stringify({ texts }), encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`python3 with botocore did not answer: ${run.error?.message ?? run.stderr}`);
  const reply: { readonly answers: readonly Answer[] } = JSON.parse(run.stdout);
  return reply.answers;
}
