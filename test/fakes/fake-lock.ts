// A lock within one process: one holder per name, the others in a queue, `meanwhile` asked once per hand-over.

import type { HeldLock, Lock, LockName, LockOutcome, LockWait } from '../../src/ports/lock.ts';

export interface FakeLock extends Lock {
  /** Held by somebody else until the returned function is called. */
  hold(name: string): () => void;
  /** The next holder loses its lock while it works. */
  loseNext(): void;
}

export function fakeLock(): FakeLock {
  const lasts = new Map<string, Promise<unknown>>();
  const strangers = new Set<string>();
  let losesNext = false;

  async function withLock<T>(name: LockName, wait: LockWait<T>, work: (held: HeldLock) => Promise<T>): Promise<LockOutcome<T>> {
    if (strangers.has(name)) {
      const found = await wait.meanwhile?.();
      return found === undefined ? { kind: 'busy' } : { kind: 'overtaken', value: found };
    }
    const before = lasts.get(name);
    const turn = (async (): Promise<LockOutcome<T>> => {
      await before?.catch(() => undefined); // the failure of the one before is its own
      const found = before === undefined ? undefined : await wait.meanwhile?.();
      if (found !== undefined) return { kind: 'overtaken', value: found };
      const lost = new AbortController();
      if (losesNext) lost.abort();
      losesNext = false;
      return { kind: 'held', value: await work({ lost: lost.signal }) };
    })();
    lasts.set(name, turn);
    try {
      return await turn;
    } finally {
      if (lasts.get(name) === turn) lasts.delete(name);
    }
  }

  return {
    withLock,
    hold(name) {
      strangers.add(name);
      return () => void strangers.delete(name);
    },
    loseNext() {
      losesNext = true;
    },
  };
}
