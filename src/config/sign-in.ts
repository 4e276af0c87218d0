// A person's sign-in to IAM Identity Center: where it is, and the id that it is kept by. Pure.

import type { ServiceEndpoint } from '../ports/sts.ts';
import { type KeyId, keyIdOf } from './names.ts';

/** An `sso-session` section, or a profile's own `sso_start_url`. */
export interface SignIn {
  /** The name of the `sso-session` section; undefined for the old form. */
  readonly sessionName?: string;
  readonly startUrl: string;
  readonly scopes: readonly string[];
  /** Where a person signs in and tokens are issued; in the region of the Identity Center, which may differ from the profile's. */
  readonly oidc: ServiceEndpoint;
  /** The access portal, which gives the credentials of roles. */
  readonly portal: ServiceEndpoint;
}

/** Profiles of one section share a sign-in. Two sections for one start URL do not: people keep one for each of their users. */
export function signInIdOf({ sessionName, startUrl, scopes, oidc: { region, url } }: SignIn): KeyId {
  return keyIdOf(['sign-in', { sessionName, startUrl, scopes, region, url }]);
}

/** For people. */
export function describeSignIn({ sessionName, startUrl }: Pick<SignIn, 'sessionName' | 'startUrl'>): string {
  return sessionName === undefined ? startUrl : `"${sessionName}" (${startUrl})`;
}
