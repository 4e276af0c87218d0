// STS's refusals of what an identity provider says, in words: web identity tokens and SAML assertions. Pure.

import { AppError, isAppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { capped, reasonIn } from './foreign-words.ts';
import type { FederatedOperation, Refusal } from './sts-refused-call.ts';

/** Undefined for what means the same in every operation: throttling, durations, session policies. */
export function explainIdentityRefusal(refusal: Refusal): AppError | undefined {
  const { operation, awsCode, request } = refusal;
  if (!isFederated(operation)) return undefined;
  const answer = answerFor(refusal, operation);
  if (answer === undefined) return undefined;
  const { words, isTransient = false } = answer;
  const { says } = refusal.context.identity ?? {};
  return new AppError('aws-refused', {
    doing: `${operation} for ${request.roleArn ?? 'the role'}`,
    awsCode: capped(awsCode, 64),
    words: says === undefined ? words : `${words}; it is ${says}`,
    hint: answer.hint,
    ...(answer.more === undefined ? {} : { more: answer.more }),
    isTransient,
  });
}

/** True if AWS could not reach the identity provider: the same call may do in a moment. */
export function isProviderSilent(error: unknown): boolean {
  return isAppError(error, 'aws-refused') && unreachable.has(error.details.awsCode);
}

interface Answer {
  readonly words: string;
  readonly hint: string;
  readonly more?: readonly string[];
  readonly isTransient?: boolean;
}

const unreachable: ReadonlySet<string> = new Set(['IDPCommunicationError', 'IDPCommunicationErrorException']);

function answerFor({ awsCode, message, context, request }: Refusal, operation: FederatedOperation): Answer | undefined {
  const thing = operation === 'AssumeRoleWithSAML' ? 'SAML assertion' : 'web identity token';
  const { profile = 'PROFILE' } = context;
  const from = context.identity?.from ?? 'the configuration';
  if (unreachable.has(awsCode)) {
    return {
      words: 'it could not reach the identity provider',
      hint: `try again; if it lasts, AWS must be able to fetch the provider's public keys: see its issuer URL in IAM, Identity providers`,
      isTransient: true,
    };
  }
  switch (awsCode) {
    case 'ExpiredToken':
    case 'ExpiredTokenException':
      return {
        words: /redeemed within/i.test(message)
          ? `the ${thing} is too old: AWS takes it for 5 minutes`
          : `the ${thing} has expired`,
        hint: `a new one must come from ${from}; then run \`rolekeeper refresh ${shellWord(profile)}\``,
      };
    case 'InvalidIdentityToken':
    case 'InvalidIdentityTokenException':
      return {
        words: `it does not take this ${thing}: ${reasonIn(message)}`,
        hint: `compare it with the identity provider in IAM (\`${providers(operation)}\`): issuer, audience, keys; it came from ${from}`,
      };
    case 'IDPRejectedClaim':
    case 'IDPRejectedClaimException':
      return {
        words: `the identity provider takes back this ${thing}: ${reasonIn(message)}`,
        hint: `sign in again at the identity provider, so that a new one comes from ${from}; then run \`rolekeeper refresh ${shellWord(profile)}\``,
      };
    case 'AccessDenied':
    case 'AccessDeniedException':
      return {
        words: `the role does not trust this ${thing}`,
        hint: `the trust policy of ${request.roleArn ?? 'the role'} must allow sts:${operation} for this provider, and its conditions must fit`,
        more: trustStatement(operation),
      };
    default:
      return undefined;
  }
}

function isFederated(operation: Refusal['operation']): operation is FederatedOperation {
  return operation === 'AssumeRoleWithSAML' || operation === 'AssumeRoleWithWebIdentity';
}

function providers(operation: FederatedOperation): string {
  return operation === 'AssumeRoleWithSAML' ? 'aws iam list-saml-providers' : 'aws iam list-open-id-connect-providers';
}

function trustStatement(operation: FederatedOperation): readonly string[] {
  const Federated = `arn:aws:iam::ACCOUNT:${operation === 'AssumeRoleWithSAML' ? 'saml-provider/NAME' : 'oidc-provider/ISSUER'}`;
  const Condition =
    operation === 'AssumeRoleWithSAML'
      ? { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } }
      : { StringEquals: { 'ISSUER:aud': 'AUDIENCE', 'ISSUER:sub': 'SUBJECT' } };
  const statement = { Effect: 'Allow', Principal: { Federated }, Action: `sts:${operation}`, Condition };
  return [
    "the role's trust policy:",
    ...JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2).split('\n'),
  ];
}
