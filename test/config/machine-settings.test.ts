import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { environmentKeys, readMachine } from '../../src/config/machine-settings.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { sha256Hex } from '../../src/credentials/digest.ts';
import type { Environment } from '../../src/ports/environment.ts';
import { failPlainly as fail, settingsFrom, wordsOf } from './recipe-from.ts';

const roleArn = 'arn:aws:iam::222233334444:role/Dev';

function resolve(source: string, env: Environment = {}, more: readonly string[] = []): Recipe {
  const config = ['[profile dev]', `role_arn = ${roleArn}`, `credential_source = ${source}`, ...more, ''].join('\n');
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile('', 'credentials') };
  return resolveRecipe(parseProfileName('dev'), files, env);
}

function machineOf(source: string, env: Environment = {}, more: readonly string[] = []) {
  const hop = resolve(source, env, more).hops[0];
  if (hop?.kind !== 'machine') throw new Error(`no machine but ${hop?.kind}`);
  return hop;
}

describe('credential_source = Ec2InstanceMetadata', () => {
  it('the role is assumed with the credentials of the instance', () => {
    expect(resolve('Ec2InstanceMetadata').hops).toMatchObject([
      { kind: 'machine', service: 'Ec2InstanceMetadata', url: 'http://169.254.169.254', allowsV1: false, isForbidden: false },
      { kind: 'role', request: { roleArn, durationSeconds: 3600 } },
    ]);
  });

  it.each([
    ['ec2_metadata_service_endpoint_mode = IPv6', {}, 'http://[fd00:ec2::254]'],
    ['ec2_metadata_service_endpoint = http://127.0.0.1:1338/', {}, 'http://127.0.0.1:1338'],
    ['ec2_metadata_service_endpoint = https://a.example/b//', {}, 'https://a.example/b'],
    ['ec2_metadata_service_endpoint = http://a', { AWS_EC2_METADATA_SERVICE_ENDPOINT: '' }, 'http://a'],
    ['', { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'ipv6' }, 'http://[fd00:ec2::254]'],
    ['ec2_metadata_service_endpoint = http://a', { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://b' }, 'http://b'],
    ['ec2_metadata_service_endpoint = http://a', { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: 'IPv6' }, 'http://a'],
  ])('%s %o leads to the endpoint', (line, env, url) => {
    expect(machineOf('Ec2InstanceMetadata', env, [line])).toMatchObject({ url });
  });

  it.each([
    ['', {}, false],
    ['ec2_metadata_v1_disabled = true', {}, false],
    ['ec2_metadata_v1_disabled = false', {}, true],
    ['ec2_metadata_v1_disabled = False', {}, true],
    ['ec2_metadata_v1_disabled = 0', {}, false],
    ['', { AWS_EC2_METADATA_V1_DISABLED: 'false' }, true],
    ['ec2_metadata_v1_disabled = false', { AWS_EC2_METADATA_V1_DISABLED: 'true' }, false],
  ])('version 1 only where it is asked for: %s %o', (line, env, allowsV1) => {
    expect(machineOf('Ec2InstanceMetadata', env, [line])).toMatchObject({ allowsV1 });
  });

  it.each([
    ['TRUE', true],
    ['true', true],
    ['false', false],
    ['', false],
  ])('AWS_EC2_METADATA_DISABLED = %s is remembered for the call', (value, isForbidden) => {
    expect(machineOf('Ec2InstanceMetadata', { AWS_EC2_METADATA_DISABLED: value })).toStrictEqual({
      kind: 'machine',
      service: 'Ec2InstanceMetadata',
      url: 'http://169.254.169.254',
      isForbidden,
      allowsV1: false,
    });
  });

  it.each(['IPv5', 'v4'])('refuses the mode %s', (mode) => {
    expect(wordsOf(() => resolve('Ec2InstanceMetadata', {}, [`ec2_metadata_service_endpoint_mode = ${mode}`]))).toStrictEqual([
      'profile "dev": ec2_metadata_service_endpoint_mode is neither IPv4 nor IPv6',
      'change it in [profile dev]',
    ]);
  });

  it.each([
    'ftp://x',
    'xhttp://x',
    'http:x',
    'http://',
    'http://user@x',
    'http://x/a b',
    'http://x/?a',
    'http://x/#a',
    'http://x:99999',
  ])('refuses the endpoint %s', (url) => {
    expect(wordsOf(() => resolve('Ec2InstanceMetadata', {}, [`ec2_metadata_service_endpoint = ${url}`]))).toStrictEqual([
      'profile "dev": ec2_metadata_service_endpoint is not a plain URL',
      'change it in [profile dev]',
    ]);
  });
});

describe('credential_source = EcsContainer', () => {
  it.each([
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/1' }, 'http://169.254.170.2/v2/credentials/1'],
    [
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/one', AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost/two' },
      'http://169.254.170.2/one',
    ],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials' }, 'http://169.254.170.23/v1/credentials'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[fd00:ec2::23]/v1/credentials' }, 'http://[fd00:ec2::23]/v1/credentials'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.9.9.9:8080/x' }, 'http://127.9.9.9:8080/x'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.10.20.30/x' }, 'http://127.10.20.30/x'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost/x' }, 'http://localhost/x'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.2/x' }, 'http://169.254.170.2/x'],
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '', AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[::1]/x' }, 'http://[::1]/x'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://credentials.example/x' }, 'https://credentials.example/x'],
  ])('%o names the endpoint', (env, url) => {
    expect(machineOf('EcsContainer', env)).toMatchObject({ service: 'EcsContainer', url });
  });

  const places =
    'only https, this machine itself, and the endpoints of ECS and EKS (169.254.170.2, 169.254.170.23, fd00:ec2::23) will do';

  it.each([
    'http://credentials.example/x',
    'http://169.254.170.2.example/x',
    'http://127.0.0.1.example/x',
    'http://localhost@evil.example/x',
    'http://169.254.169.254/latest',
    'ftp://localhost/x',
    'http://2130706434.example',
    'localhost',
    'http://[::2]/x',
    'https://user@credentials.example/x',
    'https://credentials.example/#x',
    'https://credentials.example\\x',
    'https://credentials.example/ x',
    'https://[',
  ])('credentials must not come from %s', (url) => {
    expect(wordsOf(() => resolve('EcsContainer', { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }))).toStrictEqual([
      'profile "dev": AWS_CONTAINER_CREDENTIALS_FULL_URI leads to a place that credentials must not come from',
      places,
    ]);
  });

  it.each(['.evil.example/x', '@evil.example/x'])('the relative path %s cannot lead to another host', (path) => {
    const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost/x' };
    expect(wordsOf(() => resolve('EcsContainer', env))).toStrictEqual([
      'profile "dev": AWS_CONTAINER_CREDENTIALS_RELATIVE_URI leads to a place that credentials must not come from',
      places,
    ]);
  });

  const authorizationOf = (env: Environment) =>
    machineOf('EcsContainer', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x', ...env });
  const hop = { kind: 'machine', service: 'EcsContainer', url: 'http://169.254.170.2/x' };

  it('a token file wins over the token', () => {
    const env = { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic abc', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/token' };
    expect(authorizationOf(env)).toStrictEqual({ ...hop, authorization: { kind: 'file', path: '/token' } });
    expect(authorizationOf({ AWS_CONTAINER_AUTHORIZATION_TOKEN: '' })).toStrictEqual(hop);
  });

  it('a token goes along with its digest, and is never shown', () => {
    const machine = authorizationOf({ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic ~abc' });
    expect(JSON.stringify(machine)).not.toContain('abc');
    const authorization = machine.service === 'EcsContainer' && machine.authorization?.kind === 'value' && machine.authorization;
    if (authorization === false) return expect.fail('there is no token');
    expect(authorization.digest).toBe(sha256Hex('Basic ~abc'));
    return expect(authorization.token.reveal()).toBe('Basic ~abc');
  });

  // Both were given what the first of them had been given.
  it('callers with different tokens are different people', () => {
    const id = (token: string) => {
      const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/', AWS_CONTAINER_AUTHORIZATION_TOKEN: token };
      return stepsOf(resolve('EcsContainer', env), 'machine/rolekeeper-alice').map((step) => step.id);
    };
    expect(id('one')).toEqual(id('one'));
    expect(id('one')).not.toEqual(id('two'));
  });

  it.each(['a\r\nHost: b', '\na', 'a\n', 'é'])('the token %j is refused: it would be more than a line of a header', (token) => {
    expect(wordsOf(() => authorizationOf({ AWS_CONTAINER_AUTHORIZATION_TOKEN: token }))).toStrictEqual([
      'profile "dev": AWS_CONTAINER_AUTHORIZATION_TOKEN is no token of one line',
      'mend that variable',
    ]);
  });

  it('without the variables the recipe still stands: another caller may have them', () => {
    expect(machineOf('EcsContainer')).toStrictEqual({ kind: 'machine', service: 'EcsContainer' });
  });
});

describe('credential_source = Environment', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const user = 'arn:aws:iam::123456789012:user/alice';

  it("the role starts from the caller's keys, which are no plaintext in a file", () => {
    const { keys, hops, notes, chain } = resolve('Environment', env);
    expect(keys).toMatchObject({ name: 'dev', ofCaller: { accessKeyId: 'AKIAEXAMPLE' } });
    expect([keys?.plaintext, notes, chain]).toEqual([undefined, [], ['dev', 'dev']]);
    expect(hops).toMatchObject([{ kind: 'role', request: { roleArn } }]);
  });

  it('temporary ones are chained', () => {
    const more = ['duration_seconds = 7200'];
    expect(resolve('Environment', env, more).hops).toMatchObject([{ request: { durationSeconds: 7200 } }]);
    expect(resolve('Environment', { ...env, AWS_SESSION_TOKEN: 't' }, more).hops).toMatchObject([
      { request: { durationSeconds: 3600 } },
    ]);
  });

  it("a profile's own keys of the same name have no part in it", () => {
    const id = (recipe: Recipe) => stepsOf(recipe, user)[0]?.id;
    expect(id(resolve('Environment', env))).toBe(id(resolve('Environment', { ...env, AWS_ACCESS_KEY_ID: 'AKIAOTHER' })));
  });

  it.each([[{}], [{ AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' }], [{ ...env, AWS_SECRET_ACCESS_KEY: '' }]])(
    '%o is no set of keys, and the recipe still stands',
    (some) => {
      expect(resolve('Environment', some).keys?.ofCaller).toBe('absent');
    },
  );
});

describe('environmentKeys', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };

  it.each<[Environment, string | undefined]>([
    [{}, undefined],
    [{ AWS_SESSION_TOKEN: '' }, undefined],
    [{ AWS_SESSION_TOKEN: 'new' }, 'new'],
    [{ AWS_SECURITY_TOKEN: 'old' }, 'old'],
    [{ AWS_SESSION_TOKEN: 'new', AWS_SECURITY_TOKEN: 'old' }, 'new'],
    [{ AWS_SESSION_TOKEN: '', AWS_SECURITY_TOKEN: 'old' }, 'old'],
  ])('have with %o the token %j', (more, token) => {
    const keys = environmentKeys({ ...env, ...more }) ?? expect.fail('there are none');
    const { secretAccessKey, sessionToken, ...rest } = keys;
    expect(rest).toStrictEqual({ accessKeyId: 'AKIAEXAMPLE' });
    expect([secretAccessKey.reveal(), sessionToken?.reveal(), 'sessionToken' in keys]).toEqual([
      'secret',
      token,
      token !== undefined,
    ]);
  });

  it.each(Object.keys(env))('are none without %s', (name) => {
    expect([environmentKeys({ ...env, [name]: '' }), environmentKeys({ ...env, [name]: undefined })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('credential_source', () => {
  it('without role_arn is ignored, as by botocore, and refused in a section of ours', () => {
    const read = (header: string) => {
      const config = parseConfigFile(`[${header} dev]\ncredential_source = Ec2InstanceMetadata\n`, 'config');
      return resolveRecipe(parseProfileName('dev'), { config, credentials: parseCredentialsFile('', 'credentials') }, {});
    };
    expect(read('profile')).toMatchObject({ keys: { name: 'dev' }, hops: [{ kind: 'session' }] });
    expect(() => read('rolekeeper')).toThrow('it has credential_source but no role_arn');
  });

  it.each([
    ['credential_source = environment', 'environment'],
    [`credential_source = ${'x'.repeat(90)}`, 'x'.repeat(80)],
    ['', ''],
  ])('knows no other source: %s', (line, shown) => {
    const settings = settingsFrom(`[profile dev]\n${line}\n`);
    expect(wordsOf(() => readMachine(settings, { env: {}, fail }))).toStrictEqual([
      `credential_source: "${shown}" is none of Ec2InstanceMetadata, EcsContainer and Environment`,
      'change credential_source in [profile dev]',
    ]);
  });
});
