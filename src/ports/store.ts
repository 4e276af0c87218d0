// Where secrets live. Types only.

import type { Account } from '../config/names.ts';
import type { Secret } from '../credentials/secret.ts';

/**
 * Where secrets live. Absent is `undefined`. A store that cannot answer throws: `store-locked` (a person must unlock it),
 * `store-unavailable` (not there, not answering in time), `store-rejected` (would not take this value).
 * Empty values and values with NUL are refused with `store-rejected` before the store is asked.
 */
export interface Store {
  readonly kind: StoreKind;
  /** For messages: "the Secret Service keyring", "the age store in /home/…". */
  readonly description: string;
  /** Only of a store that is files: where they are. */
  readonly directory?: string;
  get(account: Account): Promise<Secret | undefined>;
  /** Creates or overwrites; a reader sees the old or the new value, never a mix. */
  set(account: Account, value: Secret): Promise<void>;
  /** True if there was such an item. */
  delete(account: Account): Promise<boolean>;
  /** Drops connections and key material. The store may be used again; it then opens anew. */
  close(): Promise<void>;
  /** Only of a store that opens with a passphrase of its own. */
  readonly passphraseLock?: PassphraseLock;
}

/**
 * The passphrase opens an identity, and the identity opens the items. Whoever was asked for the passphrase can hand the identity to a
 * process that nobody can be asked by.
 */
export interface PassphraseLock {
  /** False before the first item: there is nothing yet that could be locked. */
  isInUse(): boolean;
  /** True while the identity is in this process. */
  isOpen(): boolean;
  /** Asks for the passphrase, unless the identity is here already, and returns the identity. Throws what `get` throws. */
  open(): Promise<Secret>;
  /** Takes the identity from another process. Throws `store-locked` for one that opens nothing here, and keeps nothing of it. */
  accept(identity: Secret): Promise<void>;
  /** Forgets the identity. */
  lock(): void;
}

export type StoreKind = 'keychain' | 'age' | 'memory';

/** How a store may behave: what the process can bear. */
export interface StoreManners {
  /** Each call ends within this time. 1,500 in `get` and in background work, about 60,000 where a person waits. */
  readonly deadlineMs: number;
  /** Whether the keychain may raise its own unlock dialog. Never in `get` and in background work. */
  readonly prompts: 'never' | 'allowed';
}
