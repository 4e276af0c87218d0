// The access keys of a rotation that is not at its end: AWS has them still when the store forgets them, and nobody would delete them.
// Says so; changes nothing.

import { type Account, isProfileName } from '../config/names.ts';
import { parseKeysItem } from '../credentials/credentials.ts';
import type { Store } from '../ports/store.ts';
import { userNameOf } from '../rotation/subject.ts';
import { usableKeys } from './stored-keys.ts';

/** Of these items, those beside `keys/NAME`. */
export async function leftAtAwsLines(accounts: readonly Account[], store: Store): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const account of accounts) {
    const name = /^keys-(?:new|old)\/(.+)$/.exec(account)?.[1] ?? '';
    const item = isProfileName(name) ? await store.get(account) : undefined;
    if (!isProfileName(name) || item === undefined) continue;
    const parsed = parseKeysItem(item, account);
    const current = await usableKeys(name, store);
    // In the middle of a rotation two items have the same key.
    if (parsed.kind !== 'ok' || parsed.value.accessKeyId === current?.accessKeyId) continue;
    const { accessKeyId, userArn } = parsed.value;
    const user = userNameOf(userArn);
    lines.push(
      `  at AWS the key ${accessKeyId} stays, of a rotation of keys/${name} that is not at its end: \`aws iam delete-access-key${user === undefined ? '' : ` --user-name ${user}`} --access-key-id ${accessKeyId}\``,
    );
  }
  return lines;
}
