// Which STS (and, for `rotate`, which IAM) answers for a recipe, and the way to it. Pure: settings and environment arrive as arguments.

import { Secret } from '../credentials/secret.ts';
import type { Environment } from '../ports/environment.ts';
import type { Network, ServiceEndpoint, StsEndpoint } from '../ports/sts.ts';
import { parsedUrl } from './parsed-url.ts';

/** One setting by its key, as AWS names it; undefined for what is absent or empty. */
export type Lookup = (key: string) => string | undefined;
/** A setting of the `services` section that a profile names: `service('sts', 'endpoint_url')`. */
export type ServiceLookup = (service: string, key: string) => string | undefined;

export interface EndpointInputs {
  /** The section that holds the recipe. */
  readonly settings: Lookup;
  readonly services: ServiceLookup;
  /** The section of its source, which only lends its region. */
  readonly source?: Lookup | undefined;
  /** Its partition gives the region when nothing else does. */
  readonly roleArn?: string | undefined;
  readonly env: Environment;
}

export type EndpointOutcome<T = StsEndpoint> =
  | { readonly kind: 'ok'; readonly value: T }
  /** One setting that cannot be used; the words name it and where it came from. */
  | { readonly kind: 'problem'; readonly problem: string };

/**
 * Endpoint by the order of the AWS SDKs reference ("Service-specific endpoints"): AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the services
 * section, the profile. Region: recipe, its source, AWS_REGION, AWS_DEFAULT_REGION, the role's partition (decisions.md 13).
 */
export function resolveStsEndpoint(inputs: EndpointInputs): EndpointOutcome {
  return resolveEndpoint(inputs, { key: 'sts', variable: 'AWS_ENDPOINT_URL_STS' });
}

/** The same for IAM, with AWS_ENDPOINT_URL_IAM. IAM is one for a partition: the region only says which. */
export function resolveIamEndpoint(inputs: EndpointInputs): EndpointOutcome {
  return resolveEndpoint(inputs, { key: 'iam', variable: 'AWS_ENDPOINT_URL_IAM' });
}

/** The same for a service of IAM Identity Center, whose region is not the profile's. Neither has a global endpoint. */
export function resolveIdentityCenterEndpoint(
  service: 'sso' | 'sso_oidc',
  region: string,
  inputs: Pick<EndpointInputs, 'settings' | 'services' | 'env'>,
): EndpointOutcome<ServiceEndpoint> {
  const settings: Lookup = (key) => (key === 'region' ? region : inputs.settings(key));
  const outcome = resolveEndpoint(
    { ...inputs, settings },
    { key: service, variable: `AWS_ENDPOINT_URL_${service.toUpperCase()}` },
  );
  if (outcome.kind === 'problem') return outcome;
  const { useGlobal: _useGlobal, ...value } = outcome.value;
  return { kind: 'ok', value };
}

/** The same for IAM Roles Anywhere, with AWS_ENDPOINT_URL_ROLESANYWHERE. */
export function resolveRolesAnywhereEndpoint(inputs: EndpointInputs): EndpointOutcome {
  return resolveEndpoint(inputs, { key: 'rolesanywhere', variable: 'AWS_ENDPOINT_URL_ROLESANYWHERE' });
}

interface Service {
  /** In a `services` section. */
  readonly key: string;
  readonly variable: string;
}

function resolveEndpoint(inputs: EndpointInputs, service: Service): EndpointOutcome {
  try {
    return { kind: 'ok', value: endpointOf(inputs, service) };
  } catch (error) {
    if (error instanceof SettingProblem) return { kind: 'problem', problem: error.message };
    throw error;
  }
}

/** CA bundle, proxy and exceptions to it. The environment wins over the sections, which are asked in order. */
export function resolveNetwork(sections: readonly Lookup[], env: Environment): Network {
  const caBundle = fromEnv(env, 'AWS_CA_BUNDLE') ?? firstOf(sections, 'ca_bundle');
  const httpsProxy = fromEnv(env, 'HTTPS_PROXY') ?? fromEnv(env, 'https_proxy');
  const noProxy = fromEnv(env, 'NO_PROXY') ?? fromEnv(env, 'no_proxy');
  return {
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(httpsProxy === undefined ? {} : { httpsProxy: new Secret(httpsProxy) }),
    ...(noProxy === undefined ? {} : { noProxy }),
  };
}

class SettingProblem extends Error {}

interface Setting {
  readonly value: string;
  /** For messages: `region` or `AWS_REGION`. */
  readonly name: string;
}

// The regions whose STS was reached through sts.amazonaws.com before there were regional endpoints; all later ones never were.
// AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints".
const legacyRegions: ReadonlySet<string> = new Set([
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'aws-global',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
]);

/** A region of each partition where STS is. */
const partitionRegions: ReadonlyMap<string, string> = new Map([
  ['aws', 'us-east-1'],
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-eusc', 'eusc-de-east-1'],
  ['aws-iso', 'us-iso-east-1'],
  ['aws-iso-b', 'us-isob-east-1'],
  ['aws-iso-e', 'eu-isoe-west-1'],
  ['aws-iso-f', 'us-isof-south-1'],
]);

function endpointOf(inputs: EndpointInputs, service: Service): StsEndpoint {
  const configured = regionOf(inputs);
  const region = configured.replace(/^fips-|-fips$/, '');
  const useFips = isOn(inputs, 'AWS_USE_FIPS_ENDPOINT', 'use_fips_endpoint') || region !== configured;
  const useDualstack = isOn(inputs, 'AWS_USE_DUALSTACK_ENDPOINT', 'use_dualstack_endpoint');
  const url = urlOf(inputs, service);
  // AWS's own rules refuse this pair as well: nobody can tell whether an endpoint of one's own is validated for FIPS.
  if (url !== undefined && useFips) throw new SettingProblem(`use_fips_endpoint cannot be combined with ${url.name}`);
  if (url !== undefined && useDualstack) throw new SettingProblem(`use_dualstack_endpoint cannot be combined with ${url.name}`);
  const isPlain = url === undefined && !useFips && !useDualstack;
  return {
    region,
    ...(url === undefined ? {} : { url: url.value }),
    useFips,
    useDualstack,
    useGlobal: isPlain && isLegacy(inputs) && legacyRegions.has(region),
  };
}

function regionOf({ settings, source, env, roleArn }: EndpointInputs): string {
  const setting =
    inSection(settings, 'region') ??
    inSection(source, 'region') ??
    inEnvironment(env, 'AWS_REGION') ??
    inEnvironment(env, 'AWS_DEFAULT_REGION');
  if (setting === undefined) return partitionRegions.get(roleArn?.split(':')[1] ?? 'aws') ?? 'us-east-1';
  // The region becomes a part of a host name: anything but a host label could lead the request elsewhere.
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(setting.value)) throw unusable(setting, 'is not a region');
  return setting.value;
}

function urlOf(inputs: EndpointInputs, { key, variable }: Service): Setting | undefined {
  const { settings, services, env } = inputs;
  if (isOn(inputs, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'ignore_configured_endpoint_urls')) return undefined;
  const ofService = services(key, 'endpoint_url');
  const setting =
    inEnvironment(env, variable) ??
    inEnvironment(env, 'AWS_ENDPOINT_URL') ??
    (ofService === undefined ? undefined : { value: ofService, name: 'endpoint_url of the services section' }) ??
    inSection(settings, 'endpoint_url');
  if (setting !== undefined) checkUrl(setting);
  return setting;
}

// The second half is \p{Cc}, which would cost a process half a millisecond to build.
const blankOrControl = /\s|[^ -~\u00a0-\uffff]/;

function checkUrl(setting: Setting): void {
  const { value } = setting;
  const url = parsedUrl(value);
  if (blankOrControl.test(value) || url === undefined) throw unusable(setting, 'is not a URL');
  const { protocol, username, password, search, hash } = url;
  if (protocol !== 'https:' && protocol !== 'http:') throw unusable(setting, 'is neither an https nor an http URL');
  if (username !== '' || password !== '') throw new SettingProblem(`${setting.name} has a user name or password in it`);
  if (search !== '' || hash !== '') throw unusable(setting, 'has more than a host and a path');
}

function isLegacy({ settings, env }: EndpointInputs): boolean {
  const setting = inEnvironment(env, 'AWS_STS_REGIONAL_ENDPOINTS') ?? inSection(settings, 'sts_regional_endpoints');
  if (setting === undefined) return false;
  const value = setting.value.toLowerCase();
  if (value !== 'legacy' && value !== 'regional') throw unusable(setting, 'is neither "legacy" nor "regional"');
  return value === 'legacy';
}

function isOn({ settings, env }: EndpointInputs, variable: string, key: string): boolean {
  const setting = inEnvironment(env, variable) ?? inSection(settings, key);
  if (setting === undefined) return false;
  const value = setting.value.toLowerCase();
  if (value !== 'true' && value !== 'false') throw unusable(setting, 'is neither "true" nor "false"');
  return value === 'true';
}

function unusable({ name, value }: Setting, what: string): SettingProblem {
  return new SettingProblem(`${name} = ${JSON.stringify(value.slice(0, 100))} ${what}`);
}

function inEnvironment(env: Environment, name: string): Setting | undefined {
  const value = fromEnv(env, name);
  return value === undefined ? undefined : { value, name };
}

function inSection(section: Lookup | undefined, key: string): Setting | undefined {
  const value = section?.(key)?.trim();
  return value === undefined || value === '' ? undefined : { value, name: key };
}

function fromEnv(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function firstOf(sections: readonly Lookup[], key: string): string | undefined {
  return sections.map((section) => inSection(section, key)?.value).find((value) => value !== undefined);
}
