// STS's refusals of what a setting says, in words: which setting, and what AWS allows. Pure.

import type { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { reasonIn } from './foreign-words.ts';
import { profileOf, type Refusal, refused } from './sts-refused-call.ts';

export function explainDuration(refusal: Refusal): AppError | undefined {
  const { message, request } = refusal;
  const asked = request.durationSeconds === undefined ? 'duration_seconds' : `duration_seconds = ${request.durationSeconds}`;
  const place = `"${profileOf(refusal)}"`;
  if (/exceeds the MaxSessionDuration/i.test(message)) {
    const role = (request.roleArn ?? 'ROLE').split('/').at(-1) ?? 'ROLE';
    return refused(refusal, {
      words: `${asked} is more than the role allows (its MaxSessionDuration, 3600 unless somebody raised it)`,
      hint: `lower duration_seconds of ${place}, or have the role's raised: \`aws iam update-role --role-name ${shellWord(role)} --max-session-duration ${request.durationSeconds ?? 3600}\``,
    });
  }
  if (!/1 hour session limit/i.test(message)) return undefined;
  return refused(refusal, {
    words: `${asked} is more than the hour that AWS allows a role behind a session or another role`,
    hint: `set duration_seconds = 3600 for ${place}`,
  });
}

export function explainPolicySize(refusal: Refusal): AppError | undefined {
  const place = `"${profileOf(refusal)}"`;
  if (refusal.awsCode === 'MalformedPolicyDocument' || refusal.awsCode === 'MalformedPolicyDocumentException') {
    return refused(refusal, {
      words: `the session policy is not valid: ${reasonIn(refusal.message)}`,
      hint: `check policy of ${place}`,
    });
  }
  if (refusal.awsCode !== 'PackedPolicyTooLarge' && refusal.awsCode !== 'PackedPolicyTooLargeException') return undefined;
  return refused(refusal, {
    words: `policy, policy_arns and tags together are too long: ${reasonIn(refusal.message)}`,
    hint: `shorten policy, policy_arns or tags of ${place}`,
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

export function explainValidation(refusal: Refusal): AppError | undefined {
  const member = /at '([A-Za-z]+)/.exec(refusal.message)?.[1] ?? '';
  const setting = settingOfMember.get(member);
  if (refusal.awsCode !== 'ValidationError' || setting === undefined) return undefined;
  const constraint = /failed to satisfy constraint: (.*)$/s.exec(refusal.message)?.[1] ?? refusal.message;
  return refused(refusal, {
    words: `it does not take this ${setting}: ${reasonIn(constraint)}`,
    hint: `check ${setting} of "${profileOf(refusal)}"`,
  });
}
