// Removes items from store and state for a logout, each under its lock, so that no refresh under way stores its result afterwards.

import { type Account, isKeyId } from '../config/names.ts';
import type { Step } from '../config/recipe.ts';
import type { Lock } from '../ports/lock.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/time.ts';
import { forgetItem } from '../stores/item-index.ts';

export type Item = Pick<Step, 'id' | 'account'>;

export interface ForgetPorts {
  readonly store: Store;
  readonly state: State;
  readonly lock: Lock;
  readonly clock: Clock;
  /** One line for the person who waits. */
  readonly say: (line: string) => void;
}

export interface Forgotten {
  readonly count: number;
  /** Items whose lock stayed taken: they are removed, but their refresh may store them again. */
  readonly unsure: readonly Item[];
}

/** For all items together: longer than a holder's STS deadline (decisions.md 3). */
const waitMs = 12_000;
const silentMs = 1_000;

export async function forgetItems(items: readonly Item[], ports: ForgetPorts): Promise<Forgotten> {
  const ended = new AbortController();
  const notice = sayIfLong(ended.signal, ports);
  try {
    return await forgetAll(items, ports);
  } finally {
    ended.abort();
    await notice;
  }
}

async function forgetAll(items: readonly Item[], ports: ForgetPorts): Promise<Forgotten> {
  const { store, state, lock, clock } = ports;
  const startedAt = clock.now();
  const unsure: Item[] = [];
  let count = 0;
  for (const item of sessionsFirst(items)) {
    const remove = async () => {
      const wasThere = await store.delete(item.account);
      state.remove(item.id);
      return wasThere;
    };
    const leftMs = Math.min(waitMs, Math.max(0, startedAt + waitMs - clock.now()));
    const outcome = await lock.withLock(item.id, { waitMs: leftMs }, remove);
    if (outcome.kind === 'busy') unsure.push(item);
    if (outcome.kind === 'busy' ? await remove() : outcome.value) count += 1;
    await forgetItem({ store, lock }, item.account);
  }
  return { count, unsure };
}

// Once the session or the sign-in is gone, no new refresh can begin behind our back.
function sessionsFirst(items: readonly Item[]): readonly Item[] {
  const isSession = ({ account }: Item) => account.startsWith('session/') || account.startsWith('sso/');
  return [...items.filter(isSession), ...items.filter((item) => !isSession(item))];
}

async function sayIfLong(ended: AbortSignal, { clock, say }: ForgetPorts): Promise<void> {
  await clock.wait(silentMs, ended);
  if (!ended.aborted) say('waiting for a refresh that is under way');
}

/** Undefined for what does not end by itself: keys, passphrases, secrets of devices. */
export function temporaryItem(account: Account): Item | undefined {
  const [kind, id = ''] = account.split('/');
  return (kind === 'session' || kind === 'role' || kind === 'sso') && isKeyId(id) ? { id, account } : undefined;
}
