import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgeKey, decryptItem, encryptItem, newKeyFile, parseKeyFile } from '../../src/stores/age-cipher.ts';
import { ageDecrypt, ageEncrypt, keygen, needAge } from '../harness/age-program.ts';

let directory = '';
beforeAll(() => {
  needAge();
  directory = mkdtempSync(join(tmpdir(), 'rk-age-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function newKey(): Promise<AgeKey> {
  return await keyIn(await newKeyFile());
}

async function keyIn(text: string): Promise<AgeKey> {
  const key = await parseKeyFile(text);
  if (key === undefined) throw new Error('not a key file');
  return key;
}

describe('key files', () => {
  it('newKeyFile makes one that the age program works with', async () => {
    const [keyFile, item] = [join(directory, 'ours.txt'), join(directory, 'ours.age')];
    writeFileSync(keyFile, await newKeyFile(), { mode: 0o600 });
    writeFileSync(item, await encryptItem('für age', await keyIn(readFileSync(keyFile, 'utf8'))));
    expect(await ageDecrypt(item, keyFile)).toBe('für age');
  });

  it('newKeyFile names the recipient that its identity has', async () => {
    const text = await newKeyFile();
    const { recipients } = await keyIn(text);
    expect(text).toContain(`# public key: ${recipients[0]}\n`);
    expect(text).not.toBe(await newKeyFile());
  });

  it('parseKeyFile reads what age-keygen writes, and finds the same recipient', async () => {
    const keyFile = join(directory, 'theirs.txt');
    const { recipient } = await keygen(keyFile);
    expect((await keyIn(readFileSync(keyFile, 'utf8'))).recipients).toEqual([recipient]);
  });

  it('parseKeyFile takes several identities, comments, empty lines and CRLF', async () => {
    const [one, two] = [await newKey(), await newKey()];
    const text = `\r\n# first\r\n${one.identities[0]}\r\n\r\n  # second\r\n ${two.identities[0]} \r\n`;
    expect(await parseKeyFile(text)).toEqual({
      identities: [...one.identities, ...two.identities],
      recipients: [...one.recipients, ...two.recipients],
    });
  });

  it('parseKeyFile takes nothing else', async () => {
    const [identity = ''] = (await newKey()).identities;
    const mistyped = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    const wrong = ['', '# only a comment\n', 'age1recipient', mistyped, identity.slice(0, -3), `${identity}\nsomething else`];
    for (const text of wrong) expect(await parseKeyFile(text)).toBeUndefined();
  });
});

describe('items', () => {
  it('any text comes back as it was', async () => {
    const key = await newKey();
    const roundTrip = async (text: string) => {
      expect(await decryptItem(await encryptItem(text, key), key)).toBe(text);
    };
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3_000 }), roundTrip), {
      numRuns: 50,
    });
    await roundTrip('\ufeffa byte order mark stays');
  });

  // Chunks of the format end at multiples of 64 KiB.
  it.each([65_535, 65_536, 65_537, 131_072, 1_048_576])('%i bytes come back as they were', async (size) => {
    const key = await newKey();
    const text = 'q'.repeat(size);
    expect((await decryptItem(await encryptItem(text, key), key)) === text).toBe(true);
  });

  it('each identity of a key file opens the item alone, for us and for the age program', async () => {
    const [one, two] = [await newKeyFile(), await newKeyFile()];
    const item = join(directory, 'both.age');
    writeFileSync(item, await encryptItem('for both', await keyIn(one + two)));
    for (const text of [one, two]) {
      const keyFile = join(directory, 'one-of-both.txt');
      writeFileSync(keyFile, text, { mode: 0o600 });
      expect(await ageDecrypt(item, keyFile)).toBe('for both');
      expect(await decryptItem(readFileSync(item), await keyIn(text))).toBe('for both');
    }
  });

  it('what the age program encrypts is read, also when it is for others too', async () => {
    const [key, other] = [await newKey(), await newKey()];
    const item = join(directory, 'theirs.age');
    await ageEncrypt(item, 'von age 🔑', ['-r', other.recipients[0] ?? '', '-r', key.recipients[0] ?? '']);
    expect(await decryptItem(readFileSync(item), key)).toBe('von age 🔑');
  });

  it('another key opens nothing', async () => {
    expect(await decryptItem(await encryptItem('x', await newKey()), await newKey())).toBeUndefined();
  });

  it('two of the same text have nothing in common, and do not show it', async () => {
    const key = await newKey();
    const [one, two] = [await encryptItem('the same text', key), await encryptItem('the same text', key)];
    expect(Buffer.from(one).equals(Buffer.from(two))).toBe(false);
    expect(Buffer.from(one).includes('the same text')).toBe(false);
  });

  it('a bit that flipped, and an end that is missing, are found wherever they are', async () => {
    const key = await newKey();
    const whole = Buffer.from(await encryptItem('a short item', key));
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(whole.readUInt8(at) ^ (1 << (at % 8)), at);
      expect(await decryptItem(flipped, key), `bit of byte ${at}`).toBeUndefined();
      expect(await decryptItem(whole.subarray(0, at), key), `first ${at} bytes`).toBeUndefined();
    }
    expect(await decryptItem(Buffer.concat([whole, Buffer.from('x')]), key)).toBeUndefined();
    expect(await decryptItem(whole, key)).toBe('a short item');
  });

  it('bytes of any other kind are found to be none of ours', async () => {
    const key = await newKey();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await decryptItem(bytes, key)).toBeUndefined();
        expect(await decryptItem(Buffer.concat([Buffer.from('age-encryption.org/v1\n'), bytes]), key)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});
