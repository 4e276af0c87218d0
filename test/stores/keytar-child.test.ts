// keytar in its child process: for real on Linux, over gnome-keyring; the manners of macOS and Windows over made-up workers.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { Store } from '../../src/ports/store.ts';
import { openKeytarChild } from '../../src/stores/keytar-child.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';
import { Bundles } from '../harness/bundle-module.ts';
import type { DriverTask } from '../harness/keyring-driver.ts';
import { startDeafPrompter } from '../harness/keyring-prompter.ts';
import { startSessionBus, until } from '../harness/session-bus.ts';
import { accountOf, describeStoreContract, failureOf, patient, runDriver } from './contract.ts';

const bundles = new Bundles();
const keytarWorker = bundles.add('src/stores/keytar-worker.ts');
afterAll(() => bundles.close());
const corp = accountOf('corp');

describeStoreContract(
  'keytar in a child process, on Linux',
  async () => {
    const bus = await startSessionBus();
    return {
      open: (manners) =>
        openKeytarChild({ env: bus.env, manners: { ...patient, ...manners }, platform: 'linux', workerScript: keytarWorker }),
      others: { target: { kind: 'keytar', workerScript: keytarWorker }, env: bus.env },
      stop: () => bus.stop(),
    };
  },
  // Locked is out: on Linux keytar calls a locked keyring "absent" (below), which is why nobody uses it there.
  { readers: 10, writers: 4, isLockable: false, largestBytes: 1024 * 1024 },
);

describe('keytar and the Secret Service client', () => {
  it('read and overwrite each other’s items', async () => {
    const bus = await startSessionBus();
    const keytar = openKeytarChild({ env: bus.env, manners: patient, platform: 'linux', workerScript: keytarWorker });
    const ours = openSecretService({ env: bus.env, manners: patient });
    try {
      await keytar.set(corp, new Secret('von keytar ü'));
      expect((await ours.get(corp))?.reveal()).toBe('von keytar ü');
      await ours.set(corp, new Secret('from us é'));
      expect((await keytar.get(corp))?.reveal()).toBe('from us é');
      expect(await keytar.delete(corp)).toBe(true);
      expect(await ours.get(corp)).toBeUndefined();
      await ours.set(corp, new Secret('kept'));
      bus.lock();
      // The defect of keytar on Linux that keeps it out: a locked keyring is not an error.
      expect(await keytar.get(corp)).toBeUndefined();
      expect(await failureOf(ours.get(corp))).toMatchObject({ code: 'store-locked' });
    } finally {
      await keytar.close();
      await ours.close();
      await bus.stop();
    }
  });
});

describe('keytar behind a prompt that nobody answers', () => {
  it('the deadline is kept and the process ends, though keytar itself waits for ever', async () => {
    const bus = await startSessionBus({ keyring: 'locked' });
    const prompter = await startDeafPrompter(bus.address.replace('unix:path=', ''));
    try {
      const script = bundles.add('test/harness/keyring-driver.ts');
      const task: DriverTask = {
        target: { kind: 'keytar', workerScript: keytarWorker },
        manners: { deadlineMs: 1_000, prompts: 'allowed' },
        account: corp,
        write: { letter: 'x', times: 10 },
      };
      const startedAt = performance.now();
      expect(await runDriver(script, task, bus.env)).toMatchObject({ errorCode: 'store-unavailable' });
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect(prompter.count()).toBe(1);
    } finally {
      prompter.stop();
      await bus.stop();
    }
  });
});

describe('the store over a worker', () => {
  let directory = '';
  const stores: Store[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rk-worker-'));
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    rmSync(directory, { recursive: true });
  });
  const log = () => readFileSync(join(directory, 'log'), 'utf8').trimEnd().split('\n');

  /** A worker in a few lines: `answer(request)` returns the answer or throws; `log(text)` writes a line the test can read. */
  function open(
    platform: NodeJS.Platform,
    answer: string,
    { deadlineMs = 10_000, env = {} }: { readonly deadlineMs?: number; readonly env?: Readonly<Record<string, string>> } = {},
  ): Store {
    const workerScript = join(directory, 'worker.mjs');
    const lines = [
      "import { appendFileSync } from 'node:fs'; import { createInterface } from 'node:readline';",
      `const log = (text) => appendFileSync(${JSON.stringify(join(directory, 'log'))}, text + '\\n');`,
      'const items = new Map();',
      "const usual = ({ verb, account, text }) => { log(verb + ' ' + account);",
      "  if (verb === 'get') return items.get(account) ?? null;",
      "  if (verb === 'delete') return items.delete(account);",
      '  items.set(account, text); return null; };',
      `const answer = ${answer};`,
      "createInterface({ input: process.stdin }).on('line', (line) => { const { id, request } = JSON.parse(line);",
      '  try { console.log(JSON.stringify({ id, answer: answer(request) })); }',
      '  catch (error) { console.log(JSON.stringify({ id, problem: error.message })); } });',
    ];
    writeFileSync(workerScript, lines.join('\n'));
    const store = openKeytarChild({ env, manners: { deadlineMs, prompts: 'never' }, platform, workerScript });
    stores.push(store);
    return store;
  }

  it('a native call that never returns costs the deadline; the process is killed, and the next call gets another', async () => {
    const answer =
      "(request) => { log(String(process.pid)); if (request.account.endsWith('hangs')) for (;;); return usual(request); }";
    const store = open('darwin', answer, { deadlineMs: 500 });
    const startedAt = performance.now();
    expect(await failureOf(store.get(accountOf('hangs')))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('did not answer in time'),
      hint: expect.stringMatching(/^\P{Cc}+$/u),
    });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    const pid = Number(log()[0]);
    await until(() => !isAlive(pid), 'the worker outlived its deadline');
    expect(await store.get(corp)).toBeUndefined();
  });

  it('close ends the process', async () => {
    const store = open('darwin', '(request) => { log(String(process.pid)); return null; }');
    await store.get(corp);
    expect(isAlive(Number(log()[0]))).toBe(true);
    await store.close();
    expect(isAlive(Number(log()[0]))).toBe(false);
  });

  it('one process serves all calls; secrets are in neither its arguments nor its environment; NODE_OPTIONS stays behind', async () => {
    const answer = `(request) => { log(JSON.stringify([process.pid, process.argv.slice(2), process.env.NODE_OPTIONS ?? '', process.env.HOME]));
      return usual(request); }`;
    const store = open('win32', answer, { env: { NODE_OPTIONS: '--title=x', HOME: '/home/alice' } });
    await store.set(corp, new Secret('top secret'));
    await store.get(corp);
    const facts = log().filter((line) => line.startsWith('['));
    expect(new Set(facts).size).toBe(1);
    expect(facts[0]).toMatch(/^\[\d+,\[\],"","\/home\/alice"\]$/);
  });

  it('a worker that dies, or talks nonsense, is an error, and the next call starts another', async () => {
    const nonsense = [
      'process.exit(3)',
      "console.log('no JSON')",
      "console.log('{}')",
      'console.log(JSON.stringify({ id: 99, answer: null }))',
    ];
    for (const fault of nonsense) {
      const answer = `(request) => { if (request.account.endsWith('fault')) { ${fault}; } return usual(request); }`;
      const store = open('win32', answer);
      expect(await failureOf(store.get(accountOf('fault')))).toMatchObject({ code: 'store-unavailable' });
      expect(await store.get(corp)).toBeUndefined();
    }
  });

  it('a worker that is not there, and one without keytar, say what to install', async () => {
    const missing = openKeytarChild({ env: {}, manners: patient, platform: 'win32', workerScript: join(directory, 'none.mjs') });
    stores.push(missing);
    expect(await failureOf(missing.get(corp))).toMatchObject({ code: 'store-unavailable' });
    const alone = join(directory, 'alone');
    mkdirSync(alone);
    copyFileSync(keytarWorker, join(alone, 'keytar-worker.mjs'));
    const without = openKeytarChild({
      env: {},
      manners: patient,
      platform: 'win32',
      workerScript: join(alone, 'keytar-worker.mjs'),
    });
    stores.push(without);
    expect(await failureOf(without.get(corp))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('keytar is not installed'),
      hint: expect.stringContaining('store = age'),
    });
  });

  it('refusals of the system become our codes', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['User interaction is not allowed.', 'store-locked'],
      ['The keychain is locked.', 'store-locked'],
      ['The stub received bad data.', 'store-rejected'],
      ['Element not found.', 'store-unavailable'],
    ];
    for (const [problem, code] of cases) {
      const store = open('darwin', `() => { throw new Error(${JSON.stringify(problem)}); }`);
      expect([problem, await failureOf(store.set(corp, new Secret('x')))]).toMatchObject([problem, { code }]);
    }
  });

  it('on macOS an unchanged value is not written, so that its list of trusted programs stays', async () => {
    const store = open('darwin', 'usual');
    await store.set(corp, new Secret('value'));
    await store.set(corp, new Secret('value'));
    await store.set(corp, new Secret('other'));
    expect(log().filter((line) => line.startsWith('set'))).toHaveLength(2);
    expect((await store.get(corp))?.reveal()).toBe('other');
  });

  it('on Windows a long value is in pieces within the limit, and comes back whole', async () => {
    const answer =
      "(request) => { if ((request.text ?? '').length > 2560) throw new Error('The stub received bad data.'); return usual(request); }";
    const store = open('win32', answer);
    const long = JSON.stringify({ v: 1, text: 'ä'.repeat(4_000) });
    await store.set(corp, new Secret(long));
    expect((await store.get(corp))?.reveal() === long).toBe(true);
    expect(log().filter((line) => line.startsWith('set keys/corp#a')).length).toBeGreaterThan(2);
    expect(await store.delete(corp)).toBe(true);
    expect(await store.get(corp)).toBeUndefined();
  });
});

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && process.kill(pid, 0);
}
