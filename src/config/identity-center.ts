// Reads the settings of IAM Identity Center: a profile that names an `sso-session` section, or the old form with sso_start_url. Pure.
// Precedence is botocore's (credentials.py, SSOProvider): what profile and section both say must be the same.

import { isAccountId } from '../credentials/credentials.ts';
import { type AwsFile, findSection } from './aws-config.ts';
import type { IdentityCenterHop } from './entry-hop.ts';
import { parsedUrl } from './parsed-url.ts';
import type { ProfileSettings } from './profile-settings.ts';
import type { Fail } from './role-settings.ts';
import type { SignIn } from './sign-in.ts';
import { type EndpointInputs, type Lookup, resolveIdentityCenterEndpoint } from './sts-endpoint.ts';
import type { EntryInputs } from './ways-in.ts';

/** Throws what `fail` makes, for settings that are missing, contradict each other or cannot be. */
export function readIdentityCenter(settings: ProfileSettings, { files, env, fail }: EntryInputs): IdentityCenterHop {
  const { sectionName } = settings;
  const get = merged(settings, files.config, fail);
  const needed = ['sso_account_id', 'sso_role_name', 'sso_start_url', 'sso_region'] as const;
  const missing = needed.filter((key) => get(key) === undefined);
  if (missing.length > 0) {
    throw fail(
      `it starts from IAM Identity Center, and has no ${missing.join(', ')}`,
      `add ${missing.join(' and ')} to ${sectionName}`,
    );
  }
  const [accountId = '', roleName = ''] = needed.map(get);
  if (!isAccountId(accountId)) throw fail('sso_account_id is not 12 digits', `change sso_account_id in ${sectionName}`);
  if (!isRoleName(roleName)) {
    throw fail('sso_role_name is not the name of a permission set', `change sso_role_name in ${sectionName}`);
  }
  const signIn = signInOf(
    { get, sessionName: settings.get('sso_session') },
    { settings: settings.get, services: settings.service, env, fail },
  );
  return { kind: 'identity-center', signIn, accountId, roleName };
}

/** As permission sets are called. */
export function isRoleName(text: string): boolean {
  return /^[\w+=,.@-]{1,64}$/.test(text);
}

/** A section by itself, for a login without a profile. Undefined when there is none of that name. Throws what `fail` makes. */
export function readSsoSession(
  sessionName: string,
  config: AwsFile,
  { env, fail }: Pick<EntryInputs, 'env' | 'fail'>,
): SignIn | undefined {
  const section = findSection(config, 'sso-session', sessionName);
  if (section === undefined) return undefined;
  const get: Lookup = (key) => section.settings.get(key)?.value;
  const missing = ['sso_start_url', 'sso_region'].filter((key) => (get(key) ?? '') === '');
  if (missing.length > 0)
    throw fail(`[sso-session ${sessionName}] has no ${missing.join(', ')}`, `add ${missing.join(' and ')} to it`);
  return signInOf({ get, sessionName }, { settings: () => undefined, services: () => undefined, env, fail });
}

/** What AWS's own programs ask for; without it there is no refresh token. */
const defaultScope = 'sso:account:access';

interface Named {
  readonly get: Lookup;
  readonly sessionName: string | undefined;
}

function signInOf(
  { get, sessionName }: Named,
  { fail, ...inputs }: Pick<EndpointInputs, 'settings' | 'services' | 'env'> & { readonly fail: Fail },
): SignIn {
  const startUrl = get('sso_start_url') ?? '';
  if (parsedUrl(startUrl)?.protocol !== 'https:') {
    throw fail(`sso_start_url = ${JSON.stringify(startUrl.slice(0, 100))} is not an https URL`, 'change sso_start_url');
  }
  const endpoint = (service: 'sso' | 'sso_oidc') => {
    const outcome = resolveIdentityCenterEndpoint(service, get('sso_region') ?? '', inputs);
    if (outcome.kind === 'problem') throw fail(outcome.problem, 'check sso_region and endpoint_url');
    return outcome.value;
  };
  const scopes = (get('sso_registration_scopes') ?? '').split(',').flatMap((scope) => scope.trim() || []);
  return {
    ...(sessionName === undefined ? {} : { sessionName }),
    startUrl,
    scopes: scopes.length === 0 ? [defaultScope] : scopes,
    oidc: endpoint('sso_oidc'),
    portal: endpoint('sso'),
  };
}

/** The profile's settings and its section's together. */
function merged(settings: ProfileSettings, config: AwsFile, fail: Fail): Lookup {
  const sessionName = settings.get('sso_session');
  if (sessionName === undefined) return (key) => (key === 'sso_registration_scopes' ? undefined : settings.get(key));
  const section = findSection(config, 'sso-session', sessionName);
  if (section === undefined) {
    throw fail(
      `it starts from IAM Identity Center, and there is no [sso-session ${sessionName}] in ${config.path}`,
      `add that section, or change sso_session in ${settings.sectionName}`,
    );
  }
  const other = [...section.settings.values()].find(({ key, value }) => (settings.get(key) ?? value) !== value);
  if (other !== undefined) {
    throw fail(
      `${other.key} is one thing in ${settings.sectionName} and another in [sso-session ${sessionName}] (line ${other.line})`,
      `remove ${other.key} from ${settings.sectionName}`,
    );
  }
  return (key) => section.settings.get(key)?.value || settings.get(key);
}
