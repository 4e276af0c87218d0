import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/commands/journal.ts';
import { recordedStore } from '../../src/commands/recorded-wiring.ts';
import { indexAccount, keysAccount, parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { listItems, rememberItem } from '../../src/stores/item-index.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { fakeLock } from '../fakes/fake-lock.ts';

const [corp, home] = ['corp', 'home'].map((name) => keysAccount(parseProfileName(name)));
if (corp === undefined || home === undefined) throw new Error('two names give two accounts');

function open(refuseLoss: () => void = () => undefined) {
  const [store, journal, lock] = [openMemoryStore(), openJournal(), fakeLock()];
  const interruption = new AbortController();
  const recording = { journal, signal: interruption.signal, refuseLoss };
  return { store, journal, lock, interruption, recorded: recordedStore(store, { openLock: async () => lock }, recording) };
}

describe('a recorded store', () => {
  it('gives up what was put into it, the list of items as well', async () => {
    const { store, journal, lock, recorded } = open();
    await rememberItem({ store: recorded, lock }, corp);
    await recorded.set(corp, new Secret('one'));
    await recorded.set(corp, new Secret('two'));
    await journal.takeBack();
    expect(await store.get(corp)).toBeUndefined();
    expect(await store.get(indexAccount())).toBeUndefined();
  });

  it('puts back what was there at first, and keeps what others have put into it', async () => {
    const { store, journal, lock, recorded } = open();
    await rememberItem({ store, lock }, corp);
    await store.set(corp, new Secret('old'));
    await recorded.set(corp, new Secret('new'));
    await recorded.delete(corp);
    await rememberItem({ store, lock }, home);
    await store.set(home, new Secret('of another command'));
    await journal.takeBack();
    expect((await store.get(corp))?.reveal()).toBe('old');
    expect(await listItems(store)).toEqual([corp, home]);
  });

  it('forgets a name whose item was never written', async () => {
    const { store, journal, lock, recorded } = open();
    await rememberItem({ store: recorded, lock }, corp);
    await journal.takeBack();
    expect(await store.get(indexAccount())).toBeUndefined();
  });

  // Another command may have taken the plaintext out of its file, relying on this item.
  it('keeps an item that nobody else has', async () => {
    const { store, journal, recorded } = open(() => {
      throw new AppError('keys-at-risk', { keys: 'corp', problem: 'no file has them', hint: 'look' });
    });
    await recorded.set(corp, new Secret('one'));
    await expect(journal.takeBack()).rejects.toThrow('no file has them');
    expect((await store.get(corp))?.reveal()).toBe('one');
  });

  it('takes nothing more once the person has interrupted', async () => {
    const { store, interruption, recorded } = open();
    interruption.abort();
    await expect(recorded.set(corp, new Secret('one'))).rejects.toThrow('interrupted');
    expect(await store.get(corp)).toBeUndefined();
  });
});
