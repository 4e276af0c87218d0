// The age store's lock: what one process opened, another accepts. No scrypt here: the identity is the key file's, as it would be unwrapped.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { PassphraseLock, Store } from '../../src/ports/store.ts';
import { newKeyFile } from '../../src/stores/age-cipher.ts';
import { openAgeFile } from '../../src/stores/age-file.ts';
import { accountOf, failureOf, patient } from './contract.ts';

const corp = accountOf('corp');
const other = accountOf('other');
const mustUnlock = { code: 'store-locked', hint: expect.stringContaining('run `rolekeeper unlock`') };

let root: string;
let directory: string;
let identity: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rk-age-lock-'));
  directory = join(root, 'age');
  identity = await makeStore();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A store with one item, whose identity a passphrase wraps. */
async function makeStore(): Promise<string> {
  const keyFile = join(root, 'key.txt');
  const text = await newKeyFile();
  writeFileSync(keyFile, text, { mode: 0o600 });
  await openAgeFile({ directory, keyFile, env: {}, manners: patient }).set(corp, new Secret('value'));
  rmSync(keyFile);
  writeFileSync(join(directory, 'identity.age'), 'opened elsewhere', { mode: 0o600 });
  return text;
}

/** As the agent has it: there is nobody to ask. */
function openLocked(): { readonly store: Store; readonly lock: PassphraseLock } {
  const store = openAgeFile({ directory, env: {}, manners: patient });
  if (store.passphraseLock === undefined) throw new Error('a store in passphrase mode');
  return { store, lock: store.passphraseLock };
}

describe('the lock of the age store', () => {
  it('is there in passphrase mode only', () => {
    expect(openAgeFile({ directory, keyFile: '/key', env: {}, manners: patient }).passphraseLock).toBeUndefined();
  });

  it('accepts the identity of this store, which then reads and writes', async () => {
    const { store, lock } = openLocked();
    expect(await failureOf(store.get(corp))).toMatchObject(mustUnlock);
    expect(lock.isOpen()).toBe(false);
    await lock.accept(new Secret(identity));
    expect(lock.isOpen()).toBe(true);
    await store.set(other, new Secret('new'));
    expect([await store.get(corp), await store.get(other)].map((item) => item?.reveal())).toEqual(['value', 'new']);
  });

  it('hands over what it has accepted, for another to accept', async () => {
    const one = openLocked();
    await one.lock.accept(new Secret(identity));
    const two = openLocked();
    await two.lock.accept(await one.lock.open());
    expect((await two.store.get(corp))?.reveal()).toBe('value');
  });

  it('forgets the identity when it is locked, and when the store is closed', async () => {
    const { store, lock } = openLocked();
    for (const forget of [() => lock.lock(), () => store.close()]) {
      await lock.accept(new Secret(identity));
      await store.get(corp);
      await forget();
      expect(lock.isOpen()).toBe(false);
      expect(await failureOf(store.get(corp))).toMatchObject(mustUnlock);
    }
  });

  it('refuses any other identity and whatever is none, keeps nothing of it and says nothing of it', async () => {
    const { store, lock } = openLocked();
    for (const wrong of [await newKeyFile(), '', 'AGE-SECRET-KEY-1', identity.toLowerCase(), identity.slice(0, -2)]) {
      const failure = await failureOf(lock.accept(new Secret(wrong)));
      expect(failure).toMatchObject({ code: 'store-locked' });
      if (wrong !== '') expect(JSON.stringify(failure)).not.toContain(wrong.trim());
      expect(lock.isOpen()).toBe(false);
    }
    expect(await failureOf(store.get(corp))).toMatchObject(mustUnlock);
  });

  it('keeps the right identity when it is offered a wrong one', async () => {
    const { store, lock } = openLocked();
    await lock.accept(new Secret(identity));
    expect(await failureOf(lock.accept(new Secret(await newKeyFile())))).toMatchObject(mustUnlock);
    expect((await store.get(corp))?.reveal()).toBe('value');
  });

  it('accepts nothing for a store without an item, where nothing tells whose it is', async () => {
    rmSync(directory, { recursive: true });
    const { lock } = openLocked();
    expect(lock.isInUse()).toBe(false);
    expect(await failureOf(lock.accept(new Secret(identity)))).toMatchObject({ code: 'store-locked' });
    expect(existsSync(directory)).toBe(false);
  });

  it('goes by the items where the note of the owner is lost', async () => {
    rmSync(join(directory, 'recipient'));
    const { lock } = openLocked();
    expect(lock.isInUse()).toBe(true);
    expect(await failureOf(lock.accept(new Secret(await newKeyFile())))).toMatchObject({ code: 'store-locked' });
    await lock.accept(new Secret(identity));
    expect(readdirSync(directory)).toContain('recipient');
  });

  it('is not left open by a look that was under way when it closed', async () => {
    const { store, lock } = openLocked();
    await lock.accept(new Secret(identity));
    const looking = failureOf(store.get(corp));
    lock.lock();
    await looking;
    expect(lock.isOpen()).toBe(false);
    expect(await failureOf(store.get(corp))).toMatchObject(mustUnlock);
  });

  it('is not closed by a look that failed just before it opened', async () => {
    const { store, lock } = openLocked();
    const looking = failureOf(store.get(corp));
    await lock.accept(new Secret(identity));
    await looking;
    expect((await store.get(corp))?.reveal()).toBe('value');
  });

  // An identity that is kept for days met the items of a store that was made anew, and put them aside as damaged.
  it('closes when the store was made anew, and leaves the new items alone', async () => {
    const { store, lock } = openLocked();
    for (const meet of [() => store.get(corp), () => store.set(other, new Secret('x'))]) {
      await lock.accept(new Secret(identity));
      await store.get(corp);
      rmSync(directory, { recursive: true });
      identity = await makeStore();
      const files = readdirSync(directory).sort();
      expect(await failureOf(meet())).toMatchObject(mustUnlock);
      expect(lock.isOpen()).toBe(false);
      expect(readdirSync(directory).sort()).toEqual(files);
    }
    await lock.accept(new Secret(identity));
    expect((await store.get(corp))?.reveal()).toBe('value');
  });
});
