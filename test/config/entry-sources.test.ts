import { describe, expect, it } from 'vitest';
import type { EntryHop } from '../../src/config/entry-hop.ts';
import { entrySources } from '../../src/config/entry-sources.ts';
import { settingsFrom } from './recipe-from.ts';

/** Every key that some way in may have, in one section, each in a line of its own. */
const keys = [
  'sso_session',
  'sso_start_url',
  'sso_region',
  'sso_registration_scopes',
  'sso_account_id',
  'sso_role_name',
  'web_identity_token_file',
  'web_identity_token_process',
  'role_arn',
  'role_session_name',
  'duration_seconds',
  'credential_source',
  'ec2_metadata_service_endpoint',
  'ec2_metadata_service_endpoint_mode',
  'ec2_metadata_v1_disabled',
  'credential_process',
  'login_session',
  'saml_process',
  'saml_principal_arn',
  'certificate',
  'private_key',
  'intermediates',
  'trust_anchor_arn',
  'profile_arn',
];
const settings = settingsFrom(`[profile dev]\n${keys.map((key) => `${key} = value of ${key}\n`).join('')}`);
const hidden = ['credential_process', 'web_identity_token_process', 'saml_process'];
const role = ['role_arn', 'role_session_name', 'duration_seconds'];
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const request = { roleArn: 'R', durationSeconds: 3600 };
const signIn = { startUrl: 'U', scopes: [], oidc: endpoint, portal: endpoint };

describe('entrySources', () => {
  it.each<[EntryHop, readonly string[]]>([
    [{ kind: 'identity-center', signIn, accountId: '1', roleName: 'A' }, keys.slice(0, 6)],
    [
      { kind: 'web-identity', token: { kind: 'file', path: '/t' }, request, endpoint },
      ['web_identity_token_file', 'web_identity_token_process', ...role],
    ],
    [
      { kind: 'machine', service: 'EcsContainer' },
      ['credential_source', 'ec2_metadata_service_endpoint', 'ec2_metadata_service_endpoint_mode', 'ec2_metadata_v1_disabled'],
    ],
    [{ kind: 'process', command: 'c', namedIn: 'config' }, ['credential_process']],
    [{ kind: 'console', loginSession: 'A' }, ['login_session']],
    [
      { kind: 'saml', command: 'c', namedIn: 'config', request, endpoint },
      ['saml_process', 'saml_principal_arn', 'role_arn', 'duration_seconds'],
    ],
    [
      { kind: 'certificate', files: { certificate: '/c' }, trustAnchorArn: 'A', profileArn: 'P', request, endpoint },
      ['certificate', 'private_key', 'intermediates', 'trust_anchor_arn', 'profile_arn', ...role],
    ],
  ])('of $kind are these, each with its line, and commands without their words (%#)', (hop, expected) => {
    expect(entrySources(hop, settings)).toStrictEqual(
      expected.map((key) => ({
        key,
        ...(hidden.includes(key) ? {} : { value: `value of ${key}` }),
        place: { kind: 'file', path: 'config', line: keys.indexOf(key) + 2 },
      })),
    );
  });

  it('are none where nothing is written', () => {
    const hop: EntryHop = { kind: 'console', loginSession: 'A' };
    expect(entrySources(hop, settingsFrom('[profile dev]\n'))).toStrictEqual([]);
    expect(entrySources(hop, undefined)).toStrictEqual([]);
  });
});
