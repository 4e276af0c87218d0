import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { IdentityCenterHop } from '../../src/config/entry-hop.ts';
import { isRoleName, readSsoSession } from '../../src/config/identity-center.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { signInIdOf } from '../../src/config/sign-in.ts';
import { type AppError, isAppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';
import { failPlainly, wordsOf } from './recipe-from.ts';

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
    expect(hopOf(`${section}[profile dev]\nregion = us-east-1\nsso_session = corp\n${role}`)).toStrictEqual({
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
    expect(hopOf(`[profile dev]\n${old}`).signIn).toStrictEqual({
      startUrl: 'https://old.awsapps.com/start',
      scopes: ['sso:account:access'],
      oidc: { region: 'us-east-1', useFips: false, useDualstack: false },
      portal: { region: 'us-east-1', useFips: false, useDualstack: false },
    });
  });

  it.each([
    ['sso:account:access, codewhisperer:completions', ['sso:account:access', 'codewhisperer:completions']],
    [', a,,b ,', ['a', 'b']],
    [' , ', ['sso:account:access']],
  ])('splits the scopes %j at commas', (scopes, outcome) => {
    const config = `${section}sso_registration_scopes = ${scopes}\n[profile dev]\nsso_session = corp\n${role}`;
    expect(hopOf(config).signIn.scopes).toEqual(outcome);
  });

  it('knows scopes only of a section, as AWS does', () => {
    const old = 'sso_start_url = https://old.awsapps.com/start\nsso_region = us-east-1\nsso_registration_scopes = a\n';
    expect(hopOf(`[profile dev]\n${old}${role}`).signIn.scopes).toEqual(['sso:account:access']);
  });

  it('takes from the profile what its section leaves out', () => {
    const half = '[sso-session corp]\nsso_start_url =\n';
    const rest = `sso_start_url = https://own.awsapps.com/start\nsso_region = eu-west-1\n${role}`;
    const config = `${half}[profile dev]\nsso_session = corp\n${rest}`;
    expect(refusalOf(config).message).toBe(
      'profile "dev": sso_start_url is one thing in [profile dev] and another in [sso-session corp] (line 2)',
    );
    expect(hopOf(config.replace('sso_start_url =\n', '')).signIn.startUrl).toBe('https://own.awsapps.com/start');
  });

  it('takes an endpoint_url of one service for that service alone', () => {
    const services = '[services s]\nsso_oidc =\n  endpoint_url = https://oidc.example\n';
    const { oidc, portal } = hopOf(`${section}${services}[profile dev]\nsso_session = corp\nservices = s\n${role}`).signIn;
    const plain = { region: 'eu-west-1', useFips: false, useDualstack: false };
    expect([oidc, portal]).toStrictEqual([{ ...plain, url: 'https://oidc.example' }, plain]);
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

  const named = '[profile dev]\nsso_session = corp\n';
  const shown = 'https://x'.padEnd(100, 'y');
  it.each([
    [
      'a section that is not there',
      `[profile dev]\nsso_session = none\n${role}`,
      'it starts from IAM Identity Center, and there is no [sso-session none] in config',
      'add that section, or change sso_session in [profile dev]',
    ],
    [
      'two different places',
      `${section}${named}sso_region = us-east-1\n${role}`,
      'sso_region is one thing in [profile dev] and another in [sso-session corp] (line 3)',
      'remove sso_region from [profile dev]',
    ],
    [
      'no place',
      `[profile dev]\n${role}`,
      'it starts from IAM Identity Center, and has no sso_start_url, sso_region',
      'add sso_start_url and sso_region to [profile dev]',
    ],
    [
      'no role',
      `${section}${named}`,
      'it starts from IAM Identity Center, and has no sso_account_id, sso_role_name',
      'add sso_account_id and sso_role_name to [profile dev]',
    ],
    [
      'no name of a role',
      `${section}${named}sso_account_id = 222233334444\n`,
      'it starts from IAM Identity Center, and has no sso_role_name',
      'add sso_role_name to [profile dev]',
    ],
    ...['corp', 'http://corp.example', `${shown} `.padEnd(200, 'z')].map((url) => [
      `the place ${url}`,
      `[profile dev]\nsso_region = eu-west-1\nsso_start_url = ${url}\n${role}`,
      `sso_start_url = "${url.slice(0, 100)}" is not an https URL`,
      'change sso_start_url',
    ]),
    [
      'a region that is none',
      `[profile dev]\nsso_region = a/b\nsso_start_url = https://a.example\n${role}`,
      'region = "a/b" is not a region',
      'check sso_region and endpoint_url',
    ],
    [
      'an account that is none',
      `${section}${named}${role.replace('222233334444', '12345')}`,
      'sso_account_id is not 12 digits',
      'change sso_account_id in [profile dev]',
    ],
    [
      'a role that is none',
      `${section}${named}${role.replace('Admin', 'a b')}`,
      'sso_role_name is not the name of a permission set',
      'change sso_role_name in [profile dev]',
    ],
    [
      'an empty place in the section',
      `[sso-session corp]\nsso_start_url =\nsso_region = eu-west-1\n${named}${role}`,
      'it starts from IAM Identity Center, and has no sso_start_url',
      'add sso_start_url to [profile dev]',
    ],
  ])('refuses %s', (_what, config, problem, hint) => {
    const error = refusalOf(config);
    expect([error.message, error.hint]).toStrictEqual([`profile "dev": ${problem}`, hint]);
  });

  it.each([
    ['aA0_+=,.@-', true],
    ['a'.repeat(64), true],
    ['a'.repeat(65), false],
    ['', false],
    ['/a', false],
    ['a/', false],
  ])('isRoleName of %j is %s', (name, outcome) => {
    expect(isRoleName(name)).toBe(outcome);
  });

  it('two sections for one start URL are two sign-ins, and two profiles of one section are one', () => {
    const other = section.replace('corp]', 'admin]');
    const profile = (name: string) => `[profile dev]\nsso_session = ${name}\n${role}`;
    const ids = ['corp', 'admin', 'corp'].map((name) => signInIdOf(hopOf(section + other + profile(name)).signIn));
    expect(new Set(ids).size).toBe(2);
  });

  const alone = (config: string, env: Environment = {}) =>
    readSsoSession('corp', parseConfigFile(config, 'config'), { env, fail: failPlainly });

  it('a section by itself is the same sign-in as by a profile', () => {
    expect(alone(section)).toStrictEqual(hopOf(`${section}[profile dev]\nsso_session = corp\n${role}`).signIn);
    expect(alone(section.replace('corp]', 'other]'))).toBeUndefined();
    expect(alone(section, { AWS_ENDPOINT_URL_SSO: 'https://p.example' })?.portal.url).toBe('https://p.example');
  });

  it.each([
    ['[sso-session corp]\n', 'sso_start_url, sso_region', 'sso_start_url and sso_region'],
    ['[sso-session corp]\nsso_start_url =\nsso_region = eu-west-1\n', 'sso_start_url', 'sso_start_url'],
    ['[sso-session corp]\nsso_start_url = https://a.example\n', 'sso_region', 'sso_region'],
  ])('a section by itself lacks what %j lacks', (config, missing, toAdd) => {
    expect(wordsOf(() => alone(config))).toStrictEqual([`[sso-session corp] has no ${missing}`, `add ${toAdd} to it`]);
  });
});
