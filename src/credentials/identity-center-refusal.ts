// Turns a refusal of IAM Identity Center into words: what it means, and what to type. Pure.

import { AppError } from '../errors.ts';
import type { PortalRole } from '../ports/identity-center.ts';
import { shellWord } from '../shell-word.ts';
import { capped, reasonIn } from './foreign-words.ts';
import type { CallContext } from './sts-refused-call.ts';

export interface IdentityCenterRefusal {
  readonly operation: string;
  readonly awsCode: string;
  readonly message: string;
  readonly httpStatus?: number;
  /** That was asked for. */
  readonly role?: PortalRole;
  readonly context: CallContext | undefined;
}

/** `aws-refused`, or `login-needed` for a token that is not taken any more. */
export function explainIdentityCenterRefusal(refusal: IdentityCenterRefusal): AppError {
  const { operation, awsCode, message, httpStatus = 0, role, context = {} } = refusal;
  const profile = context.profile ?? 'PROFILE';
  const refused = (words: string, hint: string, isTransient = false) =>
    new AppError('aws-refused', { doing: operation, awsCode: capped(awsCode, 64), words, hint, isTransient });
  if (awsCode === 'InvalidClientException') {
    return refused(
      'it does not know the registration of this program',
      `run \`rolekeeper login ${shellWord(profile)}\`, which registers it anew`,
    );
  }
  if (awsCode === 'UnauthorizedException' || httpStatus === 401) {
    const why = `IAM Identity Center does not take the sign-in of "${profile}" any more`;
    const { loginTarget: target = profile, loginCommand: command } = context;
    return new AppError('login-needed', { profile, target, why, ...(command === undefined ? {} : { command }) });
  }
  if (awsCode === 'TooManyRequestsException' || awsCode === 'SlowDownException' || httpStatus === 429) {
    return refused('too many requests just now', 'this goes away by itself; try again in a minute', true);
  }
  if (httpStatus >= 500) return refused('a fault on its own side', 'this goes away by itself; try again in a minute', true);
  if (role !== undefined && (httpStatus === 403 || httpStatus === 404)) {
    return refused(
      `you have no role "${role.roleName}" in account ${role.accountId} there`,
      `\`rolekeeper sso accounts --profile ${shellWord(profile)}\` lists those that you have`,
    );
  }
  return refused(reasonIn(message), `check sso_start_url and sso_region: \`rolekeeper explain ${shellWord(profile)}\``);
}
