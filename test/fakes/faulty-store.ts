// The store in memory, with what can go wrong with one: it freezes, it takes nothing, it is asked too often.

import type { Account } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';
import { type MemoryStore, openMemoryStore } from '../../src/stores/memory.ts';

export interface FaultyStore extends MemoryStore {
  /** Reads of this account so far. */
  reads(account: Account): number;
  /** No answer to a read until the returned function is called. */
  freeze(): () => void;
  /** The next read alone gets no answer until the returned function is called. */
  holdNextRead(): () => void;
  /** The next write alone is not done until the returned function is called. */
  holdNextWrite(): () => void;
  /** From now on nothing is written; or again, with false. */
  refuseWrites(isRefusing?: boolean): void;
  readonly isClosed: boolean;
}

export function faultyStore(): FaultyStore {
  const store = openMemoryStore();
  const counts = new Map<Account, number>();
  let [isRefusing, isClosed] = [false, false];
  let gate = Promise.resolve();
  let nextGate: Promise<void> | undefined;
  let nextWriteGate: Promise<void> | undefined;
  return {
    ...store,
    reads: (account) => counts.get(account) ?? 0,
    async get(account) {
      counts.set(account, (counts.get(account) ?? 0) + 1);
      // What the store had when it was asked: an answer under way is not changed by a write.
      const item = store.get(account);
      const held = nextGate;
      nextGate = undefined;
      await Promise.allSettled([held ?? gate, item]);
      return item;
    },
    async set(account, value) {
      if (isRefusing) throw new AppError('store-rejected', { store: store.description, account, problem: 'no space left' });
      const held = nextWriteGate;
      nextWriteGate = undefined;
      await held;
      await store.set(account, value);
    },
    freeze() {
      const opening = new AbortController();
      gate = new Promise((resolve) => opening.signal.addEventListener('abort', () => resolve()));
      return () => {
        opening.abort();
        gate = Promise.resolve();
      };
    },
    holdNextRead() {
      const opening = new AbortController();
      nextGate = new Promise((resolve) => opening.signal.addEventListener('abort', () => resolve()));
      return () => opening.abort();
    },
    holdNextWrite() {
      const opening = new AbortController();
      nextWriteGate = new Promise((resolve) => opening.signal.addEventListener('abort', () => resolve()));
      return () => opening.abort();
    },
    refuseWrites(refusing = true) {
      isRefusing = refusing;
    },
    async close() {
      isClosed = true;
    },
    get isClosed() {
      return isClosed;
    },
  };
}
