import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { lastingNodePath } from '../../src/system/node-path.ts';

it('lastingNodePath prefers the name in PATH that leads to this very node', () => {
  const root = mkdtempSync(join(tmpdir(), 'rk-node-'));
  try {
    const [other, right] = [join(root, 'other'), join(root, 'right')];
    for (const directory of [other, right]) mkdirSync(directory);
    symlinkSync('/bin/sh', join(other, 'node'));
    symlinkSync(process.execPath, join(right, 'node'));
    expect(lastingNodePath({ PATH: `relative:${root}/none:${other}:${right}` })).toBe(join(right, 'node'));
    expect(lastingNodePath({ PATH: other })).toBe(process.execPath);
    expect(lastingNodePath({})).toBe(process.execPath);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
