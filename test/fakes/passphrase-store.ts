// A store that is locked until it is given its identity, over one that is not.

import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { PassphraseLock, Store } from '../../src/ports/store.ts';

export interface PassphraseStore extends Store {
  readonly passphraseLock: PassphraseLock;
}

export const rightIdentity = 'AGE-SECRET-KEY-RIGHT';

/** `open` is for processes with a person: nobody can be asked here. */
export function passphraseStore(store: Store): PassphraseStore {
  let isOpen = false;
  const locked = () => new AppError('store-locked', { store: 'the age store', hint: 'run `rolekeeper unlock`' });
  const needOpen = () => {
    if (!isOpen) throw locked();
  };
  return {
    kind: 'age',
    description: 'the age store',
    async get(account) {
      needOpen();
      return await store.get(account);
    },
    async set(account, value) {
      needOpen();
      await store.set(account, value);
    },
    async delete(account) {
      needOpen();
      return await store.delete(account);
    },
    async close() {
      isOpen = false;
      await store.close();
    },
    passphraseLock: {
      isInUse: () => true,
      isOpen: () => isOpen,
      async open() {
        needOpen();
        return new Secret(rightIdentity);
      },
      async accept(identity) {
        if (identity.reveal() !== rightIdentity) throw locked();
        isOpen = true;
      },
      lock() {
        isOpen = false;
      },
    },
  };
}
