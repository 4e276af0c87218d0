import { describe, expect, it } from 'vitest';
import { indexAccount, keyIdOf, keysAccount, parseProfileName, roleAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type { HeldLock, Lock, LockName, LockOutcome, LockWait } from '../../src/ports/lock.ts';
import type { Store } from '../../src/ports/store.ts';
import { forgetItem, listItems, rememberItem } from '../../src/stores/item-index.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeLock } from '../fakes/fake-lock.ts';

const corp = keysAccount(parseProfileName('corp'));
const roles = Array.from({ length: 20 }, (_, n) => roleAccount(keyIdOf(n)));
const [dev = corp, ops = corp] = roles;

function accountText(text: unknown): Secret {
  return new Secret(typeof text === 'string' ? text : JSON.stringify(text));
}

async function keptText(store: Store): Promise<string | undefined> {
  return (await store.get(indexAccount()))?.reveal();
}

/** Counts writes, and is as slow as other stores are: each read lets the other callers go first. */
function countingStore(): Store & { readonly writes: () => number } {
  const store = openMemoryStore();
  let writes = 0;
  return {
    ...store,
    get: async (account) => {
      await new Promise((resolve) => setImmediate(resolve));
      return await store.get(account);
    },
    set: async (account, value) => {
      writes += 1;
      await store.set(account, value);
    },
    writes: () => writes,
  };
}

describe('rememberItem', () => {
  it('lists items in the order in which they came, in the documented form', async () => {
    const ports = { store: openMemoryStore(), lock: fakeLock() };
    for (const account of [corp, ops, dev]) await rememberItem(ports, account);
    expect(await listItems(ports.store)).toEqual([corp, ops, dev]);
    expect(await keptText(ports.store)).toBe(JSON.stringify({ v: 1, accounts: [corp, ops, dev] }));
  });

  it('neither writes nor locks for an item that is listed', async () => {
    const store = countingStore();
    const lock = fakeLock();
    await rememberItem({ store, lock }, dev);
    const untouchable: Lock = { withLock: () => Promise.reject(new Error('nobody should lock')) };
    await rememberItem({ store, lock: untouchable }, dev);
    expect(store.writes()).toBe(1);
  });

  it('loses no name when twenty come at once', async () => {
    const ports = { store: countingStore(), lock: fakeLock() };
    await Promise.all(roles.map((account) => rememberItem(ports, account)));
    expect([...(await listItems(ports.store))].sort()).toEqual([...roles].sort());
  });

  it('waits for the list once, for two seconds, and goes on when another process keeps it', async () => {
    const asked: { readonly name: LockName; readonly waitMs: number }[] = [];
    const inner = fakeLock();
    inner.hold('index');
    const lock: Lock = {
      withLock<T>(name: LockName, wait: LockWait<T>, work: (held: HeldLock) => Promise<T>): Promise<LockOutcome<T>> {
        asked.push({ name, waitMs: wait.waitMs });
        return inner.withLock(name, wait, work);
      },
    };
    const store = openMemoryStore();
    await rememberItem({ store, lock }, dev);
    expect(await listItems(store)).toEqual([dev]);
    expect(asked).toEqual([{ name: 'index', waitMs: 2_000 }]);
  });

  it('writes nothing under a lock that it has lost, and tries again', async () => {
    const lock = fakeLock();
    const store = countingStore();
    const writesUnderEach: number[] = [];
    const watched: Lock = {
      async withLock<T>(name: LockName, wait: LockWait<T>, work: (held: HeldLock) => Promise<T>): Promise<LockOutcome<T>> {
        const outcome = await lock.withLock(name, wait, work);
        writesUnderEach.push(store.writes());
        return outcome;
      },
    };
    lock.loseNext();
    await rememberItem({ store, lock: watched }, dev);
    expect(writesUnderEach).toEqual([0, 1]);
    expect(await listItems(store)).toEqual([dev]);
  });

  it('says that the store is locked rather than that the list is empty', async () => {
    const store = openMemoryStore();
    store.lock();
    await expect(rememberItem({ store, lock: fakeLock() }, dev)).rejects.toMatchObject({ code: 'store-locked' });
    await expect(listItems(store)).rejects.toMatchObject({ code: 'store-locked' });
  });
});

describe('forgetItem', () => {
  it('takes one name out and leaves the others', async () => {
    const ports = { store: openMemoryStore(), lock: fakeLock() };
    for (const account of [corp, dev, ops]) await rememberItem(ports, account);
    await forgetItem(ports, dev);
    expect(await listItems(ports.store)).toEqual([corp, ops]);
  });

  it('writes nothing for a name that is not listed', async () => {
    const store = countingStore();
    await forgetItem({ store, lock: fakeLock() }, dev);
    expect(store.writes()).toBe(0);
  });
});

describe('a list that is not as it was written', () => {
  it.each([
    ['not JSON', '{"v":1,"acc'],
    ['no object', '[]'],
    ['null', 'null'],
    ['no version', { accounts: ['index'] }],
    ['no accounts', { v: 1 }],
    ['accounts that are no list', { v: 1, accounts: 'role' }],
    ['entries that are no text', { v: 1, accounts: [1, null, {}] }],
  ])('%s: is empty, and is written anew by the next change', async (_what, text) => {
    const ports = { store: openMemoryStore(), lock: fakeLock() };
    await ports.store.set(indexAccount(), accountText(text));
    expect(await listItems(ports.store)).toEqual([]);
    await rememberItem(ports, dev);
    expect(await keptText(ports.store)).toBe(JSON.stringify({ v: 1, accounts: [dev] }));
  });

  it('names that this version does not know are kept, and not handed out', async () => {
    const ports = { store: openMemoryStore(), lock: fakeLock() };
    await ports.store.set(indexAccount(), accountText({ v: 1, accounts: ['sso/later', dev, dev] }));
    expect(await listItems(ports.store)).toEqual([dev]);
    await rememberItem(ports, ops);
    expect(await keptText(ports.store)).toBe(JSON.stringify({ v: 1, accounts: ['sso/later', dev, ops] }));
  });

  it('a newer format is refused by all, and left alone', async () => {
    const ports = { store: openMemoryStore(), lock: fakeLock() };
    const newer = JSON.stringify({ v: 2, items: {} });
    await ports.store.set(indexAccount(), accountText(newer));
    const refused = { code: 'format-newer', details: { what: 'the list of items in the store in memory', version: 2 } };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => rememberItem(ports, dev),
      () => forgetItem(ports, dev),
      () => listItems(ports.store),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(refused);
    expect(await keptText(ports.store)).toBe(newer);
  });

  it('the list itself is not one of the items', async () => {
    const store = openMemoryStore();
    await store.set(indexAccount(), accountText({ v: 1, accounts: ['index', dev] }));
    expect(await listItems(store)).toEqual([dev]);
  });
});
