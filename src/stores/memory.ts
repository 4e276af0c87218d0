// The store in this process's memory: for tests, which may lock it. Everything is gone with the process.

import type { Account } from '../config/names.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import { checkedValue } from './checked-value.ts';

export interface MemoryStore extends Store {
  lock(): void;
  unlock(): void;
}

export function openMemoryStore(): MemoryStore {
  const description = 'the store in memory';
  const items = new Map<Account, string>();
  let isLocked = false;
  const needUnlocked = () => {
    if (isLocked) throw new AppError('store-locked', { store: description, hint: 'unlock it' });
  };
  return {
    kind: 'memory',
    description,
    async get(account) {
      needUnlocked();
      const text = items.get(account);
      return text === undefined ? undefined : new Secret(text);
    },
    async set(account, value) {
      const text = checkedValue(description, account, value);
      needUnlocked();
      items.set(account, text);
    },
    async delete(account) {
      needUnlocked();
      return items.delete(account);
    },
    close: () => Promise.resolve(),
    lock() {
      isLocked = true;
    },
    unlock() {
      isLocked = false;
    },
  };
}
