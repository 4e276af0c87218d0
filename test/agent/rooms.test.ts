import { beforeEach, describe, expect, it } from 'vitest';
import { type Caller, Callers } from '../../src/agent/callers.ts';
import { Rooms } from '../../src/agent/rooms.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { Credentials } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { settled } from '../fakes/fake-machine.ts';
import { type FaultyStore, faultyStore } from '../fakes/faulty-store.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { hour, lastStep, openAgentWorld, roleRecipe, second } from './agent-world.ts';

const world = await openAgentWorld();
const recipe = roleRecipe();

let settings: string;
let opened: { readonly caller: Caller; readonly store: FaultyStore }[];
let refused: number;
let closings: FaultyStore[];
let rooms: Rooms;
let callers: Callers;
beforeEach(() => {
  settings = '';
  opened = [];
  refused = 0;
  closings = [];
  callers = new Callers({
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own' },
    placeOf: () => ({ home: '/h', stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' }),
    readFiles: () => ({ config: parseConfigFile(settings, '/c'), credentials: parseCredentialsFile('', '/k') }),
  });
  rooms = new Rooms({
    openPorts: async (caller) => {
      if (caller.env['ROLEKEEPER_STORE'] === 'nonsense') {
        refused += 1;
        throw new AppError('usage', { problem: 'no such store' });
      }
      const store = faultyStore();
      opened.push({ caller, store });
      const close = async () => {
        closings.push(store);
        await store.close();
      };
      return { ...world.ports, store: { ...store, close } };
    },
    monotonicMs: () => world.machine.readClocks().uptimeMs,
  });
});

function caller(env: Readonly<Record<string, string>> = {}): Caller {
  return callers.of({ env, cwd: '/' });
}

const credentials: Credentials = {
  accessKeyId: 'ASIA1',
  secretAccessKey: new Secret('s'),
  sessionToken: new Secret('t'),
  issuedAt: world.machine.awsMs(),
  expiresAt: world.machine.awsMs() + hour,
};

describe('rooms', () => {
  it('are one for callers who mean one store', async () => {
    const room = await rooms.of(caller());
    expect(await rooms.of(caller({ AWS_REGION: 'us-east-1', HTTPS_PROXY: 'http://proxy:1' }))).toBe(room);
    expect(await rooms.of(caller({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own' }))).toBe(room);
    expect(opened).toHaveLength(1);
  });

  it.each(['ROLEKEEPER_STORE', 'ROLEKEEPER_AGE_DIR', 'ROLEKEEPER_AGE_KEY_FILE', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'])(
    'are two for callers that differ in %s',
    async (name) => {
      const room = await rooms.of(caller({ [name]: '/one' }));
      expect(await rooms.of(caller({ [name]: '/two' }))).not.toBe(room);
      expect(await rooms.of(caller({ [name]: '/one' }))).toBe(room);
    },
  );

  it('change with the settings of the config', async () => {
    const room = await rooms.of(caller());
    settings = '[rolekeeper]\nstore = age\n';
    const age = await rooms.of(caller());
    expect(age).not.toBe(room);
    settings = '[rolekeeper]\nstore = age\nage_key_file = /key\n';
    expect(await rooms.of(caller())).not.toBe(age);
    settings = '';
    expect(await rooms.of(caller())).toBe(room);
  });

  it.each([
    ['store = file\n', 'store = secret-service\n'],
    ['', 'age_key_file = /key\n'],
  ])('are two where the settings %j become %j, of whatever store', async (before, after) => {
    settings = `[rolekeeper]\n${before}`;
    const room = await rooms.of(caller());
    settings = `[rolekeeper]\n${after}`;
    expect(await rooms.of(caller())).not.toBe(room);
  });

  const age = { ROLEKEEPER_STORE: 'age' };
  const inSettings = '[rolekeeper]\nstore = age\nage_key_file = /key\n';
  it.each([
    ['an empty directory', '', age, { ...age, ROLEKEEPER_AGE_DIR: '' }, true],
    ['another directory', '', age, { ...age, ROLEKEEPER_AGE_DIR: '/d' }, false],
    ['a key file', '', age, { ...age, ROLEKEEPER_AGE_KEY_FILE: '/key' }, false],
    ['the key file of the settings', inSettings, {}, { ROLEKEEPER_AGE_KEY_FILE: '/key' }, true],
    ['another key file than the settings', inSettings, {}, { ROLEKEEPER_AGE_KEY_FILE: '/other' }, false],
    [
      'a directory in place of the key file',
      '',
      { ...age, ROLEKEEPER_AGE_DIR: '/d' },
      { ...age, ROLEKEEPER_AGE_KEY_FILE: '/d' },
      false,
    ],
    ['a bus, as the settings have an age store', inSettings, {}, { XDG_RUNTIME_DIR: '/run' }, true],
    ['a store that is empty text', inSettings, {}, { ROLEKEEPER_STORE: '', XDG_RUNTIME_DIR: '/run' }, true],
    [
      'a bus and another store than the settings',
      inSettings,
      { ROLEKEEPER_STORE: 'file' },
      { ROLEKEEPER_STORE: 'file', XDG_RUNTIME_DIR: '/run' },
      false,
    ],
  ])('for callers of whom one has %s', async (_what, text, one, other, isSame) => {
    settings = text;
    const room = await rooms.of(caller(one));
    expect((await rooms.of(caller(other))) === room).toBe(isSame);
  });

  // A store that was unlocked in a terminal was locked for cron.
  it('are one for all who mean the same files, over whatever bus and however they say so', async () => {
    const room = await rooms.of(caller({ ROLEKEEPER_STORE: 'age', XDG_RUNTIME_DIR: '/run/user/1000' }));
    expect(await rooms.of(caller({ ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_KEY_FILE: '' }))).toBe(room);
    expect(await rooms.of(caller({ ROLEKEEPER_STORE: 'age', ROLEKEEPER_AGE_DIR: '/other' }))).not.toBe(room);
    settings = '[rolekeeper]\nstore = age\n';
    expect(await rooms.of(caller())).toBe(room);
  });

  it('that a person has unlocked are not closed for others', async () => {
    const unlocked = new Rooms({
      openPorts: async () => ({ ...world.ports, store: passphraseStore(faultyStore()) }),
      monotonicMs: () => world.machine.readClocks().uptimeMs,
    });
    const room = await unlocked.of(caller({ ROLEKEEPER_STORE: 'age' }));
    await room.unlock(new Secret(rightIdentity));
    for (let n = 0; n < 40; n++) await unlocked.of(caller({ XDG_RUNTIME_DIR: `/${n}` }));
    await settled();
    expect(unlocked.isUnlocked).toBe(true);
    expect(await unlocked.of(caller({ ROLEKEEPER_STORE: 'age' }))).toBe(room);
    expect(unlocked.lockAll()).toBe(1);
    expect([room.isUnlocked, unlocked.isUnlocked, unlocked.lockAll()]).toEqual([false, false, 0]);
  });

  it('open once for all who come at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => rooms.of(caller())));
    expect(new Set(all).size).toBe(1);
    expect(opened).toHaveLength(1);
  });

  it('that did not open are tried again by the next caller', async () => {
    const bad = caller({ ROLEKEEPER_STORE: 'nonsense' });
    await expect(rooms.of(bad)).rejects.toThrow('no such store');
    await settled();
    await expect(rooms.of(bad)).rejects.toThrow('no such store');
    expect([rooms.cached, refused]).toEqual([0, 2]);
  });

  // A caller with a new bus address each time would have kept a store and a memory open for each.
  it('are sixteen at most: the one that nobody came to for longest is closed', async () => {
    const first = await rooms.of(caller({ XDG_RUNTIME_DIR: '/0' }));
    for (let n = 1; n < 16; n++) await rooms.of(caller({ XDG_RUNTIME_DIR: `/${n}` }));
    expect(await rooms.of(caller({ XDG_RUNTIME_DIR: '/0' }))).toBe(first);
    await rooms.of(caller({ XDG_RUNTIME_DIR: '/16' }));
    await settled();
    expect(closings).toStrictEqual([opened[1]?.store]);
    await rooms.of(caller({ XDG_RUNTIME_DIR: '/1' }));
    expect(opened).toHaveLength(18);
  });

  it('are closed once each, those that were left before as well', async () => {
    for (let n = 0; n < 17; n++) await rooms.of(caller({ XDG_RUNTIME_DIR: `/${n}` }));
    await settled();
    await rooms.close();
    expect(closings).toStrictEqual(opened.map(({ store }) => store));
  });

  it('do not wait for one another to open', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => rooms.of(caller({ XDG_RUNTIME_DIR: `/${n}` }))));
    expect(new Set(all).size).toBe(20);
    await settled();
    expect(closings).toStrictEqual(opened.slice(0, 4).map(({ store }) => store));
  });

  it('that a person has unlocked may be more than sixteen', async () => {
    const unlocked = new Rooms({
      openPorts: async () => ({ ...world.ports, store: passphraseStore(faultyStore()) }),
      monotonicMs: () => 0,
    });
    const all = [];
    for (let n = 0; n < 18; n++) {
      const room = await unlocked.of(caller({ XDG_RUNTIME_DIR: `/${n}` }));
      await room.unlock(new Secret(rightIdentity));
      all.push(room);
    }
    expect(unlocked.lockAll()).toBe(18);
    expect(all.map(({ isUnlocked }) => isUnlocked)).toEqual(Array(18).fill(false));
  });

  it('count what is under way in all of them', async () => {
    const room = await rooms.of(caller({ XDG_RUNTIME_DIR: '/0' }));
    const failing = room.refresh(recipe, lastStep(recipe)).catch((error: unknown) => error);
    const other = await rooms.of(caller({ XDG_RUNTIME_DIR: '/1' }));
    const failingToo = other.refresh(recipe, lastStep(recipe)).catch((error: unknown) => error);
    expect(rooms.underWay).toBe(2);
    await world.during(second, Promise.all([failingToo, failing]));
    expect(rooms.underWay).toBe(0);
  });

  it('answer whoever is in them before they are closed', async () => {
    const room = await rooms.of(caller({ XDG_RUNTIME_DIR: '/0' }));
    const failing = room.refresh(recipe, lastStep(recipe)).catch((error: unknown) => error);
    const closing = rooms.close();
    await world.during(second, Promise.all([failing, closing]));
    expect(await failing).toMatchObject({ code: 'keys-missing' });
    expect(closings).toStrictEqual([opened[0]?.store]);
  });

  it('count and forget together', async () => {
    const [one, two] = [await rooms.of(caller({ XDG_RUNTIME_DIR: '/1' })), await rooms.of(caller({ XDG_RUNTIME_DIR: '/2' }))];
    const { account } = lastStep(recipe);
    for (const room of [one, two]) room.memory.keep(account, credentials);
    expect(rooms.cached).toBe(2);
    rooms.doubtAll();
    expect([one, two].map((room) => room.memory.isChecked(account, second))).toEqual([false, false]);
    rooms.forgetAll();
    expect(rooms.cached).toBe(0);
  });

  it('drop what has ended, each of them', async () => {
    const { account } = lastStep(recipe);
    for (const bus of ['/1', '/2']) {
      const { memory } = await rooms.of(caller({ XDG_RUNTIME_DIR: bus }));
      const now = world.machine.awsMs();
      memory.keep(account, { ...credentials, expiresAt: now });
      memory.keep(lastStep(roleRecipe('other')).account, { ...credentials, expiresAt: now + hour });
    }
    expect(rooms.cached).toBe(4);
    rooms.dropExpired();
    expect(rooms.cached).toBe(2);
  });

  it('hold that the store has what it was just seen to have, by a clock that nobody sets', async () => {
    const { memory } = await rooms.of(caller());
    const { account } = lastStep(recipe);
    memory.keep(account, credentials);
    expect(memory.isChecked(account, second)).toBe(true);
    await world.machine.run(second);
    expect(memory.isChecked(account, second)).toBe(false);
  });
});
