// A keychain for a command at which a person waits: says so, once, where it is silent for long. Its dialog may be hidden behind a window.

import type { Account } from '../config/names.ts';
import type { Secret } from '../credentials/secret.ts';
import type { Store, StoreManners } from '../ports/store.ts';

/** Longer than a keychain that works ever takes. */
const silenceMs = 2_000;

/** `tell` is given a line. */
export function tellingOfWaits(store: Store, { deadlineMs }: StoreManners, tell: (line: string) => void): Store {
  let isTold = false;
  const telling = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      if (isTold) return;
      isTold = true;
      tell(`waiting for ${store.description}, for ${deadlineMs / 1000} s at most: it may be asking for its password in a window`);
    }, silenceMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    kind: store.kind,
    description: store.description,
    get: (account: Account) => telling(store.get(account)),
    set: (account: Account, value: Secret) => telling(store.set(account, value)),
    delete: (account: Account) => telling(store.delete(account)),
    close: () => store.close(),
  };
}
