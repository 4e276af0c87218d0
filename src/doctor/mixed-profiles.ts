// Settings beside credential_process that make clients take another way, or none. Pure.

import { findSection } from '../config/aws-config.ts';
import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { editCommand, type Finding } from './finding.ts';

/** What botocore, JavaScript, Terraform or .NET read as a way to credentials of its own (sdk-contract.md 15). */
const otherWays = [
  'role_arn',
  'source_profile',
  'credential_source',
  'external_id',
  'mfa_serial',
  'role_session_name',
  'duration_seconds',
  'web_identity_token_file',
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'sso_role_name',
  'login_session',
];

/** One finding for a profile, with all of its settings. */
export function checkMixedProfile(profile: ProfileName, { config, credentials }: ConfigFiles): readonly Finding[] {
  const configured = findSection(config, 'profile', profile);
  if (configured?.settings.get('credential_process') === undefined) return [];
  const stored = findSection(credentials, 'profile', profile);
  const found = [
    { path: config.path, settings: configured.settings },
    ...(stored === undefined ? [] : [{ path: credentials.path, settings: stored.settings }]),
  ].flatMap(({ path, settings }) =>
    otherWays.flatMap((key) => {
      const line = settings.get(key)?.line;
      return line === undefined ? [] : [{ key, path, line }];
    }),
  );
  const [first] = found;
  if (first === undefined) return [];
  const names = found.map(({ key, line }) => `${key} (line ${line})`).join(', ');
  return [
    {
      check: 'mixed-profiles',
      profile,
      what: `[profile ${profile}] has ${names} beside credential_process`,
      why: 'the AWS CLI, boto3 and JavaScript then assume the role themselves; Terraform and .NET refuse the profile',
      mend: `${editCommand(first)}    # move these lines to [rolekeeper ${profile}]`,
    },
  ];
}
