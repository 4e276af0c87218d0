// Killed after each step of the refresh path, once; then the program as it is built starts again.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

interface Crash {
  readonly step: FaultPoint;
  /** Of the killed process and the next one together. */
  readonly assumeRoles: number;
}

const crashes: readonly Crash[] = [
  { step: 'lock taken', assumeRoles: 1 },
  { step: 'AWS answered', assumeRoles: 2 },
  { step: 'index item written', assumeRoles: 2 },
  { step: 'item written', assumeRoles: 1 },
  { step: 'state published', assumeRoles: 1 },
];

let program: FaultyProgram;
beforeAll(() => {
  program = new FaultyProgram();
});
afterAll(() => program.close());

describe.each(['kernel', 'lease'])('a crash in the refresh path, with the %s lock', (lock) => {
  let world: World;
  beforeEach(async () => {
    world = await openUsualWorld();
  });
  afterEach(() => world.close());

  const get = (profile: string) => succeed(world.rolekeeper(['get', profile], { env: { ROLEKEEPER_LOCK: lock } }));

  it.each(crashes)(
    '$step: $assumeRoles AssumeRole in all, the next get has the answer, nothing is lost or left over',
    async (crash) => {
      expect(await program.killAt(crash.step, ['get', 'dev'], world, { env: { ROLEKEEPER_LOCK: lock } })).toMatchObject({
        status: undefined,
        stdout: '',
      });
      const first = await get('dev');
      expect(first).toMatchObject({ stderr: '' });
      expect(JSON.parse(first.stdout)).toMatchObject({ Version: 1, AccountId: '222233334444' });
      expect(first.tookMs).toBeLessThan(4_500);
      expect((await get('dev')).stdout).toBe(first.stdout);
      expect(world.sts.calls()).toMatchObject({ AssumeRole: crash.assumeRoles, GetSessionToken: 1 });
      await get('ops');
      expect(world.sts.calls().GetSessionToken).toBe(1);
      expect(await hasExpiry(world)).toBe(true);
      expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toContain('3 items removed');
      expect(itemsOf(world).filter((name) => /role|session/.test(name))).toEqual([]);
      expect(itemsOf(world).filter((name) => name.includes('keys'))).toHaveLength(1);
    },
  );
});

describe('the built program', () => {
  it('has no fault points, which the build for these tests has', () => {
    const marks = /FAULT_POINT|fault-point|index item written/;
    const dist = filesBelow(resolve('dist'));
    expect(dist.length).toBeGreaterThan(3);
    expect(dist.filter((path) => marks.test(readFileSync(path, 'latin1')))).toEqual([]);
    expect(filesBelow(program.directory).some((path) => marks.test(readFileSync(path, 'latin1')))).toBe(true);
  });
});

async function hasExpiry(world: World): Promise<boolean> {
  const { stdout } = await succeed(world.rolekeeper(['status', 'dev', '--json']));
  const document: { readonly profiles: readonly { readonly expiresAt?: string }[] } = JSON.parse(stdout);
  return document.profiles[0]?.expiresAt !== undefined;
}

function itemsOf(world: World): readonly string[] {
  return readdirSync(join(world.home, 'state', 'rolekeeper', 'age'));
}

/** Not through links: the bundles lie beside a link to all packages. */
function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
