import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOwnCache } from '../../src/system/own-cache.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-own-cache-'));
  path = join(directory, 'entry.json');
  writeFileSync(path, 'text');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('readOwnCache', () => {
  it('readOwnCache gives the text, and nothing where there is none', () => {
    expect(readOwnCache(path, statSync(path).uid)).toBe('text');
    expect(readOwnCache(path, undefined)).toBe('text');
    expect(readOwnCache(join(directory, 'none'), 0)).toBeUndefined();
  });

  it.each([
    ["another user's", () => undefined, 1, 'it belongs to another user'],
    ['far too large', () => writeFileSync(path, 'x'.repeat(300_000)), 0, 'it is larger than 256 KiB'],
  ])('readOwnCache says what is wrong with a file that is %s', (_what, change, more, problem) => {
    change();
    expect(() => readOwnCache(path, statSync(path).uid + more)).toThrow(`could not read ${path}: ${problem}`);
  });
});
