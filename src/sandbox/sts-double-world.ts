// The accounts behind the double: users, roles and the credentials it has issued. Knows nothing of HTTP.

import { randomBytes, randomInt } from 'node:crypto';
import type { SigningKey } from './sigv4-check.ts';

/** An IAM user with the long-term access key that the world begins with. */
export interface DoubleUser {
  /** `arn:aws:iam::123456789012:user/alice`, with a path if need be. */
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly mfa?: DoubleMfa;
  /** The roles that the user's identity policy allows, as ARNs; `*` is every role. None when absent. */
  readonly mayAssume?: readonly string[];
  /** The user's policy denies IAM without MFA, as many accounts have it. */
  readonly iamNeedsMfa?: boolean;
}

export interface DoubleMfa {
  /** `arn:aws:iam::123456789012:mfa/alice`, or a hardware device's number. */
  readonly serial: string;
  /** Base32, as an authenticator app takes it. */
  readonly seed: string;
}

export interface DoubleRole {
  readonly arn: string;
  readonly trust: readonly DoubleTrust[];
  /** MaxSessionDuration; 3600 when absent, as in IAM. */
  readonly maxSessionSeconds?: number;
  /** Like a user's. */
  readonly mayAssume?: readonly string[];
}

/** One Allow statement of a trust policy. */
export interface DoubleTrust {
  /** ARNs of users, roles or whole accounts (`…:root`), or `*`. */
  readonly principals: readonly string[];
  /** `StringEquals sts:ExternalId` */
  readonly externalId?: string;
  /** `Bool aws:MultiFactorAuthPresent true` */
  readonly needsMfa?: boolean;
  /** AssumeRole, TagSession and SetSourceIdentity when absent. */
  readonly actions?: readonly string[];
  /** `StringEquals ISSUER:sub`, where the principal is an identity provider. */
  readonly subject?: string;
}

/** An identity provider in IAM. Tokens and assertions are signed with the other half of the key. */
export interface DoubleProvider {
  readonly kind: 'oidc' | 'saml';
  /** `arn:aws:iam::123456789012:oidc-provider/…` or `…:saml-provider/NAME`. */
  readonly arn: string;
  readonly issuer: string;
  /** Client ids; unused for SAML, where the audience is AWS's own. */
  readonly audiences: readonly string[];
  /** PEM. */
  readonly publicKey: string;
}

/** Who stands behind a request. */
export interface Principal {
  readonly kind: 'keys' | 'session' | 'role';
  /** As GetCallerIdentity gives it. */
  readonly arn: string;
  readonly userId: string;
  readonly accountId: string;
  /** The user's or role's own ARN, as policies name it. */
  readonly policyArn: string;
  readonly mayAssume: readonly string[];
  readonly isMfaPresent: boolean;
  readonly mfa?: DoubleMfa;
  readonly iamNeedsMfa?: boolean;
  /** Sticky: a chained role keeps it. */
  readonly sourceIdentity?: string;
}

export interface WorldKey extends SigningKey {
  readonly principal: Principal;
}

export interface IssuedKey extends WorldKey {
  readonly sessionToken: string;
  readonly expiresAt: number;
}

/** A long-term access key as IAM keeps it. */
export interface UserKey extends WorldKey {
  readonly createdAt: number;
  readonly isActive: boolean;
}

export interface World {
  readonly skewMinutes: number;
  readonly regions?: readonly string[];
  now(): number;
  findKey(accessKeyId: string): WorldKey | undefined;
  findRole(arn: string): DoubleRole | undefined;
  readonly providers: readonly DoubleProvider[];
  findUser(nameOrArn: string): DoubleUser | undefined;
  issue(principal: Principal, lifeSeconds: number): IssuedKey;
  /** The user's long-term keys, oldest first. */
  userKeys(userArn: string): readonly UserKey[];
  createUserKey(userArn: string): UserKey;
  setUserKey(accessKeyId: string, isActive: boolean): void;
  /** From now on AWS does not know this key. */
  revoke(accessKeyId: string): void;
  /** False if this code of this device was used before. */
  useCode(serial: string, step: number): boolean;
  isUsed(serial: string, step: number): boolean;
  /** `AIDA…` or `AROA…`, the same each time for one ARN. */
  uniqueId(prefix: string, arn: string): string;
}

export interface WorldOptions {
  readonly users: readonly DoubleUser[];
  readonly roles: readonly DoubleRole[];
  readonly now: () => number;
  readonly skewMinutes: number;
  readonly regions?: readonly string[];
  /** How long a new access key is unknown to AWS's other parts. */
  readonly newKeyDelayMs: number;
  readonly providers?: readonly DoubleProvider[];
}

export function createWorld({ users, roles, now, skewMinutes, regions, newKeyDelayMs, providers = [] }: WorldOptions): World {
  const ids = new Map<string, string>();
  const usedCodes = new Set<string>();
  const uniqueId = (prefix: string, arn: string) => {
    const id = ids.get(arn) ?? prefix + randomLetters(17);
    ids.set(arn, id);
    return id;
  };
  const issuedKeys = new Map<string, IssuedKey>();
  const userKeys = new Map<string, UserKey>(
    // Far in the past, as most keys are.
    users.map((user) => [user.accessKeyId, { ...longTermKey(user, uniqueId), createdAt: 0, isActive: true }]),
  );
  const isKnown = ({ isActive, createdAt }: UserKey) => isActive && (createdAt === 0 || now() >= createdAt + newKeyDelayMs);
  return {
    skewMinutes,
    ...(regions === undefined ? {} : { regions }),
    now,
    providers,
    findKey: (accessKeyId) => {
      const userKey = userKeys.get(accessKeyId);
      return userKey === undefined ? issuedKeys.get(accessKeyId) : isKnown(userKey) ? userKey : undefined;
    },
    findRole: (arn) => roles.find((role) => role.arn === arn),
    findUser: (nameOrArn) => users.find(({ arn }) => arn === nameOrArn || lastPart(arn) === nameOrArn),
    issue: (principal, lifeSeconds) => {
      const key = issueKey(principal, now() + lifeSeconds * 1000);
      issuedKeys.set(key.accessKeyId, key);
      return key;
    },
    userKeys: (userArn) => [...userKeys.values()].filter(({ principal }) => principal.arn === userArn),
    createUserKey: (userArn) => {
      const user = users.find(({ arn }) => arn === userArn);
      if (user === undefined) throw new Error(`the double has no user ${userArn}`);
      const accessKeyId = `AKIA${randomLetters(16)}`;
      const secretAccessKey = randomBytes(30).toString('base64');
      const key = { ...longTermKey({ ...user, accessKeyId, secretAccessKey }, uniqueId), createdAt: now(), isActive: true };
      userKeys.set(accessKeyId, key);
      return key;
    },
    setUserKey: (accessKeyId, isActive) => {
      const key = userKeys.get(accessKeyId);
      if (key !== undefined) userKeys.set(accessKeyId, { ...key, isActive });
    },
    revoke: (accessKeyId) => {
      userKeys.delete(accessKeyId);
      issuedKeys.delete(accessKeyId);
    },
    useCode: (serial, step) => {
      const code = `${serial} ${step}`;
      const isNew = !usedCodes.has(code);
      usedCodes.add(code);
      return isNew;
    },
    isUsed: (serial, step) => usedCodes.has(`${serial} ${step}`),
    uniqueId,
  };
}

export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** The name at the end of an ARN, without its path. */
export function lastPart(arn: string): string {
  return arn.split(/[:/]/).at(-1) ?? '';
}

function longTermKey(user: DoubleUser, uniqueId: World['uniqueId']): WorldKey {
  const { arn, accessKeyId, secretAccessKey, mfa, mayAssume = [], iamNeedsMfa = false } = user;
  return {
    accessKeyId,
    secretAccessKey,
    principal: {
      kind: 'keys',
      arn,
      userId: uniqueId('AIDA', arn),
      accountId: accountOf(arn),
      policyArn: arn,
      mayAssume,
      isMfaPresent: false,
      iamNeedsMfa,
      ...(mfa === undefined ? {} : { mfa }),
    },
  };
}

function issueKey(principal: Principal, expiresAt: number): IssuedKey {
  return {
    accessKeyId: `ASIA${randomLetters(16)}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    // About as long as AWS's own.
    sessionToken: randomBytes(600).toString('base64'),
    // Whole seconds, as AWS's Expiration has.
    expiresAt: Math.floor(expiresAt / 1000) * 1000,
    principal,
  };
}

function randomLetters(count: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join('');
}
