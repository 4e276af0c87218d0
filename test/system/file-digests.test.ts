import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileDigests } from '../../src/system/file-digests.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-digests-'));
});
afterEach(() => rmSync(home, { recursive: true }));

describe('the digest of a file', () => {
  it('is the same for the same content, wherever it lies, and another for each content', () => {
    const digestOf = createFileDigests(home);
    for (const [name, bytes] of [
      ['a', [1, 2, 200]],
      ['b', [1, 2, 200]],
      ['c', [1, 2, 201]],
      ['d', []],
    ] as const)
      writeFileSync(join(home, name), Buffer.from(bytes));
    const [a, b, c, d] = ['~/a', join(home, 'b'), '~/c', '~/d'].map(digestOf);
    expect(a).toMatch(/^[0-9a-f]{64}$/);
    expect(b).toBe(a);
    expect(new Set([a, c, d]).size).toBe(3);
  });

  it('follows each change, even of the same size and age', () => {
    const digestOf = createFileDigests(home);
    const path = join(home, 'a');
    writeFileSync(path, 'one');
    const first = digestOf(path);
    writeFileSync(join(home, 'next'), 'two');
    utimesSync(join(home, 'next'), 1000, 1000);
    utimesSync(path, 1000, 1000);
    expect(digestOf(path)).toBe(first);
    renameSync(join(home, 'next'), path);
    expect(digestOf(path)).not.toBe(first);
  });

  it('is none for what is not there, a directory, or a pipe that nobody writes to', () => {
    const digestOf = createFileDigests(home);
    execFileSync('mkfifo', [join(home, 'pipe')]);
    expect(digestOf('~/missing')).toBeUndefined();
    expect(digestOf(home)).toBeUndefined();
    expect(digestOf('~/pipe')).toBeUndefined();
  });
});
