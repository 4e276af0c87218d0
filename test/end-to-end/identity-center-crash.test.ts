// Killed after each step of a sign-in to IAM Identity Center, and of a refresh of one whose refresh token is good for one time only: what is
// lost is told in plain words, with the command to type, and nothing that was good before is lost.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { centerPair, centerSections, type IdentityCenterWorld, openCenterWorld } from '../harness/identity-center-world.ts';
import { succeed } from '../harness/world.ts';

const minute = 60_000;
const login = ['login', 'dev', '--device-code'];

let program: FaultyProgram;
let world: IdentityCenterWorld;
beforeAll(() => {
  program = new FaultyProgram();
});
afterAll(() => program.close());
beforeEach(async () => {
  world = await openCenterWorld();
  world.writeConfig(centerSections + centerPair('dev') + centerPair('look', 'ReadOnly'));
});
afterEach(() => world.close());

const get = () => world.rolekeeper(['get', 'dev']);

/** AWS's clock turns, and rolekeeper learns of it. */
async function pass(ms: number): Promise<void> {
  world.advance(ms);
  await world.rolekeeper(['refresh', 'look', '--force', '--quiet']);
}

describe('a first sign-in that was killed', () => {
  it.each<{ readonly step: FaultPoint; readonly isSignedIn: boolean }>([
    { step: 'client registered', isSignedIn: false },
    { step: 'tokens answered', isSignedIn: false },
    { step: 'index item written', isSignedIn: false },
    { step: 'tokens written', isSignedIn: true },
  ])('at "$step" is asked for again, or was one (signed in: $isSignedIn)', async ({ step, isSignedIn }) => {
    await program.killAt(step, login, world);
    const { status, stderr } = await get();
    expect(status).toBe(isSignedIn ? 0 : 4);
    expect(stderr).toBe(
      isSignedIn
        ? ''
        : 'rolekeeper: profile "dev" needs a sign-in to IAM Identity Center "corp" (https://corp.awsapps.com/start)\nrolekeeper: hint: run `rolekeeper login dev`\n',
    );
    await succeed(world.rolekeeper(login));
    await succeed(get());
    expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toContain('2 items removed');
  });
});

describe('a second sign-in that was killed', () => {
  it.each<FaultPoint>(['tokens answered', 'index item written', 'tokens written'])(
    'at "%s" takes nothing away from the first',
    async (step) => {
      await succeed(world.rolekeeper(login));
      await program.killAt(step, login, world);
      await succeed(get());
      await pass(50 * minute);
      await pass(50 * minute);
      await succeed(get());
    },
  );
});

describe('a refresh of a sign-in that was killed', () => {
  beforeEach(async () => {
    await succeed(world.rolekeeper(login));
    await pass(50 * minute); // the access token is good for ten more minutes
  });

  it('with the next refresh token in hand uses up the access token, and then asks for a sign-in', async () => {
    await program.killAt('tokens answered', ['refresh', 'dev', '--force'], world);
    await succeed(world.rolekeeper(['refresh', 'dev', '--force']));
    await pass(70 * minute);
    const { status, stdout, stderr } = await get();
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(
      /^rolekeeper: the sign-in to IAM Identity Center "corp" \(\S+\) is over \(it began .+\)\nrolekeeper: hint: run `rolekeeper login dev`\n$/,
    );
    await succeed(world.rolekeeper(login));
    await succeed(get());
  });

  it('with the tokens in the store goes on as if nothing had been', async () => {
    await program.killAt('tokens written', ['refresh', 'dev', '--force'], world);
    await succeed(get());
    await pass(50 * minute);
    await pass(50 * minute);
    await succeed(get());
  });
});
