// Which way into AWS a profile's own settings name, and the hop that it makes. Pure.
// The order is botocore's: for a role its own keys decide; without one IAM Identity Center, keys in the credentials file, a console sign-in,
// another process, keys in the config file.

import type { Environment } from '../ports/environment.ts';
import type { StsEndpoint } from '../ports/sts.ts';
import { readCertificate } from './certificate-settings.ts';
import type { EntryHop } from './entry-hop.ts';
import { readSaml, readWebIdentity } from './federation-settings.ts';
import { readIdentityCenter } from './identity-center.ts';
import { readMachine } from './machine-settings.ts';
import type { ConfigFiles, ProfileSettings } from './profile-settings.ts';
import type { Fail } from './role-settings.ts';

/** `role` goes on with the source profile; `keys` starts from long-term keys, `environment` from those of the caller. */
export type WayIn = 'role' | 'keys' | 'environment' | EntryHop['kind'];

/**
 * For a profile that another one names as its source, `isSource`: keys in it come before its role then, as in botocore. Throws what `fail`
 * makes, for settings that contradict each other.
 */
export function wayIn(settings: ProfileSettings, { isSource, fail }: { readonly isSource: boolean; readonly fail: Fail }): WayIn {
  const has = (key: string) => settings.get(key) !== undefined;
  const ownWay = roleWays.find(([key]) => has(key));
  const isFederated = ownWay !== undefined && ownWay[1] !== 'machine';
  const givesKeys = isSource && settings.plaintext !== undefined && !settings.isRecipeSection;
  if (has('role_arn') && isFederated) return ownWay[1];
  if (has('role_arn') && !givesKeys) return behindRole(settings, fail);
  if (ownWay !== undefined && (settings.isRecipeSection || isFederated)) {
    throw fail(`it has ${ownWay[0]} but no role_arn`, `add role_arn to ${settings.sectionName}`);
  }
  return wayWithoutRole(settings, has);
}

/** A recipe section's own command wins over keys in a file, which stand elsewhere (decisions.md 13). */
function wayWithoutRole(
  { plaintext, hasKeysInConfig, isRecipeSection, foreignProcess }: ProfileSettings,
  has: (key: string) => boolean,
): Exclude<WayIn, 'role'> {
  if (has('sso_account_id') || has('sso_role_name')) return 'identity-center';
  if (isRecipeSection && foreignProcess !== undefined) return 'process';
  if ((plaintext !== undefined && !hasKeysInConfig) || has('keys')) return 'keys';
  if (has('login_session')) return 'console';
  if (foreignProcess !== undefined) return 'process';
  // Without account and role it is no way in for AWS either; its reader says what is missing.
  return plaintext === undefined && (has('sso_session') || has('sso_start_url')) ? 'identity-center' : 'keys';
}

function behindRole({ get, sectionName }: ProfileSettings, fail: Fail): WayIn {
  const source = get('credential_source');
  if (source === undefined) return 'role';
  if (get('source_profile') !== undefined) {
    throw fail('it has both source_profile and credential_source', `remove one of them from ${sectionName}`);
  }
  return source === 'Environment' ? 'environment' : 'machine';
}

/** What a role may start from instead of a source profile. */
const roleWays = [
  ['web_identity_token_file', 'web-identity'],
  ['web_identity_token_process', 'web-identity'],
  ['saml_process', 'saml'],
  ['credential_source', 'machine'],
  ['certificate', 'certificate'],
  ['trust_anchor_arn', 'certificate'],
] as const;

export interface EntryInputs {
  readonly files: ConfigFiles;
  readonly env: Environment;
  readonly fail: Fail;
  /** The STS endpoint of the profile itself. */
  readonly endpoint: StsEndpoint;
  /** Takes what a person should know. */
  readonly notes: string[];
}

/** Throws what `fail` makes, for settings that AWS would refuse. */
export function readEntry(way: EntryHop['kind'], settings: ProfileSettings, inputs: EntryInputs): EntryHop {
  return readers[way](settings, inputs);
}

type Reader = (settings: ProfileSettings, inputs: EntryInputs) => EntryHop;

const readers: Readonly<Record<EntryHop['kind'], Reader>> = {
  'identity-center': readIdentityCenter,
  'web-identity': readWebIdentity,
  machine: readMachine,
  process: ({ foreignProcess = '' }, { files }) => ({ kind: 'process', command: foreignProcess, namedIn: files.config.path }),
  console: readConsole,
  saml: readSaml,
  certificate: readCertificate,
};

/** The AWS CLI is asked for the profile by its name, so that one must have the sign-in. */
function readConsole({ profile, sectionName, isRecipeSection, get }: ProfileSettings, { fail }: EntryInputs): EntryHop {
  if (isRecipeSection) {
    const hint = `put it into a profile of its own, and name that one as source_profile, or run it as \`rolekeeper get\``;
    throw fail(`login_session stands in ${sectionName}, where the AWS CLI does not see it`, hint);
  }
  if (!/^[\w\-./+@:=,]+$/.test(profile)) {
    throw fail(`its name holds characters that a shell would read`, `rename [profile ${profile}], then \`aws login\` anew`);
  }
  return { kind: 'console', loginSession: get('login_session') ?? '' };
}
