// A call that STS or IAM refused, and how its explanations become errors. Pure.

import { AppError } from '../errors.ts';
import { capped } from './foreign-words.ts';

/** What is known around a call to STS. */
export interface CallContext {
  /** Whose recipe this is. */
  readonly profile?: string;
  /** The profile to name to `rolekeeper login`. */
  readonly loginTarget?: string;
  /** Where no profile is the target: the whole command. */
  readonly loginCommand?: string;
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

/** Undefined where it does not know the error. */
export type Explanation = (refusal: Refusal) => AppError | undefined;

interface Answer {
  readonly words: string;
  readonly hint: string;
  readonly more?: readonly string[];
  readonly isTransient?: boolean;
}

/** `aws-refused`, with as much of AWS's code as a code can have. */
export function refused({ operation, awsCode, request }: Refusal, { words, hint, more, isTransient = false }: Answer): AppError {
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

/** For messages: never empty. */
export function profileOf({ context }: Refusal): string {
  return context.profile ?? context.loginTarget ?? 'PROFILE';
}

/** What to type after `rolekeeper login`. */
export function loginTargetOf({ context }: Refusal): string {
  return context.loginTarget ?? context.profile ?? 'PROFILE';
}
