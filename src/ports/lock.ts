// One holder at a time over all processes of the user. Types only.

import type { KeyId } from '../config/names.ts';

/** What may be locked: one refresh per key id, the list of items, the user's config files, the agent's place, access keys being rotated. */
export type LockName = KeyId | 'index' | 'config' | 'agent' | 'rotate';

export type LockOutcome<T> =
  | { readonly kind: 'held'; readonly value: T }
  /** While waiting, `meanwhile` found the answer that the holder produced. */
  | { readonly kind: 'overtaken'; readonly value: T }
  /** The holder kept it for all of `waitMs`; nothing was done. */
  | { readonly kind: 'busy' };

export interface LockWait<T> {
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Asked between tries, about every 20 ms: an answer that makes the lock needless, or undefined. */
  readonly meanwhile?: () => Promise<T | undefined>;
}

/** One holder at a time over all processes of the user. A killed holder delays nobody for long. */
export interface Lock {
  withLock<T>(name: LockName, wait: LockWait<T>, work: (held: HeldLock) => Promise<T>): Promise<LockOutcome<T>>;
}

export interface HeldLock {
  /** Aborted when the lock was lost (sleep, a stall): the work must not write any more. */
  readonly lost: AbortSignal;
}
