// Turns an error of AWS STS into words: what it means, and what to type or change. Pure.
// The rules are the table "Errors to explain in words" of the project's contract, with AWS's own messages as the evidence.

import { AppError } from '../errors.ts';
import { explainIamRefusal } from './iam-refusal.ts';
import { explainIdentityRefusal } from './sts-refusal-identity.ts';
import { missingPolicies, type PolicyRequest } from './sts-refusal-policies.ts';

/** What is known around a call to STS. */
export interface CallContext {
  /** Whose recipe this is. */
  readonly profile?: string;
  /** What to type after `rolekeeper login`. */
  readonly loginTarget?: string;
  /** The caller as policies name it: the user's ARN for keys and sessions, the role's own ARN (not its session's) for a role. */
  readonly callerArn?: string;
  /** The hop that made the caller's credentials; when absent, whoever has a session token counts as a session. */
  readonly callerKind?: CallerKind;
  /** The keys are no item and no line of a file, but the environment's of whoever asks. */
  readonly areKeysOfCaller?: true;
  /** The MFA device behind the caller's session. */
  readonly sessionMfaSerial?: string;
  /** What stands in the recipe and was not sent, since it is no setting: `"externalid" in [rolekeeper dev]`. */
  readonly unused?: readonly string[];
  readonly identity?: IdentityContext;
}

/** What was shown to AWS instead of a signature. */
export interface IdentityContext {
  /** The setting that it comes from, and its file where it is one. */
  readonly from: string;
  /** What it says of itself: who issued it, for whom. Never the thing itself. */
  readonly says?: string;
}

export type IamOperation = 'ListAccessKeys' | 'CreateAccessKey' | 'UpdateAccessKey' | 'DeleteAccessKey';

export type FederatedOperation = 'AssumeRoleWithWebIdentity' | 'AssumeRoleWithSAML';

export type CallerKind = 'keys' | 'session' | 'role';

export interface Refusal {
  readonly operation: 'AssumeRole' | 'GetSessionToken' | 'GetCallerIdentity' | FederatedOperation | IamOperation;
  readonly awsCode: string;
  readonly message: string;
  readonly httpStatus?: number;
  readonly region: string;
  readonly callerKind: CallerKind;
  readonly request: RefusedRequest;
  readonly context: CallContext;
}

/** What was asked for, as far as words about it need it. */
export interface RefusedRequest {
  readonly roleArn?: string;
  readonly durationSeconds?: number;
  readonly externalId?: string;
  readonly mfaSerial?: string;
  readonly sourceIdentity?: string;
  readonly hasTags?: boolean;
}

/** True if AWS found the request's time to be off, and nothing else. */
export function isClockRefusal({ awsCode, message }: Pick<Refusal, 'awsCode' | 'message'>): boolean {
  if (awsCode === 'RequestExpired' || awsCode === 'RequestTimeTooSkewed' || awsCode === 'RequestInTheFuture') return true;
  const isSignature = awsCode === 'SignatureDoesNotMatch' || awsCode === 'InvalidSignatureException';
  return isSignature && /^Signature (expired|not yet current)/.test(message);
}

/** `aws-refused`, `mfa-refused` or `login-needed`; never anything else, whatever AWS said. */
export function explainRefusal(refusal: Refusal): AppError {
  for (const explain of explanations) {
    const error = explain(refusal);
    if (error !== undefined) return error;
  }
  return refused(refusal, {
    words: reasonIn(refusal),
    hint: `see the recipe: \`rolekeeper status ${profileOf(refusal)}\``,
  });
}

type Explanation = (refusal: Refusal) => AppError | undefined;

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
  const isThrottled = /Throttl|RequestLimit|TooMany|SlowDown/.test(awsCode) || httpStatus === 429;
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
      hint: `wait for the next code (30 s at most), then run \`rolekeeper login ${loginTargetOf(refusal)}\``,
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

function explainAccessDenied(refusal: Refusal): AppError | undefined {
  if (refusal.awsCode !== 'AccessDenied' && refusal.awsCode !== 'AccessDeniedException') return undefined;
  if (/Cannot call GetSessionToken with session credentials/i.test(refusal.message)) {
    return refused(refusal, {
      words: 'these are temporary credentials already, and a session needs the long-term keys of an IAM user',
      hint: `store such keys: \`rolekeeper add ${profileOf(refusal)}\``,
    });
  }
  return refusal.operation === 'AssumeRole' ? explainRoleDenied(refusal) : undefined;
}

function explainRoleDenied(refusal: Refusal): AppError {
  const { message, request, context } = refusal;
  const roleArn = request.roleArn ?? 'the role';
  const denied = /explicit deny in an? ([a-z -]+ policy|permissions boundary)/i.exec(message)?.[1];
  const callerArn = context.callerArn ?? /User: (arn:\S+)/.exec(message)?.[1];
  if (callerArn?.endsWith(':root') === true) {
    return refused(refusal, { words: 'the root user cannot assume roles', hint: 'use the keys of an IAM user' });
  }
  const words = `${callerArn ?? 'the caller'} is not allowed to assume ${roleArn}`;
  if (denied !== undefined) {
    return refused(refusal, {
      words: `${words}: a ${denied} denies it`,
      hint: `a deny wins over every allow: whoever owns that ${denied} must lift it`,
    });
  }
  return refused(refusal, {
    words,
    hint: `\`rolekeeper refresh --force ${profileOf(refusal)}\` prints the policy statements to paste: one that allows the caller, one with which the role trusts it${conditions(refusal)}`,
    more: missingPolicies(policyRequest(refusal, callerArn)),
  });
}

// What a trust policy may ask for and was not sent. AWS never says which condition failed.
function conditions(refusal: Refusal): string {
  const unsent = [
    ...(refusal.request.externalId === undefined ? ['external_id'] : []),
    ...(isMfaPresent(refusal) ? [] : ['mfa_serial']),
  ];
  const { unused = [] } = refusal.context;
  return [
    unsent.length === 0 ? '' : `; if the role asks for it, set ${unsent.join(' or ')}`,
    unused.length === 0 ? '' : `; not sent, since it is no setting: ${unused.join(', ')}`,
  ].join('');
}

// The MFA of a session counts for the role behind it, but not for the next one.
function isMfaPresent({ request, callerKind, context }: Refusal): boolean {
  return request.mfaSerial !== undefined || (callerKind === 'session' && context.sessionMfaSerial !== undefined);
}

function policyRequest(refusal: Refusal, callerArn: string | undefined): PolicyRequest {
  const { request } = refusal;
  return {
    roleArn: request.roleArn ?? '',
    ...(callerArn === undefined ? {} : { callerArn }),
    ...(request.externalId === undefined ? {} : { externalId: request.externalId }),
    needsTagging: request.hasTags === true,
    needsSourceIdentity: request.sourceIdentity !== undefined,
    isMfaPresent: isMfaPresent(refusal),
  };
}

function explainExpired(refusal: Refusal): AppError | undefined {
  const { awsCode, callerKind, context } = refusal;
  if (awsCode !== 'ExpiredToken' && awsCode !== 'ExpiredTokenException') return undefined;
  if (callerKind === 'keys') {
    return refused(refusal, {
      words: `the temporary credentials in the ${context.areKeysOfCaller === true ? 'environment' : 'file'} have ended`,
      hint: hintForKeys(refusal, `put new ones there, or store long-term keys: \`rolekeeper add ${loginTargetOf(refusal)}\``),
    });
  }
  if (callerKind === 'role') {
    return refused(refusal, {
      words: 'the credentials of the role before it have ended',
      hint: `run \`rolekeeper refresh --force ${profileOf(refusal)}\``,
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
        `check the key in IAM and the region of "${profileOf(refusal)}"; \`rolekeeper add ${loginTargetOf(refusal)}\` stores a new one`,
      ),
    });
  }
  return refused(refusal, {
    words: 'it does not know this session: revoked, or of another partition',
    hint: `run \`rolekeeper login ${loginTargetOf(refusal)}\``,
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
        ? hintForKeys(refusal, `type the pair again: \`rolekeeper add ${target}\``)
        : `run \`rolekeeper login ${target}\``,
  });
}

function explainDuration(refusal: Refusal): AppError | undefined {
  const { message, request } = refusal;
  const asked = request.durationSeconds === undefined ? 'duration_seconds' : `duration_seconds = ${request.durationSeconds}`;
  const place = `"${profileOf(refusal)}"`;
  if (/exceeds the MaxSessionDuration/i.test(message)) {
    const role = (request.roleArn ?? 'ROLE').split('/').at(-1) ?? 'ROLE';
    return refused(refusal, {
      words: `${asked} is more than the role allows (its MaxSessionDuration, 3600 unless somebody raised it)`,
      hint: `lower duration_seconds of ${place}, or have the role's raised: \`aws iam update-role --role-name ${role} --max-session-duration ${request.durationSeconds ?? 3600}\``,
    });
  }
  if (!/1 hour session limit/i.test(message)) return undefined;
  return refused(refusal, {
    words: `${asked} is more than the hour that AWS allows a role behind a session or another role`,
    hint: `set duration_seconds = 3600 for ${place}`,
  });
}

function explainPolicySize(refusal: Refusal): AppError | undefined {
  const place = `"${profileOf(refusal)}"`;
  if (refusal.awsCode === 'MalformedPolicyDocument' || refusal.awsCode === 'MalformedPolicyDocumentException') {
    return refused(refusal, {
      words: `the session policy is not valid: ${capped(refusal.message)}`,
      hint: `check policy of ${place}`,
    });
  }
  if (refusal.awsCode !== 'PackedPolicyTooLarge' && refusal.awsCode !== 'PackedPolicyTooLargeException') return undefined;
  return refused(refusal, {
    words: `policy, policy_arns and tags together are too long: ${capped(refusal.message)}`,
    hint: `shorten policy, policy_arns or tags of ${place}`,
  });
}

function explainRegion(refusal: Refusal): AppError | undefined {
  if (refusal.awsCode !== 'RegionDisabledException') return undefined;
  return refused(refusal, {
    words: `STS is switched off in ${refusal.region} for this account`,
    hint: `set a region where it is on (us-east-1 always is) for "${profileOf(refusal)}", or have it switched on: IAM, Account settings, STS`,
  });
}

const settingOfMember: ReadonlyMap<string, string> = new Map([
  ['roleArn', 'role_arn'],
  ['roleSessionName', 'role_session_name'],
  ['durationSeconds', 'duration_seconds'],
  ['externalId', 'external_id'],
  ['serialNumber', 'mfa_serial'],
  ['sourceIdentity', 'source_identity'],
  ['policy', 'policy'],
  ['policyArns', 'policy_arns'],
  ['tags', 'tags'],
  ['transitiveTagKeys', 'transitive_tag_keys'],
]);

function explainValidation(refusal: Refusal): AppError | undefined {
  const member = /at '([A-Za-z]+)/.exec(refusal.message)?.[1] ?? '';
  const setting = settingOfMember.get(member);
  if (refusal.awsCode !== 'ValidationError' || setting === undefined) return undefined;
  const constraint = /failed to satisfy constraint: (.*)$/s.exec(refusal.message)?.[1] ?? refusal.message;
  return refused(refusal, {
    words: `it does not take this ${setting}: ${capped(constraint)}`,
    hint: `check ${setting} of "${profileOf(refusal)}"`,
  });
}

interface Answer {
  readonly words: string;
  readonly hint: string;
  readonly more?: readonly string[];
  readonly isTransient?: boolean;
}

function refused({ operation, awsCode, request }: Refusal, { words, hint, more, isTransient = false }: Answer): AppError {
  const doing =
    operation.startsWith('AssumeRole') && request.roleArn !== undefined ? `${operation} for ${request.roleArn}` : operation;
  return new AppError('aws-refused', {
    doing,
    awsCode: capped(awsCode, 64),
    words,
    hint,
    ...(more === undefined ? {} : { more }),
    isTransient,
  });
}

function reasonIn({ message }: Refusal): string {
  return message.trim() === '' ? 'it gives no reason' : capped(message);
}

// An endpoint may say anything, at any length.
function capped(text: string, length = 300): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

function profileOf({ context }: Refusal): string {
  return context.profile ?? context.loginTarget ?? 'PROFILE';
}

function loginTargetOf({ context }: Refusal): string {
  return context.loginTarget ?? context.profile ?? 'PROFILE';
}
