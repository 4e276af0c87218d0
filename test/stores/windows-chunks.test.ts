import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { loadStoredKeys } from '../../src/hops/keys.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { type RawItems, withChunks } from '../../src/stores/windows-chunks.ts';
import { Bundles } from '../harness/bundle-module.ts';
import { runChunkUser } from '../harness/keyring-chunk-files.ts';

/** A keychain with Windows's limit that forgets nothing of what was done to it. */
interface Limited extends RawItems {
  readonly items: Map<string, string>;
  /** Called before each step; may change the items, as another process would. */
  between: (step: number) => void;
}

function limited(): Limited {
  const items = new Map<string, string>();
  let step = 0;
  const keychain: Limited = {
    items,
    between: () => undefined,
    async get(account) {
      keychain.between(step++);
      return items.get(account);
    },
    async set(account, text) {
      if (Buffer.byteLength(text) > 2560) throw new Error('The stub received bad data.');
      keychain.between(step++);
      items.set(account, text);
    },
    async delete(account) {
      keychain.between(step++);
      return items.delete(account);
    },
  };
  return keychain;
}

const options = { pause: () => Promise.resolve(), random: () => 0.5 };
const long = 'ä'.repeat(3_000);
const longer = 'ö'.repeat(4_000);

describe('withChunks', () => {
  it('any value comes back whole, whatever was there before, and leaves no pieces behind', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
      fc.nat(12_000).map((count) => 'xé'.repeat(count + 1)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (values) => {
        const keychain = limited();
        const items = withChunks(keychain, options);
        for (const value of values) {
          await items.set('a', value);
          expect((await items.get('a')) === value).toBe(true);
        }
        const isPlain = Buffer.byteLength(values.at(-1) ?? '') <= 2560;
        if (isPlain) expect([...keychain.items.keys()]).toEqual(['a']);
        expect(await items.delete('a')).toBe(true);
        expect(keychain.items.size).toBe(0);
        expect(await items.delete('a')).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('up to 2,560 bytes an item is as keytar writes it; one byte more is in pieces of 2,400 characters', async () => {
    const keychain = limited();
    const items = withChunks(keychain, options);
    await items.set('a', 'x'.repeat(2_560));
    expect(keychain.items.get('a')).toBe('x'.repeat(2_560));
    await items.set('a', 'x'.repeat(2_561));
    expect(keychain.items.get('a')).toMatch(/^chunked:1:a:2:[0-9a-f]{64}$/);
    expect(keychain.items.get('a#a0')).toHaveLength(2_400);
    await items.set('a', long);
    expect(keychain.items.get('a')).toMatch(/^chunked:1:b:4:[0-9a-f]{64}$/);
    expect([...keychain.items.keys()].sort()).toEqual(['a', 'a#b0', 'a#b1', 'a#b2', 'a#b3']);
    expect(await items.get('a')).toBe(long);
  });

  it('a value that looks like the head of pieces is kept as a value', async () => {
    const keychain = limited();
    const items = withChunks(keychain, options);
    const head = `chunked:1:a:1:${'0'.repeat(64)}`;
    await items.set('a', head);
    expect(await items.get('a')).toBe(head);
  });

  it('a writer that is killed at any step leaves the old value or the new one', async () => {
    for (let killedAt = 0; killedAt < 12; killedAt++) {
      const keychain = limited();
      await withChunks(keychain, options).set('a', long);
      let steps = 0;
      keychain.between = () => {
        if (steps++ === killedAt) throw new Error('killed');
      };
      await withChunks(keychain, options)
        .set('a', longer)
        .catch(() => undefined);
      keychain.between = () => undefined;
      expect(['ä', 'ö'].map((letter) => letter.repeat(3_000))).toContain(
        (await withChunks(keychain, options).get('a'))?.slice(0, 3_000),
      );
    }
  });

  it('a reader whose pieces change under its hands reads again', async () => {
    const keychain = limited();
    await withChunks(keychain, options).set('a', long);
    const newer = limited();
    await withChunks(newer, options).set('a', 'x');
    await withChunks(newer, options).set('a', longer);
    let steps = 0;
    keychain.between = () => {
      if (steps++ !== 2) return; // after the head and the first piece
      keychain.items.clear();
      for (const [account, text] of newer.items) keychain.items.set(account, text);
    };
    expect((await withChunks(keychain, options).get('a')) === longer).toBe(true);
  });

  // They read as absent, and keys as "not imported yet".
  it('pieces that stay damaged are broken, not absent; writing mends them', async () => {
    const keychain = limited();
    const items = withChunks(keychain, options);
    await items.set('a', long);
    keychain.items.set('a#a1', 'damaged');
    expect(await items.get('a')).toBe(keychain.items.get('a'));
    keychain.items.delete('a#a1');
    expect(await items.get('a')).toBe(keychain.items.get('a'));
    await items.set('a', long);
    expect(await items.get('a')).toBe(long);
  });

  it('keys in damaged pieces are "keys-broken"', async () => {
    const keychain = limited();
    const items = withChunks(keychain, options);
    await items.set('keys/corp', long);
    keychain.items.delete('keys/corp#a1');
    const text = (await items.get('keys/corp')) ?? '';
    const store = openMemoryStore();
    await store.set(keysAccount(parseProfileName('corp')), new Secret(text));
    await expect(loadStoredKeys(parseProfileName('corp'), store)).rejects.toMatchObject({ code: 'keys-broken' });
  });

  it('a writer whose pieces another one spoils writes them again', async () => {
    const keychain = limited();
    let spoilt = 0;
    const set = keychain.set;
    const spoiling: RawItems = {
      ...keychain,
      set: async (account, text) => {
        await set(account, text);
        if (account === 'a' && spoilt++ === 0) keychain.items.set('a#a0', 'of another writer');
      },
    };
    await withChunks(spoiling, options).set('a', long);
    expect(await withChunks(keychain, options).get('a')).toBe(long);
  });
});

describe('withChunks between processes', () => {
  let directory = '';
  const bundles = new Bundles();
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rk-chunks-'));
  });
  afterEach(() => {
    bundles.close();
    rmSync(directory, { recursive: true });
  });

  it('4 writers of 25 values each against 4 readers of 150 reads: no bad read, and a whole value at the end', async () => {
    const script = bundles.add('test/harness/keyring-chunk-files.ts');
    const writers = ['a', 'b', 'c', 'd'].map((letter) => runChunkUser(script, { directory, letter, writes: 25, reads: 0 }));
    const readers = Array.from({ length: 4 }, () => runChunkUser(script, { directory, letter: '', writes: 0, reads: 150 }));
    const results = await Promise.all([...writers, ...readers]);
    expect(results.map(({ bad }) => bad)).toEqual(results.map(() => []));
    expect(results.slice(4).reduce((sum, { good }) => sum + good, 0)).toBeGreaterThan(100);
    const [last] = await Promise.all([runChunkUser(script, { directory, letter: '', writes: 0, reads: 1 })]);
    expect(last).toEqual({ good: 1, absent: 0, bad: [] });
  }, 60_000);
});
