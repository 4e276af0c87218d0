// What every store promises, run against each of them (the contract suite of the Store port). The cases that only a session bus can
// have (no bus, a frozen service, prompts) are in secret-service.test.ts.

import { spawn } from 'node:child_process';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Account, keysAccount, parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type { Store, StoreManners } from '../../src/ports/store.ts';
import { Bundles } from '../harness/bundle-module.ts';
import type { DriverResult, DriverTarget, DriverTask } from '../harness/keyring-driver.ts';

export interface StoreSetup {
  /** Another store over the same items. Patient unless told otherwise. */
  open(manners?: Partial<StoreManners>): Store;
  /** Locks it for everybody. */
  lock?(): void | Promise<void>;
  unlock?(): void | Promise<void>;
  /** How other processes get at the same items. */
  readonly others?: { readonly target: DriverTarget; readonly env: Readonly<Record<string, string>> };
  stop(): Promise<void>;
}

export interface ContractOptions {
  /** Processes at once; none for a store that lives in one process. */
  readonly readers: number;
  readonly writers: number;
  /** False where this store cannot tell locked from absent: the caller's own test says why. */
  readonly isLockable: boolean;
  /** A number of bytes that this keychain is known to take whole. */
  readonly largestBytes: number;
}

export const patient: StoreManners = { deadlineMs: 30_000, prompts: 'never' };

export function accountOf(name: string): Account {
  return keysAccount(parseProfileName(name));
}

/** What the call threw. */
export function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error) => error,
  );
}

/** Runs the task in a process of its own; rejects when it does not end, or ends with anything on stderr. */
export function runDriver(script: string, task: DriverTask, env: Readonly<Record<string, string>>): Promise<DriverResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, JSON.stringify(task)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      err += chunk;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(timer);
      if (status === 0 && err === '') resolve(JSON.parse(out));
      else reject(new Error(`the driver ended with ${signal ?? status}: ${err}`));
    });
  });
}

export function describeStoreContract(name: string, start: () => Promise<StoreSetup>, options: ContractOptions): void {
  describe(`${name}: the store contract`, () => {
    let setup: StoreSetup;
    let store: Store;
    beforeAll(async () => {
      setup = await start();
      store = setup.open();
    });
    afterAll(async () => {
      await store?.close();
      await setup?.stop();
    });
    const opened = () => ({ setup, store });
    describeItems(opened, options);
    describeRefusals(opened);
    if (options.isLockable) describeLocked(opened);
    if (options.readers > 0) describeOthers(opened, options);
  });
}

type Opened = () => { readonly setup: StoreSetup; readonly store: Store };

const twoKilobytes = JSON.stringify({ v: 1, accessKeyId: 'AKIAEXAMPLE', text: '"\\\n\t'.repeat(450) });

function describeItems(opened: Opened, { largestBytes }: ContractOptions): void {
  it('get of an absent item is undefined', async () => {
    expect(await opened().store.get(accountOf('nobody'))).toBeUndefined();
  });

  it('set, get, overwrite and delete keep 2 KB of JSON whole', async () => {
    const { store } = opened();
    const account = accountOf('corp');
    await store.set(account, new Secret(twoKilobytes));
    expect((await store.get(account))?.reveal()).toBe(twoKilobytes);
    await store.set(account, new Secret('{"v":1}'));
    expect((await store.get(account))?.reveal()).toBe('{"v":1}');
    expect(await store.delete(account)).toBe(true);
    expect(await store.get(account)).toBeUndefined();
    expect(await store.delete(account)).toBe(false);
  });

  it('accounts and values outside ASCII come back as they were, and near names stay apart', async () => {
    const { store } = opened();
    const names = [
      'ünïcode',
      'Ünïcode',
      '日本語 profil/e',
      'a%2fb',
      'a/b',
      '..',
      '../../x',
      'emoji 🔑',
      'x'.repeat(256),
      `${'x'.repeat(255)}y`,
    ];
    for (const [n, name] of names.entries()) await store.set(accountOf(name), new Secret(`wert ${n} 🔐 \u{1F600} é`));
    for (const [n, name] of names.entries())
      expect((await store.get(accountOf(name)))?.reveal()).toBe(`wert ${n} 🔐 \u{1F600} é`);
    for (const name of names) expect(await store.delete(accountOf(name))).toBe(true);
  });

  it('a very long value comes back whole', async () => {
    const { store } = opened();
    const value = 'ä'.repeat(largestBytes / 2);
    await store.set(accountOf('long'), new Secret(value));
    const read = await store.get(accountOf('long'));
    expect(read?.reveal().length).toBe(value.length);
    expect(read?.reveal() === value).toBe(true);
    await store.delete(accountOf('long'));
  });

  it('calls made at once do not mix', async () => {
    const { store } = opened();
    const accounts = Array.from({ length: 20 }, (_, n) => accountOf(`at-once-${n}`));
    await Promise.all(accounts.map((account, n) => store.set(account, new Secret(`value ${n}`))));
    const read = await Promise.all(accounts.map((account) => store.get(account)));
    expect(read.map((secret) => secret?.reveal())).toEqual(accounts.map((_, n) => `value ${n}`));
    await Promise.all(accounts.map((account) => store.delete(account)));
  });

  it('a closed store opens anew, and another one sees its items', async () => {
    const { setup, store } = opened();
    await store.set(accountOf('kept'), new Secret('kept'));
    await store.close();
    expect((await store.get(accountOf('kept')))?.reveal()).toBe('kept');
    const another = setup.open();
    expect((await another.get(accountOf('kept')))?.reveal()).toBe('kept');
    await another.close();
    await another.close();
  });
}

function describeRefusals(opened: Opened): void {
  it('empty values, NUL and halves of surrogate pairs are refused before the store is asked', async () => {
    const { setup, store } = opened();
    await store.set(accountOf('strict'), new Secret('before'));
    await setup.lock?.(); // a locked store that is asked says so
    for (const value of ['', 'a\0b', '\0', 'half \ud83d']) {
      expect(await failureOf(store.set(accountOf('strict'), new Secret(value)))).toMatchObject({ code: 'store-rejected' });
    }
    await setup.unlock?.();
    expect((await store.get(accountOf('strict')))?.reveal()).toBe('before');
  });
}

function describeLocked(opened: Opened): void {
  it('a locked store says so at once, for items that are there and items that are not', async () => {
    const { setup, store } = opened();
    if (setup.lock === undefined) throw new Error('the setup cannot lock its store');
    await store.set(accountOf('locked'), new Secret('before'));
    await setup.lock();
    const startedAt = performance.now();
    const calls = [
      store.get(accountOf('locked')),
      store.get(accountOf('nobody')),
      store.set(accountOf('locked'), new Secret('after')),
      store.set(accountOf('new while locked'), new Secret('after')),
      store.delete(accountOf('locked')),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringMatching(/^\P{Cc}+$/u) });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await setup.unlock?.();
    expect((await store.get(accountOf('locked')))?.reveal()).toBe('before');
    expect(await store.get(accountOf('new while locked'))).toBeUndefined();
  });
}

function describeOthers(opened: Opened, { readers, writers }: ContractOptions): void {
  it(`${readers} processes read, and ${writers} write, one item: each value is whole, and all of them end`, async () => {
    const { setup, store } = opened();
    if (setup.others === undefined) throw new Error('the setup names no way for other processes');
    const { target, env } = setup.others;
    const bundles = new Bundles();
    try {
      const script = bundles.add('test/harness/keyring-driver.ts');
      const account = accountOf('shared');
      const run = (task: Partial<DriverTask>) => runDriver(script, { target, manners: patient, account, ...task }, env);
      await store.set(account, new Secret('z'.repeat(2_000)));
      const read = await Promise.all(Array.from({ length: readers }, () => run({})));
      expect(new Set(read.map(({ value, errorCode }) => value ?? errorCode))).toEqual(new Set(['z'.repeat(2_000)]));
      const letters = Array.from({ length: writers }, (_, n) => String.fromCharCode(97 + n));
      const written = Promise.all(letters.map((letter) => run({ write: { letter, times: 2_000 } })));
      for (let isOver = false; !isOver; isOver = await Promise.race([written.then(() => true), turn()])) {
        expect((await store.get(account))?.reveal()).toMatch(/^(.)\1{1999}$/);
      }
      expect((await written).map(({ errorCode }) => errorCode)).toEqual(letters.map(() => undefined));
      expect((await store.get(account))?.reveal()).toMatch(/^([a-y])\1{1999}$/);
    } finally {
      bundles.close();
    }
  }, 60_000);
}

function turn(): Promise<false> {
  return new Promise((resolve) => setImmediate(() => resolve(false)));
}
