import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import type { Environment } from '../../src/ports/environment.ts';

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
    ['', { AWS_EC2_METADATA_V1_DISABLED: 'false' }, true],
    ['ec2_metadata_v1_disabled = false', { AWS_EC2_METADATA_V1_DISABLED: 'true' }, false],
  ])('version 1 only where it is asked for: %s %o', (line, env, allowsV1) => {
    expect(machineOf('Ec2InstanceMetadata', env, [line])).toMatchObject({ allowsV1 });
  });

  it('AWS_EC2_METADATA_DISABLED is remembered for the call', () => {
    expect(machineOf('Ec2InstanceMetadata', { AWS_EC2_METADATA_DISABLED: 'TRUE' })).toMatchObject({ isForbidden: true });
  });

  it.each([
    ['ec2_metadata_service_endpoint_mode = IPv5', 'neither IPv4 nor IPv6'],
    ['ec2_metadata_service_endpoint = ftp://x', 'not a plain URL'],
    ['ec2_metadata_service_endpoint = http://user@x', 'not a plain URL'],
  ])('%s is refused', (line, message) => {
    expect(() => resolve('Ec2InstanceMetadata', {}, [line])).toThrow(message);
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
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'https://credentials.example/x' }, 'https://credentials.example/x'],
  ])('%o names the endpoint', (env, url) => {
    expect(machineOf('EcsContainer', env)).toMatchObject({ service: 'EcsContainer', url });
  });

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
  ])('credentials must not come from %s', (url) => {
    expect(() => resolve('EcsContainer', { AWS_CONTAINER_CREDENTIALS_FULL_URI: url })).toThrow('must not come from');
  });

  it('a relative path cannot lead to another host', () => {
    expect(() => resolve('EcsContainer', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '.evil.example/x' })).toThrow(
      'must not come from',
    );
    expect(() => resolve('EcsContainer', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '@evil.example/x' })).toThrow(
      'must not come from',
    );
  });

  it('a token file wins over the token, which is never shown', () => {
    const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x', AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Basic abc' };
    expect(JSON.stringify(machineOf('EcsContainer', env))).not.toContain('abc');
    expect(machineOf('EcsContainer', { ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/token' })).toMatchObject({
      authorization: { kind: 'file', path: '/token' },
    });
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

  it('a token of two lines is refused', () => {
    const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x', AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a\r\nHost: b' };
    expect(() => resolve('EcsContainer', env)).toThrow('no token of one line');
  });

  it('without the variables the recipe still stands: another caller may have them', () => {
    expect(machineOf('EcsContainer')).toEqual({ kind: 'machine', service: 'EcsContainer' });
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

describe('credential_source', () => {
  it('without role_arn is ignored, as by botocore, and refused in a section of ours', () => {
    const read = (header: string) => {
      const config = parseConfigFile(`[${header} dev]\ncredential_source = Ec2InstanceMetadata\n`, 'config');
      return resolveRecipe(parseProfileName('dev'), { config, credentials: parseCredentialsFile('', 'credentials') }, {});
    };
    expect(read('profile')).toMatchObject({ keys: { name: 'dev' }, hops: [{ kind: 'session' }] });
    expect(() => read('rolekeeper')).toThrow('it has credential_source but no role_arn');
  });

  it('knows no other source', () => {
    expect(() => resolve('environment')).toThrow('is none of Ec2InstanceMetadata, EcsContainer and Environment');
  });
});
