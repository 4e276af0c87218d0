// The contract on a real gnome-keyring, and what only a session bus can do wrong: no bus, a dead one, no service, a frozen one, prompts.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Environment } from '../../src/ports/environment.ts';
import type { Store, StoreManners } from '../../src/ports/store.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';
import { Bundles } from '../harness/bundle-module.ts';
import { startDeafPrompter } from '../harness/keyring-prompter.ts';
import { needProgram, type SessionBus, startSessionBus } from '../harness/session-bus.ts';
import { accountOf, describeStoreContract, failureOf, patient, runDriver } from './contract.ts';

const brisk: StoreManners = { deadlineMs: 1_500, prompts: 'never' };
const oneLine = expect.stringMatching(/^\P{Cc}+$/u);

describeStoreContract(
  'the Secret Service of gnome-keyring',
  async () => {
    const bus = await startSessionBus();
    return {
      open: (manners) => openSecretService({ env: bus.env, manners: { ...patient, ...manners } }),
      lock: () => bus.lock(),
      unlock: () => bus.restartKeyring('unlocked'),
      others: { target: { kind: 'secret-service' }, env: bus.env },
      stop: () => bus.stop(),
    };
  },
  { readers: 100, writers: 20, isLockable: true, largestBytes: 1024 * 1024 },
);

describeStoreContract(
  'the Secret Service of gnome-keyring, sessions encrypted',
  async () => {
    const bus = await startSessionBus();
    return {
      open: (manners) => openSecretService({ env: bus.env, manners: { ...patient, ...manners }, algorithms: ['dh'] }),
      lock: () => bus.lock(),
      unlock: () => bus.restartKeyring('unlocked'),
      stop: () => bus.stop(),
    };
  },
  { readers: 0, writers: 0, isLockable: true, largestBytes: 1024 * 1024 },
);

describe('the Secret Service store on a bus of its own', () => {
  let bus: SessionBus;
  let store: Store;
  beforeAll(async () => {
    bus = await startSessionBus();
    store = openSecretService({ env: bus.env, manners: brisk });
    await store.set(accountOf('corp'), new Secret('kept'));
  });
  afterAll(async () => {
    await store?.close();
    await bus?.stop();
  });
  const run = (program: string, argv: readonly string[], input = '') =>
    spawnSync(program, argv, { env: { ...bus.env }, encoding: 'utf8', input, timeout: 10_000 });
  const read = async (account: string) => (await store.get(accountOf(account)))?.reveal();

  it('secret-tool reads the same item by service and account, as it reads those of keytar', () => {
    needProgram('secret-tool', 'libsecret-tools');
    const found = run('secret-tool', ['lookup', 'service', 'rolekeeper', 'account', 'keys/corp']);
    expect(found).toMatchObject({ status: 0, stdout: 'kept' });
    const shown = run('secret-tool', ['search', 'service', 'rolekeeper', 'account', 'keys/corp']);
    expect(shown.stdout).toContain('label = rolekeeper/keys/corp');
    expect(shown.stdout).toContain('schema = org.freedesktop.Secret.Generic');
  });

  it("an overwrite changes keytar's item in place instead of adding another", async () => {
    await store.set(accountOf('corp'), new Secret('other'));
    await store.set(accountOf('corp'), new Secret('kept'));
    const shown = run('secret-tool', ['search', '--all', 'service', 'rolekeeper', 'account', 'keys/corp']);
    expect(shown.stdout.match(/^\[/gm)).toHaveLength(1);
  });

  it('items of the same service without our account, as python-keyring and go-keyring write them, are passed over', async () => {
    const attributes = ['service', 'rolekeeper', 'username', 'keys/foreign', 'xdg:schema', 'org.freedesktop.Secret.Generic'];
    expect(run('secret-tool', ['store', '--label', 'foreign', ...attributes], 'foreign').status).toBe(0);
    expect(run('secret-tool', ['lookup', 'service', 'rolekeeper', 'username', 'keys/foreign']).stdout).toBe('foreign');
    expect(await read('foreign')).toBeUndefined();
    expect(await store.delete(accountOf('foreign'))).toBe(false);
    expect(await read('corp')).toBe('kept');
  });

  it('a service that was started anew between two calls is found again', async () => {
    expect(await read('corp')).toBe('kept');
    await bus.restartKeyring();
    expect(await read('corp')).toBe('kept');
    await bus.restartKeyring();
    await store.set(accountOf('corp'), new Secret('kept'));
    await bus.restartKeyring();
    expect(await store.delete(accountOf('nobody'))).toBe(false);
  });

  it('a frozen service costs the deadline and no more, and is used again when it thaws', async () => {
    expect(await read('corp')).toBe('kept');
    bus.freeze();
    const startedAt = performance.now();
    const calls = [
      store.get(accountOf('corp')),
      store.set(accountOf('corp'), new Secret('late')),
      store.delete(accountOf('corp')),
    ];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({
        code: 'store-unavailable',
        message: expect.stringContaining('no answer in 1.5 s'),
        hint: oneLine,
      });
    }
    const tookMs = performance.now() - startedAt;
    bus.thaw();
    expect(tookMs).toBeGreaterThan(1_400);
    expect(tookMs).toBeLessThan(3_000);
    expect(await read('nobody')).toBeUndefined();
  });

  it('a service that is killed in the middle of a call is an error, not a hang', async () => {
    bus.freeze();
    const failing = failureOf(store.get(accountOf('corp')));
    await new Promise((resolve) => setImmediate(resolve));
    await bus.killKeyring();
    expect(await failing).toMatchObject({ code: 'store-unavailable', hint: oneLine });
    expect(await failureOf(store.get(accountOf('corp')))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('no keyring service runs'),
    });
    await bus.startKeyring('unlocked');
    await store.set(accountOf('corp'), new Secret('kept'));
    expect(await read('corp')).toBe('kept');
  });
});

describe('the Secret Service store among a thousand items', () => {
  it('opens a keyring with an empty password by itself, and finds, overwrites and deletes the right item', async () => {
    const bus = await startSessionBus({ prepare: (directory) => writeThousandItems(directory) });
    const store = openSecretService({ env: bus.env, manners: patient });
    try {
      const read = async (n: number) => (await store.get(accountOf(`many-${n}`)))?.reveal();
      expect([await read(0), await read(999), await read(1_000)]).toEqual(['value 0', 'value 999', undefined]);
      await store.set(accountOf('many-500'), new Secret('other'));
      expect(await store.delete(accountOf('many-501'))).toBe(true);
      expect([await read(499), await read(500), await read(501), await read(502)]).toEqual([
        'value 499',
        'other',
        undefined,
        'value 502',
      ]);
    } finally {
      await store.close();
      await bus.stop();
    }
  });
});

// gnome-keyring's own format of a keyring with an empty password. Through the daemon a thousand items take half a minute.
function writeThousandItems(directory: string): void {
  const attributes = (n: number) => ({
    service: 'rolekeeper',
    account: `keys/many-${n}`,
    'xdg:schema': 'org.freedesktop.Secret.Generic',
  });
  const item = (n: number) => {
    const fields = Object.entries(attributes(n)).map(
      ([name, value], index) => `[${n + 1}:attribute${index}]\nname=${name}\ntype=string\nvalue=${value}\n\n`,
    );
    return `[${n + 1}]\nitem-type=0\ndisplay-name=many-${n}\nsecret=value ${n}\nmtime=0\nctime=0\n\n${fields.join('')}`;
  };
  const items = Array.from({ length: 1_000 }, (_, n) => item(n));
  const head = '[keyring]\ndisplay-name=many\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n\n';
  writeFileSync(join(directory, 'many.keyring'), head + items.join(''), { mode: 0o600 });
  writeFileSync(join(directory, 'default'), 'many', { mode: 0o600 });
}

describe('the Secret Service store where something is missing', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const start = async (keyring: 'locked' | 'none') => {
    const bus = await startSessionBus({ keyring });
    closers.push(() => bus.stop());
    return bus;
  };
  const open = (env: Environment, manners = brisk) => {
    const store = openSecretService({ env, manners });
    closers.push(() => store.close());
    return store;
  };
  const failuresOf = async (store: Store) => {
    const account = accountOf('corp');
    const calls = [() => store.get(account), () => store.set(account, new Secret('x')), () => store.delete(account)];
    const failures: unknown[] = [];
    for (const call of calls) failures.push(await failureOf(call()));
    return failures;
  };

  it('no bus at all, and a bus that is dead, are told with what to do instead, at once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rk-no-bus-'));
    closers.push(() => rmSync(directory, { recursive: true }));
    const dead = await start('none');
    await dead.killBus();
    const places: readonly Environment[] = [
      { XDG_RUNTIME_DIR: directory },
      { DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/bus` },
      { DBUS_SESSION_BUS_ADDRESS: 'tcp:host=localhost,port=1' },
      dead.env,
    ];
    for (const env of places) {
      const startedAt = performance.now();
      for (const failure of await failuresOf(open(env))) {
        expect(failure).toMatchObject({
          code: 'store-unavailable',
          message: expect.stringMatching(/bus|listens/),
          hint: oneLine,
        });
        expect(failure).toMatchObject({ hint: expect.stringContaining('store = age') });
      }
      expect(performance.now() - startedAt).toBeLessThan(300);
    }
  });

  it('a bus without a Secret Service says how to start one', async () => {
    const bus = await start('none');
    for (const failure of await failuresOf(open(bus.env))) {
      expect(failure).toMatchObject({
        code: 'store-unavailable',
        message: 'the Secret Service keyring does not answer: no keyring service runs on the session bus',
        hint: expect.stringMatching(/gnome-keyring-daemon --replace --unlock.*store = age/),
      });
    }
    const [failure] = await failuresOf(open({ ...bus.env, DISPLAY: ':0' }));
    expect(failure).toMatchObject({ hint: expect.stringMatching(/rolekeeper login.*store = age/) });
  });

  it('a Secret Service without a default keyring is an error of its own', async () => {
    const bus = await start('none');
    await bus.startKeyring('locked');
    for (const failure of await failuresOf(open(bus.env))) {
      expect(failure).toMatchObject({
        code: 'store-unavailable',
        message: expect.stringContaining('no default keyring'),
        hint: oneLine,
      });
    }
  });

  it('the hint for a locked keyring works as it is written, without a desktop', async () => {
    const bus = await start('locked');
    const store = open(bus.env);
    const failure = await failureOf(store.get(accountOf('corp')));
    expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('store = age') });
    const hint = failure instanceof Error && 'hint' in failure ? String(failure.hint) : '';
    const command = /run `([^`]+)`/.exec(hint)?.[1] ?? 'false';
    // The keyring of the test is not in HOME; the daemon that the command starts must find it.
    const env = { ...bus.env, XDG_DATA_HOME: join(bus.env['XDG_RUNTIME_DIR'] ?? '', '..', 'data') };
    const typed = spawnSync('bash', ['-c', command], { env, input: 'pw\n', encoding: 'utf8', timeout: 10_000 });
    expect({ stdout: typed.stdout, stderr: typed.stderr }).toEqual({ stdout: '\n', stderr: '' });
    const daemon = await pidOfService(bus);
    closers.push(() => process.kill(daemon, 'SIGKILL'));
    expect(await store.get(accountOf('corp'))).toBeUndefined();
  });

  it('a prompt that nobody answers is never raised in background work', async () => {
    const bus = await start('locked');
    const prompter = await startDeafPrompter(bus.address.replace('unix:path=', ''));
    closers.push(() => prompter.stop());
    for (const failure of await failuresOf(open(bus.env))) expect(failure).toMatchObject({ code: 'store-locked' });
    expect(prompter.count()).toBe(0);
  });

  it('a prompt that nobody answers ends with the deadline, and so does the process', async () => {
    const bus = await start('locked');
    const prompter = await startDeafPrompter(bus.address.replace('unix:path=', ''));
    closers.push(() => prompter.stop());
    const bundles = new Bundles();
    closers.push(() => bundles.close());
    const manners: StoreManners = { deadlineMs: 600, prompts: 'allowed' };
    const script = bundles.add('test/harness/keyring-driver.ts');
    const startedAt = performance.now();
    const result = await runDriver(script, { target: { kind: 'secret-service' }, manners, account: 'keys/corp' }, bus.env);
    expect(result).toMatchObject({ errorCode: 'store-unavailable' });
    expect(result.tookMs).toBeGreaterThan(550);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(prompter.count()).toBe(1);
  });

  it('where no prompt can be shown, interactive work is told that the keyring is locked', async () => {
    const bus = await start('locked');
    const startedAt = performance.now();
    const failure = await failureOf(open(bus.env, { deadlineMs: 20_000, prompts: 'allowed' }).get(accountOf('corp')));
    expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('gnome-keyring-daemon') });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

async function pidOfService(bus: SessionBus): Promise<number> {
  const argv = ['--dest=org.freedesktop.DBus', '--object-path=/', '--method=org.freedesktop.DBus.GetConnectionUnixProcessID'];
  const said = spawnSync('gdbus', ['call', '--session', ...argv, 'org.freedesktop.secrets'], {
    env: { ...bus.env },
    encoding: 'utf8',
  });
  return Number(/uint32 (\d+)/.exec(said.stdout)?.[1]);
}
