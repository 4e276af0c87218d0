import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeState } from '../../src/system/state-removal.ts';

let home: string;
let base: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-state-'));
  base = join(home, '.local/state/rolekeeper');
  for (const name of ['machine/locks', 'age']) mkdirSync(join(base, name), { recursive: true });
  for (const name of ['machine/x.json', 'service.json', 'age/identity.age']) writeFileSync(join(base, name), 'x');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('removeState', () => {
  it('removeState leaves nothing of ours, and no empty directory on the way', () => {
    expect(removeState({ base, machine: 'machine', home })).toEqual([]);
    expect(existsSync(join(home, '.local'))).toBe(false);
    expect(existsSync(home)).toBe(true);
    expect(removeState({ base, machine: 'machine', home })).toEqual([]);
  });

  it('removeState keeps other machines, keys that nobody listed, and what is not ours', () => {
    for (const name of ['other', 'age']) mkdirSync(join(base, name), { recursive: true });
    for (const name of ['age/keys%2fcorp.age', 'notes.txt']) writeFileSync(join(base, name), 'x');
    expect([...removeState({ base, machine: 'machine', home })].sort()).toEqual(
      ['age', 'notes.txt', 'other'].map((name) => join(base, name)),
    );
    expect(existsSync(join(base, 'age/identity.age'))).toBe(true);
  });
});
