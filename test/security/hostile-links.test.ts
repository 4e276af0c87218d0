// Links in the places that are written to: whatever they lead to keeps every byte, and callers are answered or told.

import { chmodSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

let world: World;
let victim: string;
beforeEach(async () => {
  world = await openUsualWorld();
  await succeed(world.rolekeeper(['get', 'dev']));
  victim = join(world.home, 'victim');
  writeFileSync(victim, 'precious\n', { mode: 0o644 });
  chmodSync(victim, 0o644);
});
afterEach(() => world.close());

function expectUntouched(): void {
  expect(readFileSync(victim, 'utf8')).toBe('precious\n');
  expect(lstatSync(victim).mode & 0o777).toBe(0o644);
}

/** Every file below the state directory whose path fits becomes a link to the victim. */
function linkAll(fitting: RegExp): number {
  const state = join(world.home, 'state', 'rolekeeper');
  const paths = readdirSync(state, { recursive: true, encoding: 'utf8' }).map((name) => join(state, name));
  const files = paths.filter((path) => lstatSync(path).isFile() && fitting.test(path));
  for (const path of files) {
    rmSync(path);
    symlinkSync(victim, path);
  }
  return files.length;
}

describe('a link to somebody’s file', { timeout: 60_000 }, () => {
  it.each([
    ['in place of every state file', /\.json$/],
    ['in place of every lock', /\.lock$/],
    ['in place of every item of the store', /\/age\//],
    ['in place of all of them', /./],
  ])('%s is not written through', async (_where, fitting) => {
    expect(linkAll(fitting)).toBeGreaterThan(0);
    for (const args of [['get', 'dev'], ['refresh', 'dev', '--force'], ['status'], ['logout', '--all'], ['doctor', '--fix']]) {
      const { status, stderr } = await world.rolekeeper(args);
      expect({ args, isDocumented: [0, 1, 3, 4, 5, 8].includes(status ?? -1), stack: /\n {4}at /.test(stderr) }).toEqual({
        args,
        isDocumented: true,
        stack: false,
      });
      expectUntouched();
    }
  });

  it('in place of the note of a start in the background is not written through', async () => {
    const env = { ROLEKEEPER_AUTOSTART: '1', ROLEKEEPER_RUNTIME_DIR: '/proc/nonexistent' };
    const notes = () => readdirSync(join(world.home, 'state', 'rolekeeper'), { recursive: true, encoding: 'utf8' });
    await succeed(world.rolekeeper(['get', 'dev'], { env }));
    const started = notes().filter((name) => name.includes('started-'));
    expect(linkAll(/started-/)).toBe(started.length);
    expect(started.length).toBe(1);
    await succeed(world.rolekeeper(['get', 'dev'], { env }));
    expectUntouched();
  });
});
