// Which way into AWS a profile's own settings name, and the hop that it makes. Pure.
// The order is botocore's: for a role its own keys decide; without one IAM Identity Center, keys, a console sign-in, another process.

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

/** Throws what `fail` makes, for settings that contradict each other. */
export function wayIn(settings: ProfileSettings, fail: Fail): WayIn {
  const has = (key: string) => settings.get(key) !== undefined;
  if (has('source_profile') && has('credential_source')) {
    throw fail('it has both source_profile and credential_source', `remove one of them from ${settings.sectionName}`);
  }
  const ownWay = roleWays.find(([key]) => has(key));
  if (has('role_arn')) return ownWay?.[1] === 'machine' ? machineWay(settings) : (ownWay?.[1] ?? 'role');
  if (ownWay !== undefined && (settings.isRecipeSection || ownWay[1] !== 'machine')) {
    throw fail(`it has ${ownWay[0]} but no role_arn`, `add role_arn to ${settings.sectionName}`);
  }
  return wayWithoutRole(settings, has);
}

/** A recipe section's own command wins over keys in a file, which stand elsewhere (decisions.md 13). */
function wayWithoutRole(
  { plaintext, isRecipeSection, foreignProcess }: ProfileSettings,
  has: (key: string) => boolean,
): Exclude<WayIn, 'role'> {
  if (has('sso_account_id') || has('sso_role_name')) return 'identity-center';
  if (isRecipeSection && foreignProcess !== undefined) return 'process';
  if (plaintext !== undefined || has('keys')) return 'keys';
  if (has('login_session')) return 'console';
  if (foreignProcess !== undefined) return 'process';
  // Without account and role it is no way in for AWS either; its reader says what is missing.
  return has('sso_session') || has('sso_start_url') ? 'identity-center' : 'keys';
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

function machineWay(settings: ProfileSettings): WayIn {
  return settings.get('credential_source') === 'Environment' ? 'environment' : 'machine';
}

/** True where the way in has assumed the profile's own role already, so that no AssumeRole of it follows. */
export function takesRole(way: EntryHop['kind']): boolean {
  return way === 'web-identity' || way === 'saml' || way === 'certificate';
}

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
  process: ({ foreignProcess = '' }) => ({ kind: 'process', command: foreignProcess }),
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
