// The secret of a person's MFA device, where the person chose to keep it in the store. For `login` alone: no background ever makes a code.

import { type ProfileName, totpAccount } from '../config/names.ts';
import { parseTotpItem, type TotpDevice } from '../credentials/credentials.ts';
import type { Store } from '../ports/store.ts';

/** Undefined where there is none, none that can be read, or that of another device. Throws what the store throws, and `format-newer`. */
export async function loadTotpDevice(
  { keys, serial }: { readonly keys: ProfileName; readonly serial: string },
  store: Store,
): Promise<TotpDevice | undefined> {
  const account = totpAccount(keys);
  const item = await store.get(account);
  const parsed = item === undefined ? undefined : parseTotpItem(item, account);
  return parsed?.kind === 'ok' && parsed.value.serial === serial ? parsed.value : undefined;
}
