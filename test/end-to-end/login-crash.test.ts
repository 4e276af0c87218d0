// Killed after each step of a login: an earlier login is worth what it was, a code is never sent twice, and the next login goes through.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { openUsualWorld, openWorld, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

interface Crash {
  readonly step: FaultPoint;
  /** Whether AWS has seen the code of the killed login. */
  readonly isCodeSpent: boolean;
  /** Whether its session is there for whoever comes next. */
  readonly isLoggedIn: boolean;
}

const crashes: readonly Crash[] = [
  { step: 'lock taken', isCodeSpent: false, isLoggedIn: false },
  { step: 'AWS answered', isCodeSpent: true, isLoggedIn: false },
  { step: 'index item written', isCodeSpent: true, isLoggedIn: false },
  { step: 'item written', isCodeSpent: true, isLoggedIn: true },
  { step: 'state published', isCodeSpent: true, isLoggedIn: true },
];

let program: FaultyProgram;
let world: World;
beforeAll(() => {
  program = new FaultyProgram();
});
afterAll(() => program.close());
afterEach(() => world.close());

const logIn = () => ['login', 'corp', '--code', world.sts.totp('alice')];
const get = () => world.rolekeeper(['get', 'dev']);

describe('a first login that was killed', () => {
  beforeEach(async () => {
    world = await openWorld();
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
  });

  it.each(crashes)(
    'at "$step" is asked for again, or was one (logged in: $isLoggedIn)',
    async ({ step, isCodeSpent, isLoggedIn }) => {
      const code = world.sts.totp('alice');
      await program.killAt(step, ['login', 'corp', '--code', code], world);
      expect(world.sts.totp('alice') === code).toBe(!isCodeSpent);
      const ran = await get();
      expect(ran).toMatchObject(isLoggedIn ? { status: 0, stderr: '' } : { status: 4, stdout: '' });
      await succeed(world.rolekeeper(logIn()));
      await succeed(get());
      expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toContain('2 items removed');
    },
  );
});

describe('a second login that was killed', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
    world.sts.advance(30_000);
  });

  it.each(crashes)('at "$step" takes nothing away from the first', async ({ step }) => {
    await program.killAt(step, logIn(), world);
    await succeed(get());
    world.sts.advance(30_000);
    await succeed(world.rolekeeper(logIn()));
    await succeed(world.rolekeeper(['refresh', '--force', 'dev']));
  });
});
