// Web identity and SAML out of a profile's settings: a role that an identity provider's word is enough for. Pure.

import { isAbsolute } from 'node:path';
import type { FederatedRequest, SamlHop, TokenSource, WebIdentityHop } from './entry-hop.ts';
import { parseRoleDuration, parseSamlProviderArn } from './limits.ts';
import type { ProfileSettings } from './profile-settings.ts';
import { readRoleSettings, readSetting } from './role-settings.ts';
import type { EntryInputs } from './ways-in.ts';

type FederationInputs = Pick<EntryInputs, 'files' | 'fail' | 'endpoint' | 'notes'>;

/** Throws what `fail` makes, for settings that AWS would refuse. */
export function readWebIdentity(settings: ProfileSettings, { files, fail, endpoint, notes }: FederationInputs): WebIdentityHop {
  const { roleArn, roleSessionName, durationSeconds, policy, policyArns } = readRoleSettings(settings, fail);
  noteUnsent(settings, 'AssumeRoleWithWebIdentity', notes);
  const request: FederatedRequest = {
    roleArn,
    durationSeconds,
    ...(roleSessionName === undefined ? {} : { roleSessionName }),
    ...(policy === undefined ? {} : { policy }),
    ...(policyArns === undefined ? {} : { policyArns }),
  };
  return { kind: 'web-identity', token: tokenSource(settings, { files, fail }), request, endpoint };
}

/** Throws like `readWebIdentity`. */
export function readSaml(settings: ProfileSettings, { files, fail, endpoint, notes }: FederationInputs): SamlHop {
  const { roleArn, policy, policyArns } = readRoleSettings(settings, fail);
  const durationSeconds = readSetting(settings, { key: 'duration_seconds', parse: parseRoleDuration, fail });
  const principalArn = readSetting(settings, { key: 'saml_principal_arn', parse: parseSamlProviderArn, fail });
  noteUnsent(settings, 'AssumeRoleWithSAML', notes);
  return {
    kind: 'saml',
    command: settings.get('saml_process') ?? '',
    namedIn: files.config.path,
    ...(principalArn === undefined ? {} : { principalArn }),
    request: {
      roleArn,
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      ...(policy === undefined ? {} : { policy }),
      ...(policyArns === undefined ? {} : { policyArns }),
    },
    endpoint,
  };
}

function tokenSource(settings: ProfileSettings, { files, fail }: Pick<EntryInputs, 'files' | 'fail'>): TokenSource {
  const { sectionName } = settings;
  const [path, command] = [settings.get('web_identity_token_file'), settings.get('web_identity_token_process')];
  if (path !== undefined && command !== undefined) {
    throw fail('it has both web_identity_token_file and web_identity_token_process', `remove one of them from ${sectionName}`);
  }
  if (path === undefined) return { kind: 'process', command: command ?? '', namedIn: files.config.path };
  // Neither botocore nor the SDKs put a home directory for `~`; and a relative path would be another file in each directory.
  if (!isAbsolute(path)) throw fail('web_identity_token_file: it is not an absolute path', `write it out in ${sectionName}`);
  return { kind: 'file', path };
}

const unsentKeys = ['external_id', 'source_identity', 'tags', 'transitive_tag_keys', 'mfa_serial'];

function noteUnsent(settings: ProfileSettings, operation: string, notes: string[]): void {
  const keys = [...unsentKeys, ...(operation === 'AssumeRoleWithSAML' ? ['role_session_name'] : [])];
  for (const key of keys.filter((each) => settings.get(each) !== undefined)) {
    notes.push(`"${settings.profile}": ${key} is not sent, ${operation} does not take it`);
  }
}
