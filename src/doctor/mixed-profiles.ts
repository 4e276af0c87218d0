// Settings beside credential_process that make clients take another way, or none. Pure.

import { type AwsFile, findSection } from '../config/aws-config.ts';
import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles, Origin } from '../config/profile-settings.ts';
import { movedKeys } from '../config/role-pair.ts';
import { shellWord } from '../shell-word.ts';
import { editCommand, type Finding } from './finding.ts';

/** What botocore, JavaScript, Terraform or .NET read as a way to credentials of its own (sdk-contract.md 15). */
export const otherWays = [
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
  const [first, ...others] = found;
  if (first === undefined) return [];
  const names = found.map(({ key, line }) => `${key} (line ${line})`).join(', ');
  return [
    {
      check: 'mixed-profiles',
      profile,
      what: `[profile ${profile}] has ${names} beside credential_process`,
      why: 'the AWS CLI, boto3 and JavaScript then assume the role themselves; Terraform and .NET refuse the profile',
      mend: mendOf(profile, config, [first, ...others]),
    },
  ];
}

interface Rival extends Origin {
  readonly key: string;
}

/** `adopt` moves a role's settings, but takes none out beside a recipe, and edits no other file. */
function mendOf(profile: ProfileName, config: AwsFile, rivals: readonly [Rival, ...Rival[]]): string {
  const edit = editCommand(rivals[0]);
  if (findSection(config, 'rolekeeper', profile) !== undefined)
    return `${edit}    # remove these lines: [rolekeeper ${profile}] has the recipe`;
  const isRole = rivals.some(({ key }) => key === 'role_arn');
  const isMovable = rivals.every(({ key, path }) => movedKeys.has(key) && path === config.path);
  return isRole && isMovable
    ? `rolekeeper adopt ${shellWord(profile)}`
    : `${edit}    # leave one way to credentials, and remove the others`;
}
