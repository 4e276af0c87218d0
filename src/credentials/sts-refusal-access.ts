// AccessDenied of STS in words: who may not assume which role, and what may be missing. Pure. AWS never says which condition failed.

import type { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { missingPolicies, type PolicyRequest } from './sts-refusal-policies.ts';
import { profileOf, type Refusal, refused } from './sts-refused-call.ts';

/** Undefined for what is not denied, or denied for a reason of its own. */
export function explainAccessDenied(refusal: Refusal): AppError | undefined {
  if (refusal.awsCode !== 'AccessDenied' && refusal.awsCode !== 'AccessDeniedException') return undefined;
  if (/Cannot call GetSessionToken with session credentials/i.test(refusal.message)) {
    return refused(refusal, {
      words: 'these are temporary credentials already, and a session needs the long-term keys of an IAM user',
      hint: `store such keys: \`rolekeeper add ${shellWord(profileOf(refusal))}\``,
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
    hint: `\`rolekeeper refresh --force ${shellWord(profileOf(refusal))}\` prints the policy statements to paste: one that allows the caller, one with which the role trusts it${conditions(refusal)}`,
    more: missingPolicies(policyRequest(refusal, callerArn)),
  });
}

// What a trust policy may ask for and was not sent.
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
