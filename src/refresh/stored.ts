// Reads one hop's credentials out of the store. A broken item is set aside as absent: the next refresh overwrites it.

import type { Step } from '../config/recipe.ts';
import { type Credentials, parseCredentialsItem } from '../credentials/credentials.ts';
import type { Log, Store } from '../ports.ts';

/** Undefined when there is none, or none that can be read. Throws what the store throws, and `format-newer`. */
export async function readStored(
  { account }: Pick<Step, 'account'>,
  { store, log }: { readonly store: Store; readonly log: Log },
): Promise<Credentials | undefined> {
  const item = await store.get(account);
  if (item === undefined) return undefined;
  const parsed = parseCredentialsItem(item, account);
  if (parsed.kind === 'ok') return parsed.value;
  log.event('item.broken', { account, problem: parsed.problem });
  return undefined;
}
