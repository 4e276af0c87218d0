// The access tokens that `aws sso login` leaves in ~/.aws/sso/cache: read, never written, and never its refresh tokens.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseMoment } from '../credentials/foreign-document.ts';
import { isFields, isText, isWord, parseJson } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import { isAppError } from '../errors.ts';
import type { ForeignSignIns } from '../ports/identity-center.ts';
import type { Clock } from '../ports/time.ts';
import { readOwnCache } from './own-cache.ts';

/** Less is of no use: the call has to be made yet. */
const leadMs = 60_000;

export interface CachePlace {
  /** Where AWS's programs look, wherever the config is. */
  readonly home: string;
  /** Undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
}

export function createForeignSignIns({ home, uid }: CachePlace, clock: Clock): ForeignSignIns {
  return {
    read: ({ sessionName, startUrl, oidc: { region } }) => {
      // As botocore names its files (utils.py, SSOTokenLoader).
      const name = createHash('sha1')
        .update(sessionName ?? startUrl)
        .digest('hex');
      const fields = parseJson(readIfSound(join(home, '.aws', 'sso', 'cache', `${name}.json`), uid) ?? '');
      if (!isFields(fields)) return undefined;
      const { accessToken, expiresAt } = fields;
      if (!isWord(accessToken) || !isText(expiresAt)) return undefined;
      // A session that was moved to another place keeps its name.
      if (fields['startUrl'] !== startUrl || fields['region'] !== region) return undefined;
      // Old versions write `2026-01-02T03:04:05UTC`.
      const end = parseMoment(expiresAt.replace(/UTC$/, 'Z'));
      return end !== undefined && end - leadMs > clock.now() ? { value: new Secret(accessToken), expiresAt: end } : undefined;
    },
  };
}

/** Whatever is wrong with another program's file, it is as good as not there; so is what is being written at this moment. */
function readIfSound(path: string, uid: number | undefined): string | undefined {
  try {
    return readOwnCache(path, uid);
  } catch (error) {
    if (!isAppError(error, 'config-unreadable')) throw error;
    return undefined;
  }
}
