// Killed after each step of an import and of its undo: the way back leads to the bytes before the first of them, whatever comes next.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { openWorld, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let program: FaultyProgram;
let world: World;
let original: readonly string[];
beforeAll(() => {
  program = new FaultyProgram();
});
afterAll(() => program.close());
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(`# mine\r\n${usualConfig}`);
  world.writeCredentials(`# work\n${usualCredentials}\n[home]\nregion = x`);
  original = files();
});
afterEach(() => world.close());

function files(): readonly string[] {
  return [world.readConfig(), world.readCredentials()];
}

const killAt = (step: FaultPoint, ...args: readonly string[]) => program.killAt(step, args, world);
const undo = () => succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
const importAgain = () => succeed(world.rolekeeper(['import', 'corp', '--yes']));

const logInWorks = () => succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));

describe('an import that was killed', () => {
  // Until the last step the plaintext is where it was: nothing is lost, and there is nothing to undo yet.
  it.each(['keys listed', 'keys stored', 'keys verified'] as const)(
    'at "%s" has touched no file, works as before, and goes through when it is run again',
    async (step) => {
      await killAt(step, 'import', 'corp', '--yes');
      expect(files()).toEqual(original);
      await logInWorks();
      await importAgain();
      expect(world.readCredentials()).not.toContain('aws_secret_access_key');
      await succeed(world.rolekeeper(['get', 'dev']));
      await undo();
      expect(files()).toEqual(original);
    },
  );

  it.each(['undo note kept', 'file written'] as const)('at "%s" has keys that work', async (step) => {
    await killAt(step, 'import', 'corp', '--yes');
    await logInWorks();
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  // Its undo refused both: one of the files was as before, and so not what the import had made.
  it.each(['undo note kept', 'file written'] as const)('at "%s" can be undone', async (step) => {
    await killAt(step, 'import', 'corp', '--yes');
    await undo();
    expect(files()).toEqual(original);
    expect((await world.rolekeeper(['import', 'corp', '--undo', '--yes'])).status).toBe(2);
  });

  // The second import took the half-edited files for the state before it, and that was the end of the way back.
  it.each(['undo note kept', 'file written'] as const)('at "%s" can be finished, and undone then', async (step) => {
    await killAt(step, 'import', 'corp', '--yes');
    await importAgain();
    expect(files()).not.toEqual(original);
    await undo();
    expect(files()).toEqual(original);
  });

  it('twice can be finished, and undone then', async () => {
    await killAt('file written', 'import', 'corp', '--yes');
    await killAt('undo note kept', 'import', 'corp', '--yes');
    await importAgain();
    await undo();
    expect(files()).toEqual(original);
  });
});

describe('an undo that was killed between its files', () => {
  beforeEach(async () => {
    await importAgain();
    await killAt('file written', 'import', 'corp', '--undo', '--yes');
  });

  it('goes on when it is run again', async () => {
    expect(files()[1]).toBe(original[1]);
    await undo();
    expect(files()).toEqual(original);
  });

  it('may be followed by an import, and undone then', async () => {
    await importAgain();
    await undo();
    expect(files()).toEqual(original);
  });
});

describe('imports of several profiles at once', () => {
  // Each edited the files as they were before the others, and all but one failed after it had stored its keys.
  it('all succeed, and can be undone, the last first', async () => {
    const names = ['a', 'b', 'c', 'd'];
    world.writeConfig(names.map((name) => `[profile ${name}]\nregion = eu-west-1\nendpoint_url = $STS\n\n`).join(''));
    world.writeCredentials(names.map((name) => usualCredentials.replace('[corp]', `[${name}]`)).join('\n'));
    original = files();
    await Promise.all(names.map((name) => succeed(world.rolekeeper(['import', name, '--yes']))));
    expect(world.readCredentials()).not.toContain('aws_secret_access_key');
    const inOrder = [...world.readConfig().matchAll(/\[rolekeeper (.)\]/g)].map(([, name = '']) => name);
    expect([...inOrder].sort()).toEqual(names);
    for (const name of [...inOrder].reverse()) await succeed(world.rolekeeper(['import', name, '--undo', '--yes']));
    expect(files()).toEqual(original);
  });
});
