import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markPlaces } from '../../src/system/new-places.ts';
import { fileTree } from '../harness/file-tree.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-places-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(...path: readonly string[]): void {
  const file = join(home, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, 'text');
}

describe('new places', () => {
  it('of ours go with all that is in them, and the directories above them that were made', () => {
    const places = markPlaces({ own: [join(home, 'a', 'b', 'ours')], shared: [] });
    write('a', 'b', 'ours', 'machine', 'clock.json');
    places.remove();
    expect(fileTree(home)).toEqual([]);
  });

  it('that were there before stay, with what is in them', () => {
    write('ours', 'old');
    mkdirSync(join(home, 'aws'));
    const before = fileTree(home);
    const places = markPlaces({ own: [join(home, 'ours')], shared: [join(home, 'aws')] });
    places.remove();
    expect(fileTree(home)).toEqual(before);
    write('ours', 'new');
    places.remove();
    expect(existsSync(join(home, 'ours', 'new'))).toBe(true);
  });

  it('of shared files go when they are empty, and stay with what somebody put there', () => {
    const places = markPlaces({ own: [], shared: [join(home, 'aws'), join(home, 'config', 'keys')] });
    write('aws', 'credentials');
    mkdirSync(join(home, 'config', 'keys'), { recursive: true });
    places.remove();
    expect(fileTree(home).map((line) => line.split(' ')[0])).toEqual(['aws/', 'aws/credentials']);
  });

  it.each(['keys%2fcorp.age', 'undo-0123456789abcdef.json', 'rotation-0123456789abcdef.json'])(
    'stay where another command has left %s',
    (name) => {
      const places = markPlaces({ own: [join(home, 'ours')], shared: [] });
      write('ours', 'inner', name);
      places.remove();
      expect(existsSync(join(home, 'ours', 'inner', name))).toBe(true);
    },
  );

  it('nobody made are no failure', () => {
    markPlaces({ own: [join(home, 'ours')], shared: [join(home, 'aws')] }).remove();
    expect(fileTree(home)).toEqual([]);
  });
});
