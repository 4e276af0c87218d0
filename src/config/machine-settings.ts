// `credential_source` out of a profile's settings and the caller's environment: where a machine's own credentials are. Pure.

import { sha256Hex } from '../credentials/digest.ts';
import { Secret } from '../credentials/secret.ts';
import type { Environment } from '../ports/environment.ts';
import type { ContainerHop, ContainerToken, InstanceHop, MachineHop } from './entry-hop.ts';
import { parsedUrl } from './parsed-url.ts';
import type { ProfileSettings } from './profile-settings.ts';
import type { GivenKeys } from './recipe.ts';
import type { Fail } from './role-settings.ts';

/** Throws what `fail` makes, for what is no source, and for places that credentials must not come from. */
export function readMachine(
  settings: ProfileSettings,
  { env, fail }: { readonly env: Environment; readonly fail: Fail },
): MachineHop {
  const source = settings.get('credential_source') ?? '';
  switch (source) {
    case 'Ec2InstanceMetadata':
      return instance(settings, env, fail);
    case 'EcsContainer':
      return container(env, fail);
    default:
      throw fail(
        `credential_source: ${JSON.stringify(source.slice(0, 80))} is none of Ec2InstanceMetadata, EcsContainer and Environment`,
        `change credential_source in ${settings.sectionName}`,
      );
  }
}

/** The caller's own; undefined where they are not whole. */
export function environmentKeys(env: Environment): GivenKeys | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  // The older name of the token, which botocore still takes.
  const token = env['AWS_SESSION_TOKEN'] || env['AWS_SECURITY_TOKEN'];
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    ...(token ? { sessionToken: new Secret(token) } : {}),
  };
}

function instance(settings: ProfileSettings, env: Environment, fail: Fail): InstanceHop {
  const either = (variable: string, key: string) => env[variable] || settings.get(key);
  const endpoint = either('AWS_EC2_METADATA_SERVICE_ENDPOINT', 'ec2_metadata_service_endpoint');
  const mode = either('AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE', 'ec2_metadata_service_endpoint_mode') ?? 'IPv4';
  const url = endpoint ?? instanceUrls.get(mode.toLowerCase());
  if (url === undefined) {
    throw fail('ec2_metadata_service_endpoint_mode is neither IPv4 nor IPv6', `change it in ${settings.sectionName}`);
  }
  if (parsedUrl(url) === undefined || !/^https?:\/\/[^\s@?#]+$/.test(url)) {
    throw fail('ec2_metadata_service_endpoint is not a plain URL', `change it in ${settings.sectionName}`);
  }
  return {
    kind: 'machine',
    service: 'Ec2InstanceMetadata',
    url: url.replace(/\/+$/, ''),
    isForbidden: env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true',
    // AWS's programs take version 1 unless this says `true`; we only where it says `false`.
    allowsV1: either('AWS_EC2_METADATA_V1_DISABLED', 'ec2_metadata_v1_disabled')?.toLowerCase() === 'false',
  };
}

const instanceUrls: ReadonlyMap<string, string> = new Map([
  ['ipv4', 'http://169.254.169.254'],
  ['ipv6', 'http://[fd00:ec2::254]'],
]);

function container(env: Environment, fail: Fail): ContainerHop {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = env;
  const url = path ? `http://169.254.170.2${path}` : full;
  if (!url) return { kind: 'machine', service: 'EcsContainer' };
  if (!isTrustedPlace(url)) {
    throw fail(
      `${path ? 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI' : 'AWS_CONTAINER_CREDENTIALS_FULL_URI'} leads to a place that credentials must not come from`,
      'only https, this machine itself, and the endpoints of ECS and EKS (169.254.170.2, 169.254.170.23, fd00:ec2::23) will do',
    );
  }
  const authorization = containerToken(env, fail);
  return { kind: 'machine', service: 'EcsContainer', url, ...(authorization === undefined ? {} : { authorization }) };
}

const trustedHosts: ReadonlySet<string> = new Set(['localhost', '[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]']);

function isTrustedPlace(url: string): boolean {
  const parsed = parsedUrl(url);
  if (/[\s\\@#]/.test(url) || parsed === undefined) return false;
  const { protocol, hostname } = parsed;
  if (protocol === 'https:') return true;
  // The URL class has made one form of every way to write an IPv4 address.
  return protocol === 'http:' && (trustedHosts.has(hostname) || /^127\.\d+\.\d+\.\d+$/.test(hostname));
}

function containerToken(env: Environment, fail: Fail): ContainerToken | undefined {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: path, AWS_CONTAINER_AUTHORIZATION_TOKEN: token } = env;
  if (path) return { kind: 'file', path };
  if (!token) return undefined;
  // A header of more than one line would be another request.
  if (!/^[ -~]+$/.test(token)) throw fail('AWS_CONTAINER_AUTHORIZATION_TOKEN is no token of one line', 'mend that variable');
  return { kind: 'value', token: new Secret(token), digest: sha256Hex(token) };
}
