import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { StoreManners } from '../../src/ports/store.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';
import { type KeePassXc, startKeePassXc } from '../harness/keepassxc-service.ts';
import { accountOf, describeStoreContract, failureOf } from './contract.ts';

// It deletes behind a prompt, which is followed without a dialog (ConfirmDeleteItem=false).
const interactive: StoreManners = { deadlineMs: 30_000, prompts: 'allowed' };
const inBackground: StoreManners = { deadlineMs: 1_500, prompts: 'never' };

describeStoreContract(
  'the Secret Service of KeePassXC',
  async () => {
    const keepassxc = await startKeePassXc();
    return {
      open: (manners) => openSecretService({ env: keepassxc.env, manners: { ...interactive, ...manners } }),
      others: { target: { kind: 'secret-service' }, env: keepassxc.env },
      stop: () => keepassxc.stop(),
    };
  },
  // A database cannot be unlocked again without somebody at a screen: the locked case is below.
  { readers: 20, writers: 5, isLockable: false, largestBytes: 1024 * 1024 },
);

describe('the Secret Service of KeePassXC', () => {
  let keepassxc: KeePassXc;
  afterEach(() => keepassxc.stop());
  const open = (manners = inBackground) => openSecretService({ env: keepassxc.env, manners });

  it('a locked database is LOCKED at once, for any item, and no dialog is raised', async () => {
    keepassxc = await startKeePassXc();
    const store = open();
    await store.set(accountOf('corp'), new Secret('value'));
    await keepassxc.lock();
    const startedAt = performance.now();
    const calls = [
      store.get(accountOf('corp')),
      store.get(accountOf('nobody')),
      store.set(accountOf('corp'), new Secret('other')),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) expect(failure).toMatchObject({ code: 'store-locked' });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await store.close();
  });

  it('a database that was never opened is LOCKED too', async () => {
    keepassxc = await startKeePassXc({ isUnlocked: false });
    const store = open();
    expect(await failureOf(store.get(accountOf('corp')))).toMatchObject({ code: 'store-locked' });
    await store.close();
  });

  it('where it asks about each program, background work is told so, at once, and its own connection is not asked', async () => {
    keepassxc = await startKeePassXc({ confirmsAccess: true });
    const [maker, another] = [open(), open()];
    await maker.set(accountOf('corp'), new Secret('one'));
    expect((await maker.get(accountOf('corp')))?.reveal()).toBe('one');
    const startedAt = performance.now();
    for (const call of [another.get(accountOf('corp')), another.set(accountOf('corp'), new Secret('two'))].map(failureOf)) {
      expect(await call).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('switch off the confirmation') });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await maker.close();
    await another.close();
  });

  it('background work makes and overwrites items, and deletes none, since that is asked about', async () => {
    keepassxc = await startKeePassXc();
    const [first, second] = [open(), open()];
    await first.set(accountOf('corp'), new Secret('one'));
    await second.set(accountOf('corp'), new Secret('two'));
    expect((await first.get(accountOf('corp')))?.reveal()).toBe('two');
    expect(await failureOf(first.delete(accountOf('corp')))).toMatchObject({
      code: 'store-locked',
      hint: expect.stringContaining('answer it'),
    });
    expect((await second.get(accountOf('corp')))?.reveal()).toBe('two');
    await first.close();
    await second.close();
  });
});
