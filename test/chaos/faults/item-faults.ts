// Items of the store are broken or gone.

import { type Account, indexAccount, keysAccount, parseProfileName } from '../../../src/config/names.ts';
import { Secret } from '../../../src/credentials/secret.ts';
import type { Store } from '../../../src/ports/store.ts';
import { listItems } from '../../../src/stores/item-index.ts';
import type { Random } from '../random.ts';
import type { BeginFault, Scene } from '../scene.ts';

const storeDeadlineMs = 10_000;

export const corrupted: BeginFault = (scene) =>
  strike(scene, async (store, account) => {
    const item = await store.get(account);
    await store.set(account, new Secret(broken(item?.reveal() ?? '', scene.random)));
  });

export const removed: BeginFault = (scene) =>
  strike(scene, async (store, account) => {
    await store.delete(account);
  });

/** Nobody but a person can bring these back: here, what they were. */
export const keysCorrupted: BeginFault = async ({ chaos, random }) => {
  const account = keysAccount(parseProfileName('corp'));
  const before = await chaos.withStore(storeDeadlineMs, async (store) => {
    const item = await store.get(account);
    if (item === undefined) throw new Error('the keys are not in the store');
    await store.set(account, new Secret(broken(item.reveal(), random)));
    return item;
  });
  return { what: account, end: () => chaos.withStore(storeDeadlineMs, (store) => store.set(account, before)) };
};

async function strike({ chaos, random }: Scene, work: (store: Store, account: Account) => Promise<void>) {
  const accounts = await chaos.withStore(storeDeadlineMs, async (store) => {
    const found = (await listItems(store)).filter((account) => !account.startsWith('keys'));
    const chosen = random.some([...found, indexAccount()], random.between(1, 3));
    for (const account of chosen) await work(store, account);
    return chosen;
  });
  const hitsSession = accounts.some((account) => account.startsWith('session/'));
  return {
    what: accounts.map((account) => account.slice(0, 12)).join(', '),
    end: async () => undefined,
    ...(hitsSession ? { needsLogin: true as const } : {}),
  };
}

function broken(text: string, random: Random): string {
  return random.pick(['?', '{}', '{"v":1}', 'null', text.slice(0, Math.floor(text.length / 2)) || '?']);
}
