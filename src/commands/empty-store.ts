// A store that is known to be empty, for what only looks and takes away: it answers without being opened, and so asks for no passphrase.

import type { Store } from '../ports/store.ts';

/** The store itself where something may be in it. */
export function unopenedIfEmpty(store: Store): Store {
  const { passphraseLock, kind, description } = store;
  if (passphraseLock === undefined || passphraseLock.isInUse()) return store;
  return {
    kind,
    description,
    passphraseLock,
    get: async () => undefined,
    set: (account, value) => store.set(account, value),
    delete: async () => false,
    close: () => store.close(),
  };
}
