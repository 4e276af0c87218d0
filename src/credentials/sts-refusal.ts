// Turns an error of AWS STS into words: what it means, and what to type or change. Pure.
// The rules are the table "Errors to explain in words" of the project's contract, with AWS's own messages as the evidence.

import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { reasonIn } from './foreign-words.ts';
import { explainIamRefusal } from './iam-refusal.ts';
import { explainAccessDenied } from './sts-refusal-access.ts';
import { explainIdentityRefusal } from './sts-refusal-identity.ts';
import { explainDuration, explainPolicySize, explainValidation } from './sts-refusal-settings.ts';
import { type Explanation, loginTargetOf, profileOf, type Refusal, refused } from './sts-refused-call.ts';

/** True if AWS found the request's time to be off, and nothing else. */
export function isClockRefusal({ awsCode, message }: Pick<Refusal, 'awsCode' | 'message'>): boolean {
  if (awsCode === 'RequestExpired' || awsCode === 'RequestTimeTooSkewed' || awsCode === 'RequestInTheFuture') return true;
  const isSignature = awsCode === 'SignatureDoesNotMatch' || awsCode === 'InvalidSignatureException';
  return isSignature && /^Signature (expired|not yet current)/.test(message);
}

/** True for a code by which AWS says that it did not even look at the call. */
export function isThrottling(awsCode: string): boolean {
  return /Throttl|RequestLimit|TooMany|SlowDown/.test(awsCode);
}

/** `aws-refused`, `mfa-refused` or `login-needed`; never anything else, whatever AWS said. */
export function explainRefusal(refusal: Refusal): AppError {
  for (const explain of explanations) {
    const error = explain(refusal);
    if (error !== undefined) return error;
  }
  return refused(refusal, {
    words: reasonIn(refusal.message),
    hint: `see the recipe: \`rolekeeper status ${shellWord(profileOf(refusal))}\``,
  });
}

// In order: the first that knows the error has the word.
const explanations: readonly Explanation[] = [
  explainIdentityRefusal,
  explainTransient,
  explainIamRefusal,
  explainMfa,
  explainClock,
  explainAccessDenied,
  explainExpired,
  explainUnknownKey,
  explainSignature,
  explainDuration,
  explainPolicySize,
  explainRegion,
  explainValidation,
];

const transientCodes: ReadonlySet<string> = new Set([
  'IDPCommunicationError',
  'IDPCommunicationErrorException',
  'InternalError',
  'InternalFailure',
  'PriorRequestNotComplete',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ServiceFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

function explainTransient(refusal: Refusal): AppError | undefined {
  const { awsCode, httpStatus = 0 } = refusal;
  if (!transientCodes.has(awsCode) && httpStatus < 500 && httpStatus !== 429) return undefined;
  const isThrottled = isThrottling(awsCode) || httpStatus === 429;
  return refused(refusal, {
    words: isThrottled ? 'too many requests from this account just now' : 'a fault on its own side',
    hint: 'this goes away by itself; try again in a minute',
    isTransient: true,
  });
}

function explainMfa(refusal: Refusal): AppError | undefined {
  const { message, request } = refusal;
  const serial = request.mfaSerial ?? 'the MFA device';
  if (/invalid MFA one time pass code/i.test(message)) {
    return new AppError('mfa-refused', {
      serial,
      words: 'it is wrong, or was used before',
      hint: `wait for the next code (30 s at most), then run \`rolekeeper login ${shellWord(loginTargetOf(refusal))}\``,
      isCodeWrong: true,
    });
  }
  if (!/unable to validate MFA code/i.test(message)) return undefined;
  const isSecurityKey = /:u2f\//.test(serial);
  return new AppError('mfa-refused', {
    serial,
    words: isSecurityKey ? 'AWS takes no passkey or security key for API calls' : 'this user has no such MFA device',
    hint: isSecurityKey
      ? 'add an authenticator app as a second device in IAM and name its ARN in mfa_serial'
      : `check mfa_serial of profile "${profileOf(refusal)}" (\`aws iam list-mfa-devices\` shows the right one)`,
  });
}

function explainClock(refusal: Refusal): AppError | undefined {
  if (!isClockRefusal(refusal)) return undefined;
  return refused(refusal, {
    words: `this computer's clock is ${clockError(refusal.message)}`,
    hint: 'set the clock (`sudo timedatectl set-ntp true` on Linux), then try again',
  });
}

// `Signature expired: A is now earlier than B (C - 15 min.)`: signed at A, received at C. "Not yet current" has the same form.
function clockError(message: string): string {
  const [signed, , received] = (message.match(/\d{8}T\d{6}Z/g) ?? []).map(parseBasicIso);
  if (signed === undefined || received === undefined) return 'off';
  const minutes = Math.max(1, Math.round(Math.abs(received - signed) / 60_000));
  const span = minutes < 120 ? `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}` : `${Math.round(minutes / 60)} hours`;
  return `${span} ${signed < received ? 'behind' : 'ahead'}`;
}

function parseBasicIso(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function explainExpired(refusal: Refusal): AppError | undefined {
  const { awsCode, callerKind, context } = refusal;
  if (awsCode !== 'ExpiredToken' && awsCode !== 'ExpiredTokenException') return undefined;
  if (callerKind === 'keys') {
    return refused(refusal, {
      words: `the temporary credentials in the ${context.areKeysOfCaller === true ? 'environment' : 'file'} have ended`,
      hint: hintForKeys(
        refusal,
        `put new ones there, or store long-term keys: \`rolekeeper add ${shellWord(loginTargetOf(refusal))}\``,
      ),
    });
  }
  if (callerKind === 'role') {
    return refused(refusal, {
      words: 'the credentials of the role before it have ended',
      hint: `run \`rolekeeper refresh --force ${shellWord(profileOf(refusal))}\``,
    });
  }
  const { loginTarget } = context;
  if (loginTarget === undefined) return refused(refusal, { words: 'the session has ended', hint: 'run `rolekeeper login`' });
  const profile = context.profile ?? loginTarget;
  return new AppError('login-needed', {
    profile,
    target: loginTarget,
    why: `the session for "${profile}" has ended (${awsCode})`,
  });
}

function explainUnknownKey(refusal: Refusal): AppError | undefined {
  const { awsCode, callerKind } = refusal;
  if (awsCode !== 'InvalidClientTokenId' && awsCode !== 'UnrecognizedClientException') return undefined;
  if (callerKind === 'keys') {
    return refused(refusal, {
      words: 'it does not know this access key: deleted, inactive, or of another partition',
      hint: hintForKeys(
        refusal,
        `check the key in IAM and the region of "${profileOf(refusal)}"; \`rolekeeper add ${shellWord(loginTargetOf(refusal))}\` stores a new one`,
      ),
    });
  }
  return refused(refusal, {
    words: 'it does not know this session: revoked, or of another partition',
    hint: `run \`rolekeeper login ${shellWord(loginTargetOf(refusal))}\``,
  });
}

function hintForKeys({ context }: Refusal, inStore: string): string {
  if (context.areKeysOfCaller !== true) return inStore;
  return 'set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary keys, AWS_SESSION_TOKEN anew in that environment';
}

function explainSignature(refusal: Refusal): AppError | undefined {
  const { awsCode, message, callerKind, region } = refusal;
  if (awsCode !== 'SignatureDoesNotMatch' && awsCode !== 'InvalidSignatureException') return undefined;
  if (/scoped to (a valid|the correct|correct) region/i.test(message)) {
    return refused(refusal, {
      words: `region "${region}" is not one of this endpoint`,
      hint: `check region and endpoint_url of "${profileOf(refusal)}"`,
    });
  }
  const target = loginTargetOf(refusal);
  return refused(refusal, {
    words:
      callerKind === 'keys' ? 'the secret access key does not belong to this access key id' : 'the stored session is damaged',
    hint:
      callerKind === 'keys'
        ? hintForKeys(refusal, `type the pair again: \`rolekeeper add ${shellWord(target)}\``)
        : `run \`rolekeeper login ${shellWord(target)}\``,
  });
}

function explainRegion(refusal: Refusal): AppError | undefined {
  if (refusal.awsCode !== 'RegionDisabledException') return undefined;
  return refused(refusal, {
    words: `STS is switched off in ${refusal.region} for this account`,
    hint: `set a region where it is on (us-east-1 always is) for "${profileOf(refusal)}", or have it switched on: IAM, Account settings, STS`,
  });
}
