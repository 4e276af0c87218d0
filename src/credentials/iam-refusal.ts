// IAM's refusals of the calls of `rotate`, in words. Pure.

import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import type { IamOperation, Refusal } from './sts-refused-call.ts';

/** Undefined for what means the same as in STS: an unknown key, a wrong secret, a clock that is off. */
export function explainIamRefusal({ operation, awsCode, callerKind, context }: Refusal): AppError | undefined {
  if (!isIamOperation(operation)) return undefined;
  const { profile = 'PROFILE', loginTarget = profile, callerArn = 'the caller' } = context;
  const refused = (words: string, hint: string) =>
    new AppError('aws-refused', { doing: operation, awsCode, words, hint, isTransient: false });
  switch (awsCode) {
    case 'AccessDenied':
    case 'AccessDeniedException': {
      const allow = `a policy must allow ${iamActions} on ${callerArn}`;
      return callerKind === 'keys'
        ? refused(
            `${callerArn} may not do this with the keys alone`,
            `if its policy wants MFA, run \`rolekeeper login ${shellWord(loginTarget)}\` first (it needs mfa_serial); else ${allow}`,
          )
        : refused(`${callerArn} may not do this`, allow);
    }
    case 'LimitExceeded':
    case 'LimitExceededException':
      return refused(
        'the user has two access keys already',
        'see them: `aws iam list-access-keys`, and delete the one nobody uses',
      );
    case 'NoSuchEntity':
    case 'NoSuchEntityException':
      return refused('there is no such user or access key any more', 'look into IAM: `aws iam list-access-keys`');
    default:
      return undefined;
  }
}

const iamActions = 'iam:ListAccessKeys, iam:CreateAccessKey, iam:UpdateAccessKey and iam:DeleteAccessKey';

function isIamOperation(operation: Refusal['operation']): operation is IamOperation {
  return operation.endsWith('AccessKey') || operation.endsWith('AccessKeys');
}
