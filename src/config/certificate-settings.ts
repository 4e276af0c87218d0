// Reads a profile that starts from a certificate (IAM Roles Anywhere) out of its settings. Pure: no file is looked at here.
// The names are those of the options of `aws_signing_helper credential-process`, in snake case.

import { isAbsolute } from 'node:path';
import type { CertificateHop, CertificatePaths } from './entry-hop.ts';
import type { ProfileSettings } from './profile-settings.ts';
import type { RoleRequest } from './recipe.ts';
import { type Fail, readRoleSettings } from './role-settings.ts';
import { resolveRolesAnywhereEndpoint } from './sts-endpoint.ts';
import type { EntryInputs } from './ways-in.ts';

/** Throws what `fail` makes, for settings that are missing or that AWS would refuse. */
export function readCertificate(settings: ProfileSettings, { env, fail }: EntryInputs): CertificateHop {
  const trustAnchor = readArn('trust_anchor_arn', 'trust-anchor', { settings, fail });
  const profile = readArn('profile_arn', 'profile', { settings, fail });
  if (profile.region !== trustAnchor.region) {
    throw fail(
      `trust_anchor_arn is in ${trustAnchor.region} and profile_arn in ${profile.region}; AWS wants both in one region`,
      `change one of them in ${settings.sectionName}`,
    );
  }
  return {
    kind: 'certificate',
    files: readPaths(settings, fail),
    trustAnchorArn: trustAnchor.arn,
    profileArn: profile.arn,
    request: readRequest(settings, fail),
    endpoint: endpointIn(trustAnchor.region, { settings, env, fail }),
  };
}

interface Reading {
  readonly settings: ProfileSettings;
  readonly fail: Fail;
}

function readArn(
  key: string,
  resource: 'trust-anchor' | 'profile',
  { settings: { get, sectionName }, fail }: Reading,
): { readonly arn: string; readonly region: string } {
  const arn = get(key);
  if (arn === undefined) throw fail(`${key}: there is none, and a certificate needs it`, `add ${key} to ${sectionName}`);
  const region = new RegExp(`^arn:aws[a-z-]*:rolesanywhere:([a-z0-9-]{1,63}):\\d{12}:${resource}/[0-9a-zA-Z-]{1,64}$`).exec(
    arn,
  )?.[1];
  if (region !== undefined) return { arn, region };
  const example = `arn:aws:rolesanywhere:eu-west-1:123456789012:${resource}/ID`;
  throw fail(`${key}: ${JSON.stringify(arn.slice(0, 200))} is no such ARN, as ${example}`, `change ${key} in ${sectionName}`);
}

function readPaths(settings: ProfileSettings, fail: Fail): CertificatePaths {
  const certificate = readPath('certificate', { settings, fail });
  if (certificate === undefined) throw fail('certificate: there is none', `add certificate to ${settings.sectionName}`);
  const privateKey = readPath('private_key', { settings, fail });
  const intermediates = readPath('intermediates', { settings, fail });
  return {
    certificate,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(intermediates === undefined ? {} : { intermediates }),
  };
}

// The agent and every caller are in another directory each.
function readPath(key: string, { settings: { get, sectionName }, fail }: Reading): string | undefined {
  const path = get(key);
  if (path === undefined || isAbsolute(path) || /^~[/\\]/.test(path)) return path;
  if (/^(pkcs11|handle):/.test(path)) {
    throw fail(
      `${key}: keys in a security module or TPM are not for this version`,
      `use aws_signing_helper as the credential_process of a profile of its own, and name that profile as source_profile`,
    );
  }
  throw fail(`${key}: a relative path means another file for each program`, `write it in full, or from ~/, in ${sectionName}`);
}

/** What AssumeRole takes besides, CreateSession does not; and nothing but the certificate signs. */
const unsupported = [
  'source_profile',
  'external_id',
  'source_identity',
  'policy',
  'policy_arns',
  'tags',
  'transitive_tag_keys',
  'mfa_serial',
];

function readRequest(settings: ProfileSettings, fail: Fail): RoleRequest {
  const wrong = unsupported.find((key) => settings.get(key) !== undefined);
  if (wrong === undefined) return readRoleSettings(settings, fail);
  throw fail(
    `${wrong}: IAM Roles Anywhere takes none for the role of a certificate`,
    `take it out of ${settings.sectionName}; policies and tags are set in the Roles Anywhere profile`,
  );
}

/** `region` is the profile's own, for the services that it calls: the trust anchor is where it is. */
function endpointIn(region: string, { settings, env, fail }: Reading & Pick<EntryInputs, 'env'>): CertificateHop['endpoint'] {
  const endpoint = resolveRolesAnywhereEndpoint({
    settings: (key) => (key === 'region' ? region : settings.get(key)),
    services: settings.service,
    env,
  });
  if (endpoint.kind === 'problem') throw fail(endpoint.problem, `check endpoint_url of ${settings.sectionName}`);
  return { ...endpoint.value, useGlobal: false };
}
