import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Environment } from '../../src/ports/environment.ts';
import type { Store } from '../../src/ports/store.ts';
import { newKeyFile } from '../../src/stores/age-cipher.ts';
import { type ChooseStoreOptions, chooseStore } from '../../src/stores/choose-store.ts';
import { accountOf } from './contract.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-choose-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function choose(env: Environment, options: Partial<ChooseStoreOptions> = {}): Promise<Store> {
  return chooseStore({
    ...{ env, settings: {}, platform: 'linux', stateDirectory: join(home, 'state') },
    manners: { deadlineMs: 1_500, prompts: 'never' },
    ...options,
  });
}

describe('chooseStore', () => {
  it.each<[string, Environment, ChooseStoreOptions['settings'], Store['kind']]>([
    ['nothing said', {}, {}, 'keychain'],
    ['an empty variable', { ROLEKEEPER_STORE: '' }, {}, 'keychain'],
    ['the setting', {}, { store: 'age' }, 'age'],
    ['the variable', { ROLEKEEPER_STORE: 'age' }, {}, 'age'],
    ['the variable against the setting', { ROLEKEEPER_STORE: 'keychain' }, { store: 'age' }, 'keychain'],
    ['an empty variable and a setting', { ROLEKEEPER_STORE: '' }, { store: 'age' }, 'age'],
    ['memory in the variable', { ROLEKEEPER_STORE: 'memory' }, {}, 'memory'],
  ])('%s: opens the right one', async (_what, env, settings, kind) => {
    expect((await choose(env, { settings })).kind).toBe(kind);
  });

  it.each<[string, Environment, ChooseStoreOptions['settings']]>([
    ['an unknown name in the variable', { ROLEKEEPER_STORE: 'pass' }, { store: 'age' }],
    ['an unknown name in the setting', {}, { store: 'Keychain' }],
    ['memory in the setting, where it would forget every login', {}, { store: 'memory' }],
  ])('%s: is refused with the names there are', async (_what, env, settings) => {
    await expect(choose(env, { settings })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringMatching(/keychain.*age/),
    });
  });

  it.each(['darwin', 'win32'] as const)(
    'on %s the keychain is reached through keytar, which is not loaded yet',
    async (platform) => {
      const store = await choose({}, { platform });
      expect(store.kind).toBe('keychain');
      expect(store.description).not.toMatch(/Secret Service/);
      await store.close();
    },
  );

  it('opening makes nothing on the disk', async () => {
    await choose({ ROLEKEEPER_STORE: 'age' });
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('the age store that chooseStore opens', () => {
  const keyFileSettings = async () => {
    const keyFile = join(home, 'key.txt');
    writeFileSync(keyFile, await newKeyFile(), { mode: 0o600 });
    return keyFile;
  };

  it('has its items in the state directory, and its key file from the setting with ~/', async () => {
    await keyFileSettings();
    const store = await choose({ HOME: home }, { settings: { store: 'age', ageKeyFile: '~/key.txt' } });
    await store.set(accountOf('corp'), new Secret('value'));
    expect(readdirSync(join(home, 'state', 'age')).sort()).toEqual(['keys%2fcorp.age', 'recipient']);
  });

  it('has its items in ROLEKEEPER_AGE_DIR when that is set', async () => {
    const env = {
      ROLEKEEPER_STORE: 'age',
      ROLEKEEPER_AGE_KEY_FILE: await keyFileSettings(),
      ROLEKEEPER_AGE_DIR: join(home, 'items'),
    };
    const store = await choose(env);
    await store.set(accountOf('corp'), new Secret('value'));
    expect(readdirSync(join(home, 'items')).sort()).toEqual(['keys%2fcorp.age', 'recipient']);
    expect(store.description).toContain(join(home, 'items'));
  });

  it('takes ROLEKEEPER_AGE_KEY_FILE rather than the setting', async () => {
    const env = { ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: await keyFileSettings() };
    const store = await choose(env, { settings: { ageKeyFile: '/no/such/file' } });
    await store.set(accountOf('corp'), new Secret('value'));
    expect((await store.get(accountOf('corp')))?.reveal()).toBe('value');
  });

  it('takes the home directory of the user database where HOME is missing', async () => {
    const store = await choose({ ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: '~/no-such-key-file' });
    await expect(store.get(accountOf('corp'))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(join(homedir(), 'no-such-key-file')),
    });
  });

  it.each(['key.txt', './key.txt', '~somebody/key.txt'])('refuses the relative path %s', async (path) => {
    await expect(choose({ ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: path })).rejects.toMatchObject({ code: 'usage' });
    await expect(choose({ ROLEKEEPER_STORE: 'age' }, { settings: { ageKeyFile: path } })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});
