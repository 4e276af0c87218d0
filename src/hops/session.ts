// The day's session: GetSessionToken, signed by the user's keys. With MFA it needs a person, without it does not.

import type { SessionStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { MfaCode } from '../credentials/mfa-code.ts';
import type { Sts, StsCall } from '../ports/sts.ts';

/** Throws what STS throws. `code` must be given exactly when the hop has an MFA serial. */
export async function requestSession(
  { hop }: SessionStep,
  { sts, call, code }: { readonly sts: Sts; readonly call: StsCall; readonly code?: MfaCode },
): Promise<Credentials> {
  const mfa = hop.mfaSerial === undefined || code === undefined ? {} : { mfa: { serial: hop.mfaSerial, code } };
  return sts.getSessionToken({ durationSeconds: hop.durationSeconds, ...mfa }, call);
}
