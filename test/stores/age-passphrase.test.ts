// Each scrypt takes a second and 330 MB, so few tests share few of them.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { newKeyFile } from '../../src/stores/age-cipher.ts';
import { type AgeFileOptions, openAgeFile } from '../../src/stores/age-file.ts';
import type { AskPassphrase } from '../../src/stores/age-passphrase.ts';
import type { AgePersonTask } from '../harness/age-person.ts';
import { ageOnTerminal, needAge } from '../harness/age-program.ts';
import { Bundles } from '../harness/bundle-module.ts';
import { accountOf, failureOf, patient } from './contract.ts';

const passphrase = 'correct horse battery stäple';
const corp = accountOf('corp');

let root = '';
let bundles: Bundles;
let workerScript = '';
beforeAll(() => {
  needAge();
  root = mkdtempSync(join(tmpdir(), 'rk-age-'));
  bundles = new Bundles();
  workerScript = bundles.add('src/stores/age-worker.ts');
});
afterAll(() => {
  bundles.close();
  rmSync(root, { recursive: true, force: true });
});

/** Answers as a person would, and remembers what it was asked. */
function person(answer = passphrase): { readonly asked: string[]; readonly ask: AskPassphrase } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (purpose) => {
      asked.push(purpose);
      return new Secret(answer);
    },
  };
}

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}

function openIn(directory: string, options: Partial<AgeFileOptions> = {}) {
  return openAgeFile({ directory, env: {}, manners: patient, workerScript, ...options });
}

describe('the age store with a passphrase', { timeout: 90_000 }, () => {
  it('is empty where nobody has chosen a passphrase yet, and says how to begin', async () => {
    const directory = join(root, 'nobody');
    const calls = [openIn(directory).get(corp), openIn(directory).set(corp, new Secret('x')), openIn(directory).delete(corp)];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({
        code: 'store-locked',
        message: `the age store in ${directory} is empty`,
        hint: expect.stringMatching(/`rolekeeper import PROFILE`.*age-keygen.*ROLEKEEPER_AGE_KEY_FILE/),
      });
    }
    expect(existsSync(directory)).toBe(false);
  });

  it('asks for a new passphrase once, keeps what it locks, and opens with it and nothing else', async () => {
    const directory = join(root, 'life');
    const first = person();
    const store = openIn(directory, { askPassphrase: first.ask });
    await Promise.all([store.set(corp, new Secret('value')), store.set(accountOf('other'), new Secret('other'))]);
    expect((await store.get(corp))?.reveal()).toBe('value');
    expect(first.asked).toEqual(['choose']);
    expect(readdirSync(directory).sort()).toEqual(['identity.age', 'keys%2fcorp.age', 'keys%2fother.age', 'recipient']);
    expect(statSync(join(directory, 'identity.age')).mode & 0o777).toBe(0o600);

    const second = person();
    const another = openIn(directory, { askPassphrase: second.ask });
    expect((await another.get(corp))?.reveal()).toBe('value');
    expect((await another.get(accountOf('other')))?.reveal()).toBe('other');
    expect(second.asked).toEqual(['open']);

    const files = readdirSync(directory).sort();
    const slips = ['correct horse', undefined];
    const stranger = openIn(directory, { askPassphrase: async () => secretOf(slips.shift()) });
    expect(await failureOf(stranger.get(corp))).toMatchObject({
      code: 'store-locked',
      message: `the age store in ${directory} was not opened: the passphrase is wrong`,
    });
    const [asked, answers]: [string[], string[]] = [[], ['correct', 'horse', passphrase]];
    const askPassphrase: AskPassphrase = async (purpose) => {
      asked.push(purpose);
      return secretOf(answers.shift());
    };
    expect((await openIn(directory, { askPassphrase }).get(corp))?.reveal()).toBe('value');
    expect(asked).toEqual(['open', 'again', 'again']);
    expect(await failureOf(openIn(directory).get(corp))).toMatchObject({
      code: 'store-locked',
      hint: expect.stringContaining('run `rolekeeper unlock`'),
    });
    expect(readdirSync(directory).sort()).toEqual(files);
  });

  // Whoever sets reads first, outside all locks. Asking at the write instead, this store once kept the list of items locked for as long
  // as the person typed.
  it('asks for a new passphrase at the first call, be it a read', async () => {
    const { asked, ask } = person();
    expect(await openIn(join(root, 'read-first'), { askPassphrase: ask }).get(corp)).toBeUndefined();
    expect(asked).toEqual(['choose']);
  });

  it('asks for no passphrase where the items are those of a key file that nobody has named', async () => {
    const directory = join(root, 'key-file-forgotten');
    const keyFile = join(root, 'forgotten.txt');
    writeFileSync(keyFile, await newKeyFile(), { mode: 0o600 });
    await openIn(directory, { keyFile }).set(corp, new Secret('value'));
    const { asked, ask } = person();
    for (const store of [openIn(directory), openIn(directory, { askPassphrase: ask })]) {
      for (const failure of await Promise.all([store.get(corp), store.set(corp, new Secret('x'))].map(failureOf))) {
        expect(failure).toMatchObject({ code: 'store-locked', hint: expect.stringMatching(/ROLEKEEPER_AGE_KEY_FILE.*of age1/) });
      }
    }
    expect(asked).toEqual([]);
    expect(existsSync(join(directory, 'identity.age'))).toBe(false);
  });

  it('asks again after it was closed', async () => {
    const directory = join(root, 'closed');
    const one = person();
    const store = openIn(directory, { askPassphrase: one.ask });
    await store.set(corp, new Secret('value'));
    await store.close();
    expect((await store.get(corp))?.reveal()).toBe('value');
    expect(one.asked).toEqual(['choose', 'open']);
  });

  it('the age program opens its identity and its items, and a key file made of them opens the store', async () => {
    const directory = join(root, 'age');
    await openIn(directory, { askPassphrase: person().ask }).set(corp, new Secret('für age'));
    const [item, keyFile] = [join(root, 'item.txt'), join(root, 'key.txt')];
    const identity = join(directory, 'identity.age');
    await ageOnTerminal(['-d', '-i', identity, '-o', item, join(directory, 'keys%2fcorp.age')], passphrase);
    expect(readFileSync(item, 'utf8')).toBe('für age');
    // A key file beside the identity.
    await ageOnTerminal(['-d', '-o', keyFile, identity], passphrase);
    execFileSync('chmod', ['600', keyFile]);
    expect((await openIn(directory, { keyFile }).get(corp))?.reveal()).toBe('für age');
  });

  it('opens an identity that the age program wrapped', async () => {
    const directory = join(root, 'by-age');
    execFileSync('mkdir', ['-m', '700', directory]);
    const keyFile = join(root, 'plain.txt');
    execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
    await openIn(directory, { keyFile }).set(corp, new Secret('value'));
    await ageOnTerminal(['-p', '-o', join(directory, 'identity.age'), keyFile], passphrase);
    expect((await openIn(directory, { askPassphrase: person().ask }).get(corp))?.reveal()).toBe('value');
  });

  it('an identity of another process, made while the person typed, is not overwritten', async () => {
    const directory = join(root, 'race');
    const theirs = Buffer.from('made by the other one');
    const askPassphrase: AskPassphrase = async () => {
      execFileSync('mkdir', ['-p', '-m', '700', directory]);
      writeFileSync(join(directory, 'identity.age'), theirs, { mode: 0o600 });
      return new Secret(passphrase);
    };
    expect(await failureOf(openIn(directory, { askPassphrase }).set(corp, new Secret('x')))).toMatchObject({
      code: 'store-locked',
    });
    expect(readFileSync(join(directory, 'identity.age')).equals(theirs)).toBe(true);
    expect(readdirSync(directory)).toEqual(['identity.age']);
  });

  // The worker's handles do not keep a process alive, so one that had nothing else to wait for ended with status 0 before its work was done.
  it('keeps a process of its own alive until the work is done', () => {
    const script = bundles.add('test/harness/age-person.ts');
    const task: AgePersonTask = { directory: join(root, 'process'), workerScript, passphrase, account: corp };
    expect(execFileSync(process.execPath, [script, JSON.stringify(task)], { encoding: 'utf8' })).toBe('set\n');
  });

  it('ends the work at the deadline, and the process that does it', async () => {
    const directory = join(root, 'deadline');
    const manners = { ...patient, deadlineMs: 200 };
    const startedAt = performance.now();
    const store = openIn(directory, { manners, askPassphrase: person().ask });
    expect(await failureOf(store.set(corp, new Secret('x')))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('no answer in 0.2 s'),
    });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(existsSync(directory)).toBe(false);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(workerScript);
  });

  it('a worker that dies is an error, not a wrong passphrase', async () => {
    const script = join(root, 'dies.mjs');
    writeFileSync(script, 'process.exit(3)');
    const store = openIn(join(root, 'dies'), { workerScript: script, askPassphrase: person().ask });
    expect(await failureOf(store.set(corp, new Secret('x')))).toMatchObject({ code: 'store-unavailable' });
  });

  it('what the person answers instead of a passphrase comes through as it is', async () => {
    const askPassphrase = () => Promise.reject(new Error('Ctrl-C'));
    expect(await failureOf(openIn(join(root, 'ctrl-c'), { askPassphrase }).set(corp, new Secret('x')))).toMatchObject({
      message: 'Ctrl-C',
    });
  });
});
