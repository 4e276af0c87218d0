// A role: AssumeRole, signed by the hop before it. Takes an MFA code only where the recipe says that the role itself does.

import type { RoleStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { MfaCode } from '../credentials/mfa-code.ts';
import type { Sts, StsCall } from '../ports/sts.ts';

/** Throws what STS throws. `code` must be given exactly when the hop has an MFA serial. */
export async function requestRole(
  { hop, request }: RoleStep,
  { sts, call, code }: { readonly sts: Sts; readonly call: StsCall; readonly code?: MfaCode },
): Promise<Credentials> {
  const mfa = hop.mfaSerial === undefined || code === undefined ? {} : { mfa: { serial: hop.mfaSerial, code } };
  return sts.assumeRole({ ...request, ...mfa }, call);
}
