// Where the settings of another way in are written. Pure; for `explain`, never on the hot path.

import type { EntryHop } from './entry-hop.ts';
import type { ProfileSettings } from './profile-settings.ts';
import type { SettingSource } from './setting-sources.ts';

/** Those that stand in the profile, in the order of the list. */
export function entrySources({ kind }: EntryHop, settings: ProfileSettings | undefined): readonly SettingSource[] {
  if (settings === undefined) return [];
  return entrySettings[kind].flatMap((key): readonly SettingSource[] => {
    const origin = settings.origin(key);
    if (origin === undefined) return [];
    const value = confidential.has(key) ? undefined : settings.get(key);
    return [{ key, ...(value === undefined ? {} : { value }), place: { kind: 'file', ...origin } }];
  });
}

const roleSettings = ['role_arn', 'role_session_name', 'duration_seconds'];

const entrySettings: Readonly<Record<EntryHop['kind'], readonly string[]>> = {
  'identity-center': ['sso_session', 'sso_start_url', 'sso_region', 'sso_registration_scopes', 'sso_account_id', 'sso_role_name'],
  'web-identity': ['web_identity_token_file', 'web_identity_token_process', ...roleSettings],
  machine: [
    'credential_source',
    'ec2_metadata_service_endpoint',
    'ec2_metadata_service_endpoint_mode',
    'ec2_metadata_v1_disabled',
  ],
  process: ['credential_process'],
  console: ['login_session'],
  saml: ['saml_process', 'saml_principal_arn', 'role_arn', 'duration_seconds'],
  certificate: ['certificate', 'private_key', 'intermediates', 'trust_anchor_arn', 'profile_arn', ...roleSettings],
};

/** Commands may hold a password. */
const confidential: ReadonlySet<string> = new Set(['credential_process', 'web_identity_token_process', 'saml_process']);
