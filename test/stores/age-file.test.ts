import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyIdOf, roleAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { newKeyFile } from '../../src/stores/age-cipher.ts';
import { itemFileName } from '../../src/stores/age-directory.ts';
import { type AgeFileOptions, openAgeFile } from '../../src/stores/age-file.ts';
import { ageDecrypt, ageEncrypt, keygen, needAge } from '../harness/age-program.ts';
import type { AgeWriterTask } from '../harness/age-writer.ts';
import { Bundles } from '../harness/bundle-module.ts';
import { accountOf, describeStoreContract, failureOf, patient } from './contract.ts';

interface Place {
  readonly root: string;
  readonly directory: string;
  readonly keyFile: string;
}

async function newPlace(): Promise<Place> {
  const root = mkdtempSync(join(tmpdir(), 'rk-age-'));
  const place = { root, directory: join(root, 'state', 'age'), keyFile: join(root, 'key.txt') };
  writeFileSync(place.keyFile, await newKeyFile(), { mode: 0o600 });
  return place;
}

function openIn({ directory, keyFile }: Place, options: Partial<AgeFileOptions> = {}) {
  return openAgeFile({ directory, keyFile, env: {}, manners: patient, ...options });
}

describeStoreContract(
  'age, key file',
  async () => {
    const place = await newPlace();
    return {
      open: () => openIn(place),
      others: {
        target: { kind: 'age', directory: place.directory, keyFile: place.keyFile },
        env: { PATH: process.env['PATH'] ?? '' },
      },
      stop: async () => rmSync(place.root, { recursive: true, force: true }),
    };
  },
  // Locking is a matter of keys here: see "a key that is not the right one" below, and age-passphrase.test.ts.
  { readers: 10, writers: 20, isLockable: false, largestBytes: 1024 * 1024 },
);

let place: Place;
beforeAll(needAge);
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

const corp = accountOf('corp');
const other = accountOf('other');
const corpFile = 'keys%2fcorp.age';

function itemPath(name = corpFile): string {
  return join(place.directory, name);
}

/** Keeps 'before' as the items corp and other. */
async function fill(): Promise<void> {
  for (const account of [corp, other]) await openIn(place).set(account, new Secret('before'));
}

async function readBack(account = corp): Promise<string | undefined> {
  return (await openIn(place).get(account))?.reveal();
}

describe('the age program', () => {
  it('opens what this store wrote with the same key file', async () => {
    await openIn(place).set(corp, new Secret('{"v":1,"text":"für alle 🔑"}'));
    expect(await ageDecrypt(itemPath(), place.keyFile)).toBe('{"v":1,"text":"für alle 🔑"}');
  });

  it('writes what this store reads', async () => {
    rmSync(place.keyFile);
    await keygen(place.keyFile);
    mkdirSync(place.directory, { recursive: true, mode: 0o700 });
    await ageEncrypt(itemPath(), 'by age', ['-e', '-i', place.keyFile]);
    expect(await readBack()).toBe('by age');
    expect(await readBack(other)).toBeUndefined();
  });
});

describe('files', () => {
  it('are for their owner alone, and hold nothing in the clear', async () => {
    await openIn(place).set(corp, new Secret('a very secret value'));
    expect(statSync(place.directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(place.directory).sort()).toEqual([corpFile, 'recipient']);
    for (const name of readdirSync(place.directory)) {
      expect(statSync(itemPath(name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(itemPath(name), 'latin1')).not.toMatch(/secret value|AGE-SECRET/i);
    }
  });

  it('a directory that others may enter is narrowed by the next write', async () => {
    mkdirSync(place.directory, { recursive: true });
    chmodSync(place.directory, 0o775);
    await openIn(place).set(corp, new Secret('x'));
    expect(statSync(place.directory).mode & 0o777).toBe(0o700);
  });

  it('reading and deleting make nothing', async () => {
    expect(await readBack()).toBeUndefined();
    expect(await openIn(place).delete(corp)).toBe(false);
    expect(existsSync(join(place.root, 'state'))).toBe(false);
  });

  it('an item that is a symbolic link is refused, and a write puts a file in its place', async () => {
    await fill();
    const elsewhere = join(place.root, 'elsewhere.age');
    renameSync(itemPath(), elsewhere);
    symlinkSync(elsewhere, itemPath());
    expect(await failureOf(openIn(place).get(corp))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('symbolic link'),
    });
    const before = readFileSync(elsewhere);
    await openIn(place).set(corp, new Secret('after'));
    expect(await readBack()).toBe('after');
    expect(readFileSync(elsewhere).equals(before)).toBe(true);
  });

  it('an item that is a directory is refused', async () => {
    await fill();
    rmSync(itemPath());
    mkdirSync(itemPath());
    expect(await failureOf(openIn(place).get(corp))).toMatchObject({ code: 'store-unavailable' });
    expect(await failureOf(openIn(place).set(corp, new Secret('x')))).toMatchObject({ code: 'store-rejected' });
  });

  it("another user's directory is neither read nor written", async () => {
    await fill();
    const stranger = openIn(place, { uid: (process.getuid?.() ?? 0) + 1 });
    const calls = [stranger.get(corp), stranger.set(corp, new Secret('x')), stranger.delete(corp)];
    for (const failure of await Promise.all(calls.map(failureOf))) expect(failure).toMatchObject({ code: 'foreign-owner' });
    expect(await readBack()).toBe('before');
  });

  it('a directory that is something else is said to be that', async () => {
    mkdirSync(join(place.root, 'state'));
    writeFileSync(place.directory, 'a file');
    expect(await failureOf(openIn(place).get(corp))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('not a directory'),
    });
  });

  it('a disk that takes no more leaves the old value, and the account is named', async () => {
    await fill();
    const bundles = new Bundles();
    try {
      const script = bundles.add('test/harness/keyring-driver.ts');
      const target = { kind: 'age', directory: place.directory, keyFile: place.keyFile };
      const task = JSON.stringify({ target, manners: patient, account: corp, write: { letter: 'x', times: 100 } });
      const said = execFileSync('sh', ['-c', 'ulimit -f 0 && exec "$0" "$@"', process.execPath, script, task], {
        encoding: 'utf8',
      });
      expect(JSON.parse(said)).toMatchObject({ errorCode: 'store-rejected' });
    } finally {
      bundles.close();
    }
    expect(await readBack()).toBe('before');
    expect(readdirSync(place.directory).sort()).toEqual([corpFile, 'keys%2fother.age', 'recipient']);
  });

  it('a writer that is killed leaves a whole value, whenever that is', async () => {
    const bundles = new Bundles();
    try {
      const script = bundles.add('test/harness/age-writer.ts');
      const length = 300_000;
      const task: AgeWriterTask = { ...{ directory: place.directory, keyFile: place.keyFile }, account: corp, length };
      for (let round = 0; round < 8; round++) {
        await killAfterWrites(script, task, { writes: 1 + round, thenMs: round });
        expect(await readBack()).toMatch(new RegExp(`^([a-z])\\1{${length - 1}}$`));
      }
    } finally {
      bundles.close();
    }
  });

  it('a hundred readers at once all get the value', async () => {
    await fill();
    const read = await Promise.all(Array.from({ length: 100 }, () => readBack()));
    expect(new Set(read)).toEqual(new Set(['before']));
  });
});

/** Resolves when the process is gone. */
async function killAfterWrites(
  script: string,
  task: AgeWriterTask,
  { writes, thenMs }: { readonly writes: number; readonly thenMs: number },
): Promise<void> {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let done = 0;
  child.stdout.on('data', (dots: Buffer) => {
    done += dots.length;
    if (done >= writes) setTimeout(() => child.kill('SIGKILL'), thenMs);
  });
  const signal = await new Promise((resolve) => child.once('close', (_status, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
}

describe('a damaged item', () => {
  const damages: readonly [string, (bytes: Buffer) => Buffer][] = [
    ['emptied', () => Buffer.alloc(0)],
    ['cut short', (bytes) => bytes.subarray(0, -1)],
    ['not age', () => Buffer.from('{"v":1}')],
    ['changed in its header', (bytes) => flipped(bytes, 60)],
    ['changed in its content', (bytes) => flipped(bytes, bytes.length - 3)],
  ];
  const role = roleAccount(keyIdOf('role'));
  const roleFile = itemFileName(role);

  it.each(damages)('%s: is absent, kept aside, and written anew', async (_what, damage) => {
    await fill();
    await openIn(place).set(role, new Secret('before'));
    const damaged = damage(readFileSync(itemPath(roleFile)));
    writeFileSync(itemPath(roleFile), damaged);
    expect(await readBack(role)).toBeUndefined();
    expect(existsSync(itemPath(roleFile))).toBe(false);
    expect(readFileSync(itemPath(`${roleFile}.corrupt-1`)).equals(damaged)).toBe(true);
    expect(await readBack(other)).toBe('before');
    await openIn(place).set(role, new Secret('after'));
    expect(await readBack(role)).toBe('after');
  });

  // A read moved the only copy away and called it "not in the store".
  it.each(damages)('%s: stays where it is when it holds long-term keys, and is named', async (_what, damage) => {
    await fill();
    const damaged = damage(readFileSync(itemPath()));
    writeFileSync(itemPath(), damaged);
    for (let round = 0; round < 2; round++) {
      expect(await failureOf(openIn(place).get(corp))).toMatchObject({
        code: 'keys-broken',
        exitStatus: 5,
        message: expect.stringContaining(itemPath()),
      });
    }
    expect(readFileSync(itemPath()).equals(damaged)).toBe(true);
    await openIn(place).set(corp, new Secret('after'));
    expect(await readBack()).toBe('after');
  });

  it('is kept beside those that were damaged before it', async () => {
    await openIn(place).set(other, new Secret('whole'));
    for (const text of ['first', 'second']) {
      writeFileSync(itemPath(roleFile), text);
      expect(await readBack(role)).toBeUndefined();
    }
    expect(['1', '2'].map((number) => readFileSync(itemPath(`${roleFile}.corrupt-${number}`), 'utf8'))).toEqual([
      'first',
      'second',
    ]);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  return copy;
}

describe('the key file', () => {
  it('that is not there is said to be missing, with the way to make one, by every call', async () => {
    const keyFile = join(place.root, 'no-such-key.txt');
    const store = openIn(place, { keyFile });
    const calls = [store.get(corp), store.set(corp, new Secret('x')), store.delete(corp)];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({
        code: 'store-unavailable',
        message: expect.stringContaining(`${keyFile} cannot be read: there is no such file`),
        hint: expect.stringContaining(`age-keygen -o ${keyFile}`),
      });
    }
    expect(existsSync(place.directory)).toBe(false);
  });

  it('that appears later is used without opening the store anew', async () => {
    const hidden = `${place.keyFile}.hidden`;
    renameSync(place.keyFile, hidden);
    const store = openIn(place);
    expect(await failureOf(store.get(corp))).toMatchObject({ code: 'store-unavailable' });
    renameSync(hidden, place.keyFile);
    await store.set(corp, new Secret('x'));
    expect((await store.get(corp))?.reveal()).toBe('x');
  });

  it.each([0o640, 0o604, 0o660, 0o601])('with mode %o is refused, with the command that mends it', async (mode) => {
    chmodSync(place.keyFile, mode);
    expect(await failureOf(openIn(place).get(corp))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(mode.toString(8)),
      hint: `run \`chmod 600 ${place.keyFile}\``,
    });
  });

  it.each([0o600, 0o400, 0o700])('with mode %o is taken', async (mode) => {
    chmodSync(place.keyFile, mode);
    expect(await readBack()).toBeUndefined();
  });

  it('behind a link is taken', async () => {
    const link = join(place.root, 'link.txt');
    symlinkSync(place.keyFile, link);
    await fill();
    expect((await openIn(place, { keyFile: link }).get(corp))?.reveal()).toBe('before');
  });

  it('with something else in it is refused, and nothing of it is shown', async () => {
    const [identity = ''] = readFileSync(place.keyFile, 'utf8').match(/AGE-SECRET-KEY-1\w+/) ?? [];
    const mistyped = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    for (const text of ['', 'hello', mistyped]) {
      writeFileSync(place.keyFile, text, { mode: 0o600 });
      const failure = await failureOf(openIn(place).get(corp));
      expect(failure).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('not an age identity file') });
      expect(failure instanceof Error ? `${failure.stack} ${JSON.stringify(failure)}` : '').not.toContain(identity.slice(20, -5));
    }
  });
});

describe('a key that is not the right one', () => {
  async function takeAnotherKey(): Promise<void> {
    writeFileSync(place.keyFile, await newKeyFile(), { mode: 0o600 });
  }

  async function expectLocked(): Promise<void> {
    const files = readdirSync(place.directory).sort();
    const store = openIn(place);
    const calls = [store.get(corp), store.get(accountOf('absent')), store.set(corp, new Secret('x')), store.delete(corp)];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringContaining('ROLEKEEPER_AGE_KEY_FILE') });
    }
    expect(readdirSync(place.directory).sort()).toEqual(files);
  }

  it('is told from damaged items: all stays as it was, and the right key opens it again', async () => {
    await fill();
    const rightKey = readFileSync(place.keyFile);
    await takeAnotherKey();
    await expectLocked();
    writeFileSync(place.keyFile, rightKey);
    expect(await readBack()).toBe('before');
  });

  it('is found out by the items where the note of the right one is lost', async () => {
    await fill();
    rmSync(itemPath('recipient'));
    await takeAnotherKey();
    await expectLocked();
  });

  it('is found out where the note is damaged', async () => {
    await fill();
    writeFileSync(itemPath('recipient'), '\0\0\0');
    const rightKey = readFileSync(place.keyFile);
    await takeAnotherKey();
    await expectLocked();
    writeFileSync(place.keyFile, rightKey);
    expect(await readBack()).toBe('before');
    expect(readFileSync(itemPath('recipient'), 'utf8')).toMatch(/^age1\w+\n$/);
  });

  // Half a note still looked like one, and the person with the right key was told to remove the store.
  it.each([
    ['cut short', (note: string) => note.slice(0, 50)],
    ['wrong by one letter', (note: string) => note.replace(/.\n$/, (end) => (end[0] === 'q' ? 'p\n' : 'q\n'))],
    ['in capitals and small letters', (note: string) => note.replace('age1', 'Age1')],
  ])('is not what the right one is where the note is %s: that is written anew', async (_how, damaged) => {
    await fill();
    const note = readFileSync(itemPath('recipient'), 'utf8');
    writeFileSync(itemPath('recipient'), damaged(note));
    const rightKey = readFileSync(place.keyFile);
    await takeAnotherKey();
    await expectLocked();
    writeFileSync(place.keyFile, rightKey);
    expect(await readBack()).toBe('before');
    expect(readFileSync(itemPath('recipient'), 'utf8')).toBe(note);
  });

  it('is told by the note, even if it opens some of the items: the others are not damaged', async () => {
    await fill();
    const both = join(place.root, 'both.txt');
    const newKey = await newKeyFile();
    writeFileSync(both, newKey + readFileSync(place.keyFile, 'utf8'), { mode: 0o600 });
    await openIn(place, { keyFile: both }).set(corp, new Secret('for both'));
    writeFileSync(place.keyFile, newKey);
    await expectLocked();
  });

  it('beside the right one in a file does not pass for it when the note is written anew', async () => {
    await fill();
    const right = readFileSync(place.keyFile, 'utf8');
    const note = readFileSync(itemPath('recipient'), 'utf8');
    rmSync(itemPath('recipient'));
    writeFileSync(place.keyFile, (await newKeyFile()) + right);
    expect(await readBack()).toBe('before');
    expect(readFileSync(itemPath('recipient'), 'utf8')).toBe(note);
  });

  it('can follow on the right one: with both in the file, new items are for both', async () => {
    await fill();
    const oldKey = readFileSync(place.keyFile, 'utf8');
    const newKey = await newKeyFile();
    writeFileSync(place.keyFile, newKey + oldKey);
    expect(await readBack()).toBe('before');
    await openIn(place).set(corp, new Secret('after'));
    const keyFile = join(place.root, 'new-key.txt');
    writeFileSync(keyFile, newKey, { mode: 0o600 });
    expect(await ageDecrypt(itemPath(), keyFile)).toBe('after');
    writeFileSync(place.keyFile, oldKey);
    expect(await readBack()).toBe('after');
  });
});
