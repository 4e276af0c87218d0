// Credentials as a service has just handed them out: whole, and not over yet, or what is wrong with them. Pure; trusts nothing of what came.

import { type Credentials, type EpochMs, isAccountId, isEpochMs } from './credentials.ts';
import { isWord } from './json.ts';
import { Secret } from './secret.ts';

/** The fields of a reply, whatever its language calls them. */
export interface CameFields {
  readonly accessKeyId: unknown;
  readonly secretAccessKey: unknown;
  readonly sessionToken: unknown;
  /** Undefined where the reply has no end at all, NaN where it cannot be read. */
  readonly expiresAt: number | undefined;
  /** What is no account's number is left out. */
  readonly accountId: unknown;
}

export type Issued =
  | { readonly kind: 'ok'; readonly credentials: Credentials }
  | { readonly kind: 'problem'; readonly problem: string }
  /** Mostly a reply that was read late: the machine slept in between. */
  | { readonly kind: 'ended'; readonly problem: string };

/** All of it or nothing: half a set of credentials would fail later, at somebody who cannot know why. */
export function readIssued(came: CameFields, issuedAt: EpochMs): Issued {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = came;
  if (!isWord(accessKeyId) || !isWord(secretAccessKey) || !isWord(sessionToken) || expiresAt === undefined) {
    return { kind: 'problem', problem: 'its reply holds no complete credentials' };
  }
  if (expiresAt <= issuedAt) return { kind: 'ended', problem: 'its credentials have ended already' };
  if (!isEpochMs(expiresAt)) return { kind: 'problem', problem: 'its credentials have no readable end' };
  return {
    kind: 'ok',
    credentials: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: new Secret(sessionToken),
      issuedAt,
      expiresAt,
      ...(isAccountId(accountId) ? { accountId } : {}),
    },
  };
}
