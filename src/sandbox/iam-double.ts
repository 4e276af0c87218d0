// What the double does for IAM: the access keys of a user, and when AWS would refuse to touch them.

import { accessDenied, invalid, Refusal } from './sts-double-refusal.ts';
import { lastPart, type Principal, type UserKey, type World } from './sts-double-world.ts';
import type { XmlFields } from './sts-double-xml.ts';

export const iamOperations = ['ListAccessKeys', 'CreateAccessKey', 'UpdateAccessKey', 'DeleteAccessKey'] as const;
export type IamOperationName = (typeof iamOperations)[number];

export function isIamOperation(text: string | null): text is IamOperationName {
  return iamOperations.some((name) => name === text);
}

interface Scene {
  readonly world: World;
  readonly caller: Principal;
}

/** Throws `Refusal` with AWS's code and words. Users may do everything with their own keys, under the conditions that IAM sets. */
export function performIam(operation: IamOperationName, form: URLSearchParams, scene: Scene): XmlFields {
  checkCaller(operation, form, scene);
  switch (operation) {
    case 'ListAccessKeys':
      return { IsTruncated: 'false', AccessKeyMetadata: scene.world.userKeys(scene.caller.arn).map(metadataOf) };
    case 'CreateAccessKey':
      return createKey(scene);
    case 'UpdateAccessKey':
      scene.world.setUserKey(ownKey(form, scene).accessKeyId, statusIn(form) === 'Active');
      return {};
    case 'DeleteAccessKey':
      scene.world.revoke(ownKey(form, scene).accessKeyId);
      return {};
    default:
      return operation satisfies never;
  }
}

function checkCaller(operation: IamOperationName, form: URLSearchParams, { caller }: Scene): void {
  const userName = form.get('UserName');
  // "You cannot call any IAM API operations unless MFA authentication information is included in the request" (GetSessionToken).
  if (caller.kind === 'session' && !caller.isMfaPresent) {
    throw new Refusal('InvalidClientTokenId', 'The security token included in the request is invalid', 403);
  }
  const isOther = caller.kind === 'role' || (userName !== null && userName !== lastPart(caller.arn));
  if (isOther || (caller.iamNeedsMfa === true && !caller.isMfaPresent)) {
    const reason = isOther
      ? `because no identity-based policy allows the iam:${operation} action`
      : 'with an explicit deny in an identity-based policy';
    throw accessDenied(
      `User: ${caller.arn} is not authorized to perform: iam:${operation} on resource: user ${userName ?? lastPart(caller.arn)} ${reason}`,
    );
  }
  // "If a temporary access key is used, then UserName is required."
  if (caller.kind === 'session' && userName === null)
    throw invalid('Must specify userName when calling with non-User credentials');
}

function createKey({ world, caller }: Scene): XmlFields {
  if (world.userKeys(caller.arn).length >= 2) {
    throw new Refusal('LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2', 409);
  }
  const key = world.createUserKey(caller.arn);
  return { AccessKey: { ...metadataOf(key), SecretAccessKey: key.secretAccessKey } };
}

function metadataOf({ accessKeyId, principal, isActive, createdAt }: UserKey): XmlFields {
  return {
    UserName: lastPart(principal.arn),
    AccessKeyId: accessKeyId,
    Status: isActive ? 'Active' : 'Inactive',
    CreateDate: `${new Date(createdAt).toISOString().slice(0, 19)}Z`,
  };
}

function ownKey(form: URLSearchParams, { world, caller }: Scene): UserKey {
  const accessKeyId = form.get('AccessKeyId') ?? '';
  const found = world.userKeys(caller.arn).find((key) => key.accessKeyId === accessKeyId);
  if (found === undefined) {
    throw new Refusal('NoSuchEntity', `The Access Key with id ${accessKeyId} cannot be found.`, 404);
  }
  return found;
}

function statusIn(form: URLSearchParams): 'Active' | 'Inactive' {
  const status = form.get('Status');
  if (status !== 'Active' && status !== 'Inactive') {
    throw invalid(
      `1 validation error detected: Value '${status ?? ''}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
    );
  }
  return status;
}
