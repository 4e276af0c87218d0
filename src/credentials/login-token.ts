// The AWS CLI's cache of a console sign-in (`aws login`), as botocore and the SDKs write it. Pure. Of it only the credentials are taken, never
// the refresh token: that one is good once, and whoever spends it must write the next one back, or signs the person out (decisions.md 26).

import type { EpochMs } from './credentials.ts';
import { parseMoment, readForeignFields } from './foreign-document.ts';
import { isFields, isText, parseJson } from './json.ts';
import type { Secret } from './secret.ts';

export interface LoginCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret;
  readonly expiresAt: EpochMs;
  readonly accountId?: string;
}

/** Undefined for anything but a whole entry: a file that is just being written counts as none. */
export function parseLoginToken(text: string): LoginCredentials | undefined {
  const entry = parseJson(text);
  const token = isFields(entry) ? entry['accessToken'] : undefined;
  if (!isFields(entry) || !isFields(token) || !rest.every((name) => isText(entry[name]))) return undefined;
  const { expiresAt: end, accessKeyId, secretAccessKey, sessionToken, accountId } = token;
  const expiresAt = isText(end) ? parseMoment(end) : undefined;
  const parsed = readForeignFields({
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    AccountId: accountId,
  });
  if (expiresAt === undefined || parsed.kind === 'broken' || parsed.value.sessionToken === undefined) return undefined;
  return { ...parsed.value, sessionToken: parsed.value.sessionToken, expiresAt };
}

/** What a whole entry has besides; the SDKs refuse one without. */
const rest = ['clientId', 'refreshToken', 'dpopKey'];
