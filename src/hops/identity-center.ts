// A role of IAM Identity Center: GetRoleCredentials, with the access token of a person's sign-in.

import type { IdentityCenterHop } from '../config/entry-hop.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { isAppError } from '../errors.ts';
import type { AccessToken, IdentityCenter, IdentityCenterCall } from '../ports/identity-center.ts';

/** Throws `login-needed` where only a person can go on, and what the ports throw. */
export async function requestIdentityCenter(
  { signIn, ...role }: IdentityCenterHop,
  call: IdentityCenterCall,
  { portal, signIns }: Pick<IdentityCenter, 'portal' | 'signIns'>,
): Promise<Credentials> {
  const { accountId, roleName } = role;
  const ask = (token: AccessToken) =>
    portal.getRoleCredentials({ accountId, roleName }, { ...call, endpoint: signIn.portal, accessToken: token.value });
  const first = await signIns.accessToken(signIn, call);
  try {
    return await ask(first);
  } catch (error) {
    // It may have been ended elsewhere, while the refresh token is still good.
    if (!isAppError(error, 'login-needed')) throw error;
    return await ask(await signIns.accessToken(signIn, call, first));
  }
}
