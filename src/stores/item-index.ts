// The list of our items: the store's item `index`. An account is added before its item is written, so that a crash in between leaves
// a name too many, never an item nobody knows. (Asking a keychain for all items of a service crashes, prompts or mixes up prefixes.)

import { type Account, indexAccount, parseAccount } from '../config/names.ts';
import { parseJson } from '../credentials/json.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { HeldLock, Lock } from '../ports/lock.ts';
import type { Store } from '../ports/store.ts';

export interface IndexPorts {
  readonly store: Store;
  readonly lock: Lock;
}

/** Does nothing when the account is in the list already. Throws what the store throws, and `format-newer`. */
export async function rememberItem(ports: IndexPorts, account: Account): Promise<void> {
  await changeIndex(ports, (names) => (names.includes(account) ? names : [...names, account]));
}

/** For after the item was deleted. Throws what the store throws, and `format-newer`. */
export async function forgetItem(ports: IndexPorts, account: Account): Promise<void> {
  await changeIndex(ports, (names) => (names.includes(account) ? names.filter((name) => name !== account) : names));
}

/** Every account that was remembered, oldest first; an item may be missing. A broken list is an empty one. Throws `format-newer`. */
export async function listItems(store: Store): Promise<readonly Account[]> {
  const accounts = (await readIndex(store)).flatMap((name) => parseAccount(name) ?? []);
  return accounts.filter((account) => account !== indexAccount());
}

type Change = (names: readonly string[]) => readonly string[];

const version = 1;
/** A holder keeps the list for two store calls; one that was stopped in the middle must not stop everybody else. */
const lockWaitMs = 2_000;
/** Times a lock may be lost before the write. */
const attempts = 3;

async function changeIndex(ports: IndexPorts, change: Change): Promise<void> {
  // The usual case, without the lock: a name stays in the list for weeks.
  const names = await readIndex(ports.store);
  if (change(names) === names) return;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const outcome = await ports.lock.withLock('index', { waitMs: lockWaitMs }, (held) => writeChanged(ports.store, change, held));
    if (outcome.kind === 'busy') break;
    if (outcome.value) return;
  }
  // At worst a name is lost that another process adds at this moment, and its next write brings it back.
  await writeChanged(ports.store, change);
}

/** False when the lock was lost before the write: then nothing was written. */
async function writeChanged(store: Store, change: Change, held?: HeldLock): Promise<boolean> {
  const names = await readIndex(store);
  const changed = change(names);
  if (changed === names) return true;
  if (held?.lost.aborted) return false;
  await store.set(indexAccount(), new Secret(JSON.stringify({ v: version, accounts: changed })));
  return true;
}

// Names this version does not know (a later one's `sso/…`) are kept as they are.
async function readIndex(store: Store): Promise<readonly string[]> {
  const item = await store.get(indexAccount());
  const value = item === undefined ? undefined : parseJson(item.reveal());
  if (typeof value !== 'object' || value === null || !('v' in value)) return [];
  if (typeof value.v === 'number' && value.v > version) {
    throw new AppError('format-newer', { what: `the list of items in ${store.description}`, version: value.v });
  }
  if (!('accounts' in value) || !Array.isArray(value.accounts)) return [];
  return [...new Set(value.accounts.filter((name) => typeof name === 'string'))];
}
