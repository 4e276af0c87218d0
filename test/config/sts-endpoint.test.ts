import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EndpointInputs,
  type Lookup,
  resolveIamEndpoint,
  resolveIdentityCenterEndpoint,
  resolveNetwork,
  resolveRolesAnywhereEndpoint,
  resolveStsEndpoint,
  type ServiceLookup,
} from '../../src/config/sts-endpoint.ts';

function lookup(settings: Readonly<Record<string, string>> = {}): Lookup {
  return (key) => settings[key];
}

interface Given {
  readonly settings?: Readonly<Record<string, string>>;
  readonly source?: Readonly<Record<string, string>>;
  readonly stsUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly roleArn?: string;
}

function inputs({ settings, source, stsUrl, env = {}, roleArn }: Given): EndpointInputs {
  return {
    settings: lookup(settings),
    services: (service, key) => (service === 'sts' && key === 'endpoint_url' ? stsUrl : undefined),
    ...(source === undefined ? {} : { source: lookup(source) }),
    ...(roleArn === undefined ? {} : { roleArn }),
    env,
  };
}

const resolve = (given: Given) => resolveStsEndpoint(inputs(given));
const plain = { useFips: false, useDualstack: false, useGlobal: false };
const ok = (value: object) => ({ kind: 'ok', value: { ...plain, ...value } });

describe('resolveStsEndpoint, the region', () => {
  const all = {
    settings: { region: 'eu-west-1' },
    source: { region: 'eu-west-2' },
    env: { AWS_REGION: 'eu-west-3', AWS_DEFAULT_REGION: 'eu-north-1' },
    roleArn: 'arn:aws-cn:iam::123456789012:role/Dev',
  };
  const { settings: _settings, ...withoutRecipe } = all;
  const { source: _source, ...withoutSource } = withoutRecipe;

  it.each<[string, Given, string]>([
    ['the recipe', all, 'eu-west-1'],
    ['its source', withoutRecipe, 'eu-west-2'],
    ['AWS_REGION', withoutSource, 'eu-west-3'],
    ['AWS_DEFAULT_REGION', { ...withoutSource, env: { AWS_DEFAULT_REGION: 'eu-north-1' } }, 'eu-north-1'],
    ["the role's partition", { roleArn: all.roleArn }, 'cn-north-1'],
    ['the first partition', {}, 'us-east-1'],
  ])('comes from %s when nothing stronger has one', (_from, given, region) => {
    expect(resolve(given)).toStrictEqual(ok({ region }));
  });

  it.each([
    ['aws', 'us-east-1'],
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
    ['aws-eusc', 'eusc-de-east-1'],
    ['aws-iso', 'us-iso-east-1'],
    ['aws-iso-b', 'us-isob-east-1'],
    ['aws-iso-e', 'eu-isoe-west-1'],
    ['aws-iso-f', 'us-isof-south-1'],
    ['aws-unheard-of', 'us-east-1'],
  ])('of partition %s is %s', (partition, region) => {
    expect(resolve({ roleArn: `arn:${partition}:iam::123456789012:role/Dev` })).toStrictEqual(ok({ region }));
  });

  it('counts empty and blank values as absent', () => {
    expect(resolve({ settings: { region: ' ' }, env: { AWS_REGION: '', AWS_DEFAULT_REGION: 'sa-east-1' } })).toStrictEqual(
      ok({ region: 'sa-east-1' }),
    );
  });

  it.each([
    'evil.example/x',
    'eu-west-1@evil.example',
    'eu west 1',
    'EU-WEST-1',
    '-eu',
    'eu-',
    'a'.repeat(64),
    'eu-west-1\u0000',
    'ü',
    'eu\nwest',
  ])('is refused when it is %j: it becomes a part of a host name', (region) => {
    const problem = (name: string) => ({ kind: 'problem', problem: `${name} = ${JSON.stringify(region)} is not a region` });
    expect(resolve({ settings: { region } })).toStrictEqual(problem('region'));
    expect(resolve({ source: { region } })).toStrictEqual(problem('region'));
    expect(resolve({ env: { AWS_REGION: region } })).toStrictEqual(problem('AWS_REGION'));
    expect(resolve({ env: { AWS_DEFAULT_REGION: region } })).toStrictEqual(problem('AWS_DEFAULT_REGION'));
  });

  it.each(['a', '1', 'ab', 'a'.repeat(63), 'a-1'])('may be any host label: %s', (region) => {
    expect(resolve({ settings: { region: ` ${region} ` } })).toStrictEqual(ok({ region }));
  });

  it('is shown by its first 100 characters', () => {
    expect(resolve({ settings: { region: 'A'.repeat(200) } })).toStrictEqual({
      kind: 'problem',
      problem: `region = "${'A'.repeat(100)}" is not a region`,
    });
  });

  it.each(['us-fips-east-1', 'fips', 'xfips-us-east-1', 'us-east-1-fipsx'])('is no FIPS name: %s', (region) => {
    expect(resolve({ settings: { region } })).toStrictEqual(ok({ region }));
  });

  it('may be an old FIPS name', () => {
    expect(resolve({ settings: { region: 'fips-us-east-1' } })).toStrictEqual(ok({ region: 'us-east-1', useFips: true }));
    expect(resolve({ settings: { region: 'us-gov-west-1-fips' } })).toStrictEqual(ok({ region: 'us-gov-west-1', useFips: true }));
  });
});

describe('resolveStsEndpoint, the URL', () => {
  const urls = {
    env: { AWS_ENDPOINT_URL_STS: 'http://one.example', AWS_ENDPOINT_URL: 'http://two.example' },
    stsUrl: 'http://three.example',
    settings: { region: 'eu-west-1', endpoint_url: 'http://four.example' },
  };
  const { env: _env, ...configured } = urls;
  const { stsUrl: _stsUrl, ...ofProfile } = configured;

  it.each<[string, Given, string]>([
    ['AWS_ENDPOINT_URL_STS', urls, 'http://one.example'],
    ['AWS_ENDPOINT_URL', { ...urls, env: { AWS_ENDPOINT_URL: 'http://two.example' } }, 'http://two.example'],
    ['the services section', configured, 'http://three.example'],
    ['the profile', ofProfile, 'http://four.example'],
  ])('comes from %s when nothing stronger has one', (_from, given, url) => {
    expect(resolve(given)).toStrictEqual(ok({ region: 'eu-west-1', url }));
  });

  it('is ignored from everywhere on request', () => {
    expect(resolve({ ...urls, env: { ...urls.env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' } })).toStrictEqual(
      ok({ region: 'eu-west-1' }),
    );
    expect(resolve({ ...urls, settings: { ...urls.settings, ignore_configured_endpoint_urls: 'true' } })).toStrictEqual(
      ok({ region: 'eu-west-1' }),
    );
  });

  it('is not ignored when the environment says so against the profile', () => {
    const given = { ...urls, settings: { ...urls.settings, ignore_configured_endpoint_urls: 'true' } };
    const env = { ...urls.env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' };
    expect(resolve({ ...given, env })).toMatchObject({ value: { url: 'http://one.example' } });
  });

  it.each([
    ['nonsense', 'is not a URL'],
    ['http://a b', 'is not a URL'],
    ['http://a/ b', 'is not a URL'],
    ['http://a/\u0001b', 'is not a URL'],
    ['http://a/\u0085b', 'is not a URL'],
    ['ftp://sts.example', 'is neither an https nor an http URL'],
    ['file:///etc/passwd', 'is neither an https nor an http URL'],
    ['https://sts.example/?x=1', 'has more than a host and a path'],
    ['https://sts.example/#x', 'has more than a host and a path'],
  ])('is refused when it is %j', (url, words) => {
    const problem = (name: string) => ({ kind: 'problem', problem: `${name} = ${JSON.stringify(url)} ${words}` });
    expect(resolve({ settings: { endpoint_url: url } })).toStrictEqual(problem('endpoint_url'));
    expect(resolve({ stsUrl: url })).toStrictEqual(problem('endpoint_url of the services section'));
    expect(resolve({ env: { AWS_ENDPOINT_URL_STS: url } })).toStrictEqual(problem('AWS_ENDPOINT_URL_STS'));
  });

  it.each(['https://sts.example', 'http://sts.example/a/b', 'https://stß.example/ü', 'http://a/\uffff'])('may be %s', (url) => {
    expect(resolve({ settings: { endpoint_url: url } })).toStrictEqual(ok({ region: 'us-east-1', url }));
  });

  it('is refused with a password in it, without showing the password', () => {
    const outcome = resolve({ env: { AWS_ENDPOINT_URL: 'https://alice:hidden@sts.example' } });
    const refused = { kind: 'problem', problem: 'AWS_ENDPOINT_URL has a user name or password in it' };
    expect(outcome).toStrictEqual(refused);
    expect(resolve({ env: { AWS_ENDPOINT_URL: 'https://alice@sts.example' } })).toStrictEqual(refused);
    expect(resolve({ env: { AWS_ENDPOINT_URL: 'https://:hidden@sts.example' } })).toStrictEqual(refused);
  });

  it('is not combined with FIPS or dual-stack', () => {
    const settings = { endpoint_url: 'https://sts.example' };
    expect(resolve({ settings, env: { AWS_USE_FIPS_ENDPOINT: 'true' } })).toStrictEqual({
      kind: 'problem',
      problem: 'use_fips_endpoint cannot be combined with endpoint_url',
    });
    expect(resolve({ settings: { ...settings, use_dualstack_endpoint: 'true' } })).toStrictEqual({
      kind: 'problem',
      problem: 'use_dualstack_endpoint cannot be combined with endpoint_url',
    });
  });
});

describe('resolveStsEndpoint, the kind of endpoint', () => {
  it('the environment wins over the profile for FIPS and dual-stack', () => {
    const settings = { region: 'us-east-1', use_fips_endpoint: 'true', use_dualstack_endpoint: 'False' };
    expect(resolve({ settings })).toStrictEqual(ok({ region: 'us-east-1', useFips: true }));
    expect(resolve({ settings, env: { AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: 'true' } })).toStrictEqual(
      ok({ region: 'us-east-1', useDualstack: true }),
    );
  });

  it('legacy means the global endpoint, in the regions that ever had it', () => {
    const settings = { sts_regional_endpoints: 'legacy' };
    expect(resolve({ settings: { ...settings, region: 'eu-west-1' } })).toStrictEqual(
      ok({ region: 'eu-west-1', useGlobal: true }),
    );
    expect(resolve({ settings: { ...settings, region: 'eu-south-1' } })).toStrictEqual(ok({ region: 'eu-south-1' }));
    expect(resolve({ settings: { ...settings, region: 'cn-north-1' } })).toStrictEqual(ok({ region: 'cn-north-1' }));
    expect(resolve({ settings, env: { AWS_STS_REGIONAL_ENDPOINTS: 'regional' } })).toStrictEqual(ok({ region: 'us-east-1' }));
    expect(resolve({ settings: { ...settings, use_fips_endpoint: 'true' } })).toStrictEqual(
      ok({ region: 'us-east-1', useFips: true }),
    );
  });

  it('legacy knows the regions that were there before the regional endpoints', () => {
    const numbered = (place: string, count: number) => Array.from({ length: count }, (_, index) => `${place}-${index + 1}`);
    const several = [numbered('ap-southeast', 2), numbered('eu-west', 3), numbered('us-east', 2), numbered('us-west', 2)];
    const single = ['ap-northeast-1', 'ap-south-1', 'ca-central-1', 'eu-central-1', 'eu-north-1', 'sa-east-1', 'aws-global'];
    for (const region of [...several.flat(), ...single]) {
      const settings = { sts_regional_endpoints: 'legacy', region };
      expect(resolve({ settings })).toStrictEqual(ok({ region, useGlobal: true }));
    }
  });

  it('legacy counts for nothing beside a URL or dual-stack', () => {
    const settings = { sts_regional_endpoints: 'Legacy', region: 'eu-west-1' };
    expect(resolve({ settings, stsUrl: 'http://a' })).toStrictEqual(ok({ region: 'eu-west-1', url: 'http://a' }));
    expect(resolve({ settings: { ...settings, use_dualstack_endpoint: 'true' } })).toStrictEqual(
      ok({ region: 'eu-west-1', useDualstack: true }),
    );
    expect(resolve({ settings: { ...settings, sts_regional_endpoints: 'regional' } })).toStrictEqual(ok({ region: 'eu-west-1' }));
    expect(resolve({ settings: { region: 'eu-west-1' } })).toStrictEqual(ok({ region: 'eu-west-1' }));
  });

  it.each([
    ['use_fips_endpoint', 'AWS_USE_FIPS_ENDPOINT', 'yes', 'neither "true" nor "false"'],
    ['use_dualstack_endpoint', 'AWS_USE_DUALSTACK_ENDPOINT', '1', 'neither "true" nor "false"'],
    ['ignore_configured_endpoint_urls', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'on', 'neither "true" nor "false"'],
    ['sts_regional_endpoints', 'AWS_STS_REGIONAL_ENDPOINTS', 'global', 'neither "legacy" nor "regional"'],
  ])('%s and %s take no %s', (key, variable, value, words) => {
    const problem = (name: string) => ({ kind: 'problem', problem: `${name} = "${value}" is ${words}` });
    expect(resolve({ settings: { [key]: value } })).toStrictEqual(problem(key));
    expect(resolve({ env: { [variable]: value } })).toStrictEqual(problem(variable));
  });

  it('whatever is configured, the answer is a problem or a region that is one host label', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('true', 'false', 'legacy', 'eu-west-1', 'https://x.example', 'fips-us-east-1'),
    );
    const settings = fc.record(
      {
        region: value,
        endpoint_url: value,
        use_fips_endpoint: value,
        sts_regional_endpoints: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(settings, value, (given, region) => {
        const outcome = resolve({ settings: Object.fromEntries(Object.entries(given)), env: { AWS_REGION: region } });
        if (outcome.kind === 'problem') expect(outcome.problem).not.toBe('');
        else expect(outcome.value.region).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
    );
  });
});

describe('resolveNetwork', () => {
  it('takes the environment before the sections, and these in order', () => {
    const sections = [lookup({}), lookup({ ca_bundle: '/second.pem' }), lookup({ ca_bundle: '/third.pem' })];
    expect(resolveNetwork(sections, {})).toStrictEqual({ caBundle: '/second.pem' });
    expect(resolveNetwork(sections, { AWS_CA_BUNDLE: '/first.pem' })).toStrictEqual({ caBundle: '/first.pem' });
  });

  it('reads the proxy in either case and keeps it secret', () => {
    const network = resolveNetwork([], {
      https_proxy: 'http://alice:hidden@proxy:3128',
      NO_PROXY: 'localhost',
      no_proxy: 'other',
    });
    expect(network.httpsProxy?.reveal()).toBe('http://alice:hidden@proxy:3128');
    expect(network.noProxy).toBe('localhost');
    expect(resolveNetwork([], { HTTPS_PROXY: 'http://a', https_proxy: 'http://b' }).httpsProxy?.reveal()).toBe('http://a');
    expect(resolveNetwork([], { NO_PROXY: '', no_proxy: 'other' })).toStrictEqual({ noProxy: 'other' });
    expect(JSON.stringify(network)).not.toContain('hidden');
  });

  it('is empty when nothing is set', () => {
    expect(resolveNetwork([lookup({ ca_bundle: '' })], { HTTPS_PROXY: ' ' })).toStrictEqual({});
  });
});

describe('resolveIamEndpoint', () => {
  const given = { settings: { region: 'eu-west-1', endpoint_url: 'http://four.example' }, stsUrl: 'http://sts.example' };
  const resolveIam = (more: Given, iamUrl?: string) =>
    resolveIamEndpoint({ ...inputs({ ...given, ...more }), services: (service) => (service === 'iam' ? iamUrl : given.stsUrl) });

  it.each<[string, Given, string | undefined, string]>([
    [
      'AWS_ENDPOINT_URL_IAM',
      { env: { AWS_ENDPOINT_URL_IAM: 'http://one.example' } },
      'http://three.example',
      'http://one.example',
    ],
    ['AWS_ENDPOINT_URL', { env: { AWS_ENDPOINT_URL: 'http://two.example' } }, 'http://three.example', 'http://two.example'],
    ['the services section', {}, 'http://three.example', 'http://three.example'],
    ['the profile', {}, undefined, 'http://four.example'],
  ])('comes from %s, and never from what is meant for STS', (_from, more, iamUrl, url) => {
    const env = { AWS_ENDPOINT_URL_STS: 'http://sts.example', ...more.env };
    expect(resolveIam({ env }, iamUrl)).toStrictEqual(ok({ region: 'eu-west-1', url }));
  });
});

describe('the other services', () => {
  const services = (service: string, key: string) => `http://${service}.${key.replaceAll('_', '-')}.example`;
  const settings = lookup({ region: 'eu-west-1', sts_regional_endpoints: 'legacy' });

  it.each([
    ['sso', 'AWS_ENDPOINT_URL_SSO'],
    ['sso_oidc', 'AWS_ENDPOINT_URL_SSO_OIDC'],
  ] as const)('%s is in its own region, and has no global endpoint', (service, variable) => {
    const { useGlobal: _useGlobal, ...there } = plain;
    const at = (region: string, env = {}, own: ServiceLookup = services) =>
      resolveIdentityCenterEndpoint(service, region, { settings, services: own, env });
    const region = 'us-west-2';
    expect(at(region, {}, () => undefined)).toStrictEqual({ kind: 'ok', value: { ...there, region } });
    expect(at(region)).toStrictEqual({ kind: 'ok', value: { ...there, region, url: services(service, 'endpoint_url') } });
    expect(at(region, { [variable]: 'http://one.example' })).toStrictEqual({
      kind: 'ok',
      value: { ...there, region, url: 'http://one.example' },
    });
    expect(at('A')).toStrictEqual({ kind: 'problem', problem: 'region = "A" is not a region' });
  });

  it('IAM Roles Anywhere has a variable and a service of its own', () => {
    const inputsOf = (env = {}) => ({ settings: lookup({ region: 'eu-west-1' }), services, env });
    expect(resolveRolesAnywhereEndpoint(inputsOf())).toStrictEqual(
      ok({ region: 'eu-west-1', url: 'http://rolesanywhere.endpoint-url.example' }),
    );
    expect(resolveRolesAnywhereEndpoint(inputsOf({ AWS_ENDPOINT_URL_ROLESANYWHERE: 'http://one.example' }))).toStrictEqual(
      ok({ region: 'eu-west-1', url: 'http://one.example' }),
    );
  });

  it('what is no problem of a setting is not taken for one', () => {
    const broken = () => {
      throw new TypeError('broken');
    };
    expect(() => resolveStsEndpoint({ settings: broken, services: () => undefined, env: {} })).toThrow(new TypeError('broken'));
  });
});
