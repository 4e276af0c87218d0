// Two builds in two places give the same bytes. Only the front has its place inside, so it is compiled twice for one place.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const sources = ['src', 'tools', 'install', 'package.json'];

let directory: string;
let places: readonly string[];
beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'rk-build-')));
  places = ['one', 'another-one'].map((name) => join(directory, name));
  for (const place of places) {
    for (const name of sources) cpSync(name, join(place, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(place, 'node_modules'));
    node(place, ['tools/build.mjs']);
  }
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

function node(cwd: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  // The build warns of what would make its result another one.
  expect([status, stderr]).toEqual([0, '']);
}

function filesBelow(place: string): ReadonlyMap<string, Buffer> {
  const dist = join(place, 'dist');
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return new Map(paths.map((path) => [path.slice(dist.length + 1), readFileSync(path)]));
}

const isDifferent = (a: Buffer | undefined, b: Buffer | undefined) => a === undefined || b === undefined || !a.equals(b);

describe('two builds', { timeout: 60_000 }, () => {
  it('have the same files, and the same bytes in all but the front', () => {
    const [one = new Map(), other = new Map()] = places.map(filesBelow);
    expect([...one.keys()]).toEqual([...other.keys()]);
    expect([...one.keys()].filter((name) => isDifferent(one.get(name), other.get(name)))).toEqual(['rolekeeper']);
    expect([...one.keys()].some((name) => name.endsWith('.cache'))).toBe(true);
  });

  it('name no directory of the build in any file but the front', () => {
    const files = places.flatMap((place) => [...filesBelow(place)]);
    expect(files.filter(([name, bytes]) => name !== 'rolekeeper' && bytes.includes(directory)).map(([name]) => name)).toEqual([]);
  });

  it('have the same front when it is for the same place', () => {
    const compile = `const { compileFront } = await import(process.cwd() + '/tools/compile-front.mjs');
      compileFront({ output: 'front', node: '/usr/bin/node', place: '/usr/local/lib/rolekeeper/dist' });`;
    for (const place of places) node(place, ['--input-type=module', '-e', compile]);
    const [one, other] = places.map((place) => readFileSync(join(place, 'front')));
    expect(one?.length).toBeGreaterThan(10_000);
    expect(isDifferent(one, other)).toBe(false);
  });
});
