// Turns a refusal of IAM Roles Anywhere into words: what it means, and what to type or change. Pure.
// AWS has one code for most of them, AccessDeniedException, and tells them apart by its message alone.

import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import type { Certificate } from './certificate.ts';
import { type EpochMs, isoSeconds } from './credentials.ts';
import { capped, reasonIn } from './foreign-words.ts';

export interface SessionRefusal {
  readonly awsCode: string;
  readonly message: string;
  readonly httpStatus?: number;
  readonly profile: string;
  /** Where the certificate lies. */
  readonly path: string;
  readonly certificate: Certificate;
  readonly hasIntermediates: boolean;
  readonly roleArn: string;
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  /** As AWS counts it. */
  readonly now: EpochMs;
}

/** `aws-refused`; never anything else, whatever AWS said. */
export function explainSessionRefusal(refusal: SessionRefusal): AppError {
  for (const explain of explanations) {
    const error = explain(refusal);
    if (error !== undefined) return error;
  }
  return refused(refusal, {
    words: reasonIn(refusal.message),
    hint: `check trust_anchor_arn, profile_arn and role_arn of "${refusal.profile}"`,
  });
}

type Explanation = (refusal: SessionRefusal) => AppError | undefined;

// In order: the first that knows the error has the word.
const explanations: readonly Explanation[] = [
  explainTransient,
  explainTime,
  explainClock,
  explainDisabled,
  explainAbsent,
  explainRevoked,
  explainSessionName,
  explainRole,
  explainTrust,
  explainKind,
  explainSignature,
  explainValidation,
];

function explainTransient(refusal: SessionRefusal): AppError | undefined {
  const { awsCode, httpStatus = 0 } = refusal;
  if (!/thrott|toomanyrequests|internal|unavailable/i.test(awsCode) && httpStatus < 500 && httpStatus !== 429) return undefined;
  return refused(refusal, {
    words: reasonIn(refusal.message),
    hint: 'this goes away by itself; try again in a minute',
    isTransient: true,
  });
}

/** Whatever AWS says of it. */
function explainTime(refusal: SessionRefusal): AppError | undefined {
  const { certificate, path, now } = refusal;
  const { subject, validFrom, validTo } = certificate;
  if (validTo <= now) {
    const words = `the certificate of ${subject} ended at ${isoSeconds(validTo)}`;
    return refused(refusal, { words, hint: `put a renewed one there: ${path}` });
  }
  if (validFrom <= now) return undefined;
  const words = `the certificate of ${subject} is not valid before ${isoSeconds(validFrom)}`;
  return refused(refusal, { words, hint: `wait for that time, or put another one there: ${path}` });
}

function explainClock(refusal: SessionRefusal): AppError | undefined {
  if (!/signature (has )?expired|not yet current|skew|request has expired/i.test(refusal.message)) return undefined;
  return refused(refusal, {
    words: `the clock of this computer is off: ${reasonIn(refusal.message)}`,
    hint: 'set the clock: `timedatectl`',
  });
}

function explainDisabled(refusal: SessionRefusal): AppError | undefined {
  const { message, trustAnchorArn, profileArn } = refusal;
  if (!/disabled|not enabled/i.test(message)) return undefined;
  const isProfile = /profile/i.test(message) && !/trust anchor/i.test(message);
  const [what, arn] = isProfile ? ['profile', profileArn] : ['trust-anchor', trustAnchorArn];
  const command = `aws rolesanywhere enable-${what} --${what}-id ${shellWord(idOf(arn))} --region ${shellWord(regionOf(arn))}`;
  return refused(refusal, {
    words: `the ${what.replace('-', ' ')} ${arn} is switched off`,
    hint: `whoever administers it runs \`${command}\``,
  });
}

function explainAbsent(refusal: SessionRefusal): AppError | undefined {
  if (refusal.awsCode !== 'ResourceNotFoundException') return undefined;
  const isProfile = /profile/i.test(refusal.message);
  return refused(refusal, {
    words: `there is no such ${isProfile ? 'profile' : 'trust anchor'}: ${reasonIn(refusal.message)}`,
    hint: `check ${isProfile ? 'profile_arn' : 'trust_anchor_arn'} of "${refusal.profile}"`,
  });
}

function explainRevoked(refusal: SessionRefusal): AppError | undefined {
  if (!/revoked/i.test(refusal.message)) return undefined;
  return refused(refusal, {
    words: `the certificate of ${refusal.certificate.subject} was revoked`,
    hint: `have a new one made, and put it there: ${refusal.path}`,
  });
}

function explainSessionName(refusal: SessionRefusal): AppError | undefined {
  if (!/session ?name/i.test(refusal.message)) return undefined;
  return refused(refusal, {
    words: `its profile takes no role_session_name: ${reasonIn(refusal.message)}`,
    hint: `take role_session_name out of "${refusal.profile}", or have acceptRoleSessionName switched on in ${refusal.profileArn}`,
  });
}

function explainRole(refusal: SessionRefusal): AppError | undefined {
  if (!/unable to assume|not authorized to (assume|perform: sts)|role .*(profile|trust)/i.test(refusal.message)) return undefined;
  const { roleArn, profileArn } = refusal;
  return refused(refusal, {
    words: `${reasonIn(refusal.message)}: either the role does not let this certificate in, or the Roles Anywhere profile does not list the role`,
    hint: `list ${roleArn} in ${profileArn}, and let rolesanywhere.amazonaws.com into its trust policy`,
    more: [`The trust policy of ${roleArn} must have:`, ...trustPolicy(refusal)],
  });
}

function explainTrust(refusal: SessionRefusal): AppError | undefined {
  if (!/untrusted signing|untrusted certificate(?!\. insufficient)|trust chain/i.test(refusal.message)) return undefined;
  const chain = refusal.hasIntermediates
    ? 'check trust_anchor_arn and intermediates'
    : 'check trust_anchor_arn; where other certificates stand between the two, name their file as intermediates';
  return refused(refusal, {
    words: `the trust anchor does not know the issuer of ${refusal.certificate.subject}`,
    hint: `${chain} of "${refusal.profile}"`,
  });
}

function explainKind(refusal: SessionRefusal): AppError | undefined {
  if (!/insufficient certificate/i.test(refusal.message)) return undefined;
  return refused(refusal, {
    words: 'the certificate is not of the kind that it takes: version 3, no CA, key usage "digital signature", SHA-256 or better',
    hint: `look at it with \`openssl x509 -noout -text -in ${shellWord(refusal.path)}\`, and have another one made`,
  });
}

function explainSignature(refusal: SessionRefusal): AppError | undefined {
  if (!/signature/i.test(`${refusal.awsCode} ${refusal.message}`)) return undefined;
  return refused(refusal, {
    words: `the signature is not the one that it expects: ${reasonIn(refusal.message)}`,
    hint: 'check the clock, and the proxy if there is one: it must not change requests',
  });
}

const settings: readonly (readonly [RegExp, string])[] = [
  [/duration ?seconds/i, 'duration_seconds'],
  [/trust ?anchor/i, 'trust_anchor_arn'],
  [/profile ?arn/i, 'profile_arn'],
  [/role ?arn/i, 'role_arn'],
];

function explainValidation(refusal: SessionRefusal): AppError | undefined {
  if (refusal.awsCode !== 'ValidationException') return undefined;
  const setting = settings.find(([pattern]) => pattern.test(refusal.message))?.[1];
  return refused(refusal, {
    words: setting === undefined ? reasonIn(refusal.message) : `it does not take this ${setting}: ${reasonIn(refusal.message)}`,
    hint: `check ${setting ?? 'the settings'} of "${refusal.profile}"`,
  });
}

interface Answer {
  readonly words: string;
  readonly hint: string;
  readonly more?: readonly string[];
  readonly isTransient?: boolean;
}

function refused({ awsCode, roleArn }: SessionRefusal, { isTransient = false, ...answer }: Answer): AppError {
  return new AppError('aws-refused', {
    doing: `CreateSession for ${roleArn}`,
    awsCode: capped(awsCode, 64),
    ...answer,
    isTransient,
  });
}

// IAM Roles Anywhere user guide, "Trust model".
function trustPolicy({ trustAnchorArn }: SessionRefusal): readonly string[] {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'rolesanywhere.amazonaws.com' },
    Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
    Condition: { ArnEquals: { 'aws:SourceArn': trustAnchorArn } },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2).split('\n');
}

function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

function idOf(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
