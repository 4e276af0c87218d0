// What the double's signed operations do, and when AWS would refuse them.

import { type AssumeRoleParams, type MfaParams, type RoleParams, readAssumeRole, readSession } from './sts-double-params.ts';
import { accessDenied, invalid, Refusal } from './sts-double-refusal.ts';
import {
  accountOf,
  type DoubleRole,
  type DoubleTrust,
  type IssuedKey,
  lastPart,
  type Principal,
  type World,
} from './sts-double-world.ts';
import type { XmlFields } from './sts-double-xml.ts';
import { decodeSeed, stepAt, totpCode } from './totp.ts';

const signedOperations = ['AssumeRole', 'GetSessionToken', 'GetCallerIdentity'] as const;
export type SignedOperationName = (typeof signedOperations)[number];

export interface ActionResult {
  readonly fields: XmlFields;
  readonly issued?: IssuedKey;
}

export function isSignedOperation(text: string | null): text is SignedOperationName {
  return signedOperations.some((name) => name === text);
}

/** Throws `Refusal` with AWS's code and words. */
export function perform(
  operation: SignedOperationName,
  form: URLSearchParams,
  at: { world: World; caller: Principal },
): ActionResult {
  switch (operation) {
    case 'AssumeRole':
      return assumeRole(readAssumeRole(form), at);
    case 'GetSessionToken':
      return getSessionToken(form, at);
    case 'GetCallerIdentity':
      return { fields: { Arn: at.caller.arn, UserId: at.caller.userId, Account: at.caller.accountId } };
    default:
      return operation satisfies never;
  }
}

interface Scene {
  readonly world: World;
  readonly caller: Principal;
}

function getSessionToken(form: URLSearchParams, { world, caller }: Scene): ActionResult {
  if (caller.kind !== 'keys') throw accessDenied('Cannot call GetSessionToken with session credentials');
  const params = readSession(form);
  const isMfaPresent = checkMfa(params, { world, caller });
  const issued = world.issue({ ...caller, kind: 'session', isMfaPresent }, params.durationSeconds);
  return { fields: credentialsFields(issued), issued };
}

function assumeRole(params: AssumeRoleParams, { world, caller }: Scene): ActionResult {
  checkPolicy(params);
  const isMfaPresent = checkMfa(params, { world, caller }) || caller.isMfaPresent;
  const role = authorize(params, { world, caller: { ...caller, isMfaPresent } });
  if (caller.kind !== 'keys' && params.durationSeconds > 3600) {
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  return roleResult(role, { ...params, sourceIdentity: params.sourceIdentity ?? caller.sourceIdentity }, world);
}

/** A role's session as it is asked for, with the identity that sticks to it. */
export interface RoleSession extends RoleParams {
  readonly sourceIdentity?: string | undefined;
}

/** The credentials of a role that the caller may have, whoever he is. */
export function roleResult(role: DoubleRole, params: RoleSession, world: World): Required<ActionResult> {
  checkDuration(params, role);
  const principal = rolePrincipal(role, params, world);
  const issued = world.issue(principal, params.durationSeconds);
  return {
    fields: {
      ...credentialsFields(issued),
      AssumedRoleUser: { AssumedRoleId: principal.userId, Arn: principal.arn },
      ...packedSize(params),
      ...(principal.sourceIdentity === undefined ? {} : { SourceIdentity: principal.sourceIdentity }),
    },
    issued,
  };
}

function credentialsFields({ accessKeyId, secretAccessKey, sessionToken, expiresAt }: IssuedKey): XmlFields {
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(expiresAt).toISOString().replace('.000Z', 'Z'),
    },
  };
}

function rolePrincipal(role: DoubleRole, { roleSessionName, sourceIdentity }: RoleSession, world: World): Principal {
  const accountId = accountOf(role.arn);
  const partition = role.arn.split(':')[1] ?? 'aws';
  return {
    kind: 'role',
    // The session's ARN leaves out the role's path.
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${lastPart(role.arn)}/${roleSessionName}`,
    userId: `${world.uniqueId('AROA', role.arn)}:${roleSessionName}`,
    accountId,
    policyArn: role.arn,
    mayAssume: role.mayAssume ?? [],
    // A role's own credentials never carry the MFA of the call that made them.
    isMfaPresent: false,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  };
}

/** True if a code was given, and it was right. A right code is spent even if the call fails later. */
function checkMfa({ serialNumber, tokenCode }: MfaParams, { world, caller }: Scene): boolean {
  if (serialNumber === undefined && tokenCode === undefined) return false;
  if (serialNumber === undefined || tokenCode === undefined) {
    throw accessDenied('MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ');
  }
  if (caller.kind !== 'keys' || caller.mfa?.serial !== serialNumber) {
    throw accessDenied(
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. ',
    );
  }
  const seed = decodeSeed(caller.mfa.seed);
  const now = stepAt(world.now());
  // AWS takes the code before and after as well, for devices whose clock is a little off.
  const step = [now, now - 1, now + 1].find((candidate) => totpCode(seed, candidate) === tokenCode);
  if (step === undefined || !world.useCode(serialNumber, step)) {
    throw accessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code. ');
  }
  return true;
}

function authorize(params: AssumeRoleParams, { world, caller }: Scene): DoubleRole {
  const actions = [
    'sts:AssumeRole',
    ...(params.tagKeys.length > 0 ? ['sts:TagSession'] : []),
    ...(params.sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
  const role = world.findRole(params.roleArn);
  for (const action of actions) {
    if (role === undefined || !isAllowed(action, role, { params, caller })) {
      throw accessDenied(`User: ${caller.arn} is not authorized to perform: ${action} on resource: ${params.roleArn}`);
    }
  }
  if (role === undefined) throw new Error('the loop above refuses an unknown role');
  const isChanged = caller.sourceIdentity !== undefined && params.sourceIdentity !== undefined;
  if (isChanged && caller.sourceIdentity !== params.sourceIdentity) {
    throw accessDenied(`User: ${caller.arn} is not authorized to perform: sts:SetSourceIdentity on resource: ${params.roleArn}`);
  }
  return role;
}

/**
 * The role must trust the caller, and an identity policy must allow it. Within one account a trust policy that names the caller himself
 * is enough (IAM User Guide, "Policy evaluation logic").
 */
function isAllowed(
  action: string,
  role: DoubleRole,
  { params, caller }: { readonly params: AssumeRoleParams; readonly caller: Principal },
): boolean {
  const trusting = role.trust.filter((trust) => isTrusted(trust, action, { params, caller }));
  const isSameAccount = accountOf(role.arn) === caller.accountId;
  const isNamed = trusting.some(({ principals }) => principals.includes(caller.policyArn) || principals.includes(caller.arn));
  const hasPolicy = caller.mayAssume.includes('*') || caller.mayAssume.includes(role.arn);
  return trusting.length > 0 && (hasPolicy || (isSameAccount && isNamed));
}

const allActions: readonly string[] = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];

function isTrusted(
  { principals, externalId, needsMfa, actions = allActions }: DoubleTrust,
  action: string,
  { params, caller }: { readonly params: AssumeRoleParams; readonly caller: Principal },
): boolean {
  const names = ['*', caller.arn, caller.policyArn, caller.accountId, `arn:${partitionOf(caller)}:iam::${caller.accountId}:root`];
  if (!principals.some((principal) => names.includes(principal))) return false;
  if (externalId !== undefined && externalId !== params.externalId) return false;
  if (needsMfa === true && !caller.isMfaPresent) return false;
  return actions.includes(action);
}

function partitionOf({ arn }: Principal): string {
  return arn.split(':')[1] ?? 'aws';
}

function checkDuration({ durationSeconds }: RoleParams, role: DoubleRole): void {
  if (durationSeconds > (role.maxSessionSeconds ?? 3600)) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
}

/** Throws `Refusal` for a session policy that AWS does not take. */
export function checkPolicy({ policy, policyArns }: Pick<RoleParams, 'policy' | 'policyArns'>): void {
  if (policy !== undefined && !isJsonObject(policy)) {
    throw new Refusal('MalformedPolicyDocument', 'This policy contains invalid Json', 400);
  }
  const characters = (policy?.length ?? 0) + policyArns.join('').length;
  if (characters > 2048) {
    const percent = Math.ceil((characters / 2048) * 100);
    throw new Refusal(
      'PackedPolicyTooLarge',
      `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
      400,
    );
  }
}

function packedSize({ policy, policyArns, tagKeys }: RoleParams): XmlFields {
  const characters = (policy?.length ?? 0) + policyArns.join('').length + tagKeys.join('').length;
  return characters === 0 ? {} : { PackedPolicySize: String(Math.ceil((characters / 4096) * 100)) };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
