// The document in which a machine's or container's service hands out credentials. Pure; trusts nothing of it.

import type { Credentials, EpochMs } from './credentials.ts';
import { parseMoment } from './foreign-document.ts';
import { capped, withoutSecrets } from './foreign-words.ts';
import { isFields, isText, isWord, parseJson } from './json.ts';
import { Secret } from './secret.ts';

export type ReadDocument =
  | { readonly kind: 'ok'; readonly credentials: Credentials }
  | { readonly kind: 'problem'; readonly problem: string };

/** `now` becomes the time of issue: the services hand out the same credentials to everybody for hours. `sent` was what the service was shown. */
export function readMachineDocument(
  text: string,
  { now, sent }: { readonly now: EpochMs; readonly sent: readonly Secret[] },
): ReadDocument {
  const fields = parseJson(text);
  if (!isFields(fields)) return problem('its answer is no JSON object');
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId, Code } = fields;
  // The metadata service says so where the role was taken away, for one.
  if (isText(Code) && Code !== 'Success') return problem(`it says ${capped(withoutSecrets(Code, sent), 100)}`);
  if (!isWord(AccessKeyId) || !isWord(SecretAccessKey) || !isWord(Token) || !isText(Expiration)) {
    return problem('its answer holds no complete credentials');
  }
  const expiresAt = parseMoment(Expiration);
  if (expiresAt === undefined) return problem('its credentials have no readable end');
  if (expiresAt <= now) return problem('its credentials have ended already');
  return {
    kind: 'ok',
    credentials: {
      accessKeyId: AccessKeyId,
      secretAccessKey: new Secret(SecretAccessKey),
      sessionToken: new Secret(Token),
      issuedAt: now,
      expiresAt,
      ...(isText(AccountId) && /^\d{12}$/.test(AccountId) ? { accountId: AccountId } : {}),
    },
  };
}

function problem(words: string): ReadDocument {
  return { kind: 'problem', problem: words };
}
