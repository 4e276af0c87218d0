// The access tokens that `aws sso login` leaves in ~/.aws/sso/cache: read, never written, and never its refresh tokens.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isFields, isText, isWord, parseJson } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import type { ForeignSignIns } from '../ports/identity-center.ts';
import type { Clock } from '../ports/time.ts';
import { readSmallFile } from './small-file.ts';

/** Less is of no use: the call has to be made yet. */
const leadMs = 60_000;

/** `home` is where AWS's programs look, wherever the config is. */
export function createForeignSignIns(home: string, clock: Clock): ForeignSignIns {
  return {
    read: ({ sessionName, startUrl, oidc: { region } }) => {
      // As botocore names its files (utils.py, SSOTokenLoader).
      const name = createHash('sha1')
        .update(sessionName ?? startUrl)
        .digest('hex');
      // Whatever is wrong with another program's file, it is as good as not there; so is what is being written at this moment.
      const file = readSmallFile(join(home, '.aws', 'sso', 'cache', `${name}.json`));
      const fields = file.kind === 'ok' ? parseJson(file.text) : undefined;
      if (!isFields(fields)) return undefined;
      const { accessToken, expiresAt } = fields;
      if (!isWord(accessToken) || !isText(expiresAt)) return undefined;
      // A session that was moved to another place keeps its name.
      if (fields['startUrl'] !== startUrl || fields['region'] !== region) return undefined;
      // Old versions write `2026-01-02T03:04:05UTC`.
      const end = Date.parse(expiresAt.replace(/UTC$/, 'Z'));
      return end - leadMs > clock.now() ? { value: new Secret(accessToken), expiresAt: end } : undefined;
    },
  };
}
