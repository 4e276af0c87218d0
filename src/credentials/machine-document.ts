// The document in which a machine's or container's service hands out credentials. Pure; trusts nothing of it.

import type { EpochMs } from './credentials.ts';
import { readEnd } from './foreign-document.ts';
import { capped, withoutSecrets } from './foreign-words.ts';
import { type Issued, readIssued } from './issued.ts';
import { isFields, isText, parseJson } from './json.ts';
import type { Secret } from './secret.ts';

/** `now` becomes the time of issue: the services hand out the same credentials to everybody for hours. `sent` was what the service was shown. */
export function readMachineDocument(
  text: string,
  { now, sent }: { readonly now: EpochMs; readonly sent: readonly Secret[] },
): Issued {
  const fields = parseJson(text);
  if (!isFields(fields)) return problem('its reply is no JSON object');
  const { AccessKeyId, SecretAccessKey, Token, Expiration, AccountId, Code } = fields;
  // The metadata service says so where the role was taken away, for one.
  if (isText(Code) && Code !== 'Success') return problem(`it says ${capped(withoutSecrets(Code, sent), 100)}`);
  return readIssued(
    {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: Token,
      expiresAt: readEnd(Expiration),
      accountId: AccountId,
    },
    now,
  );
}

function problem(words: string): Issued {
  return { kind: 'problem', problem: words };
}
