// The two policy statements that a refused AssumeRole may lack, ready to paste. Pure.

export interface PolicyRequest {
  readonly roleArn: string;
  /** As policies name it, or as AWS's message does: then the ARN of a role's session. */
  readonly callerArn?: string;
  readonly externalId?: string;
  readonly needsTagging: boolean;
  readonly needsSourceIdentity: boolean;
  /** The call carries MFA, so the trust policy may ask for it. */
  readonly isMfaPresent: boolean;
}

/** Lines to print as they are. Each block in braces is a whole policy document in JSON. */
export function missingPolicies(request: PolicyRequest): readonly string[] {
  const { principalArn, notes } = principalOf(request.callerArn);
  const caller = principalArn ?? 'the caller';
  return [
    `1. Attach this policy to ${caller}${notes}:`,
    ...pretty({ Effect: 'Allow', Action: actionsOf(request), Resource: request.roleArn }),
    `2. Make this the trust policy of ${request.roleArn}, or add its statement to the one that is there:`,
    ...pretty({
      Effect: 'Allow',
      Principal: { AWS: principalArn ?? 'ARN-OF-THE-CALLER' },
      Action: actionsOf(request),
      ...conditionOf(request),
    }),
  ];
}

function actionsOf({ needsTagging, needsSourceIdentity }: PolicyRequest): string | readonly string[] {
  const more = [...(needsTagging ? ['sts:TagSession'] : []), ...(needsSourceIdentity ? ['sts:SetSourceIdentity'] : [])];
  return more.length === 0 ? 'sts:AssumeRole' : ['sts:AssumeRole', ...more];
}

function conditionOf({ externalId, isMfaPresent }: PolicyRequest): object {
  const conditions = {
    ...(externalId === undefined ? {} : { StringEquals: { 'sts:ExternalId': externalId } }),
    ...(isMfaPresent ? { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } : {}),
  };
  return Object.keys(conditions).length === 0 ? {} : { Condition: conditions };
}

function pretty(statement: object): readonly string[] {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2).split('\n');
}

/**
 * `arn:aws:sts::1:assumed-role/Dev/alice` → `arn:aws:iam::1:role/Dev`: policies are attached to the role, and trust names it. The
 * session's ARN leaves out the role's path, which nobody can guess.
 */
function principalOf(callerArn: string | undefined): { readonly principalArn?: string; readonly notes: string } {
  if (callerArn === undefined) return { notes: '' };
  const session = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(callerArn);
  if (session === null) return { principalArn: callerArn, notes: '' };
  const [, partition, account, role] = session;
  return { principalArn: `arn:${partition}:iam::${account}:role/${role}`, notes: " (with the role's path, if it has one)" };
}
