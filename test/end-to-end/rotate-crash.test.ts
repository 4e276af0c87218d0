// Killed after each step of a rotation: the keys in the store work at once, and the next rotate brings it to its end.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { accessKeyId, openWorld, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let program: FaultyProgram;
let world: World;
beforeAll(() => {
  program = new FaultyProgram();
});
afterAll(() => program.close());
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(`${usualConfig}\n[profile bare]\nregion = eu-west-1\n[rolekeeper bare]\nkeys = corp\nsession = none\n`);
  world.writeCredentials(usualCredentials);
  await succeed(world.rolekeeper(['import', 'corp', '--yes']));
});
afterEach(() => world.close());

const killAt = (step: FaultPoint, ...options: readonly string[]) =>
  program.killAt(step, ['rotate', 'corp', ...options, '--yes'], world);
const rotate = (...options: readonly string[]) => succeed(world.rolekeeper(['rotate', 'corp', ...options, '--yes']));

/** What the store gives to everybody; throws unless AWS takes it. */
async function workingKey(): Promise<string> {
  const { stdout } = await succeed(world.rolekeeper(['get', 'bare']));
  const id = /"AccessKeyId":"([A-Z0-9]+)"/.exec(stdout)?.[1] ?? 'none';
  expect(world.sts.accessKeys('alice')).toContainEqual({ accessKeyId: id, isActive: true });
  return id;
}

async function itemsOfKeys(): Promise<readonly string[]> {
  const { stdout } = await world.run('sh', ['-c', 'ls "$XDG_STATE_HOME/rolekeeper/age"']);
  return [...stdout.matchAll(/^(keys(?:-new|-old)?)%2f/gm)].map(([, kind = '']) => kind).sort();
}

/** The state in which a rotation leaves everything until its grace period is over. */
async function expectRotated(): Promise<void> {
  const keys = world.sts.accessKeys('alice');
  expect(keys).toEqual([
    { accessKeyId, isActive: false },
    { accessKeyId: await workingKey(), isActive: true },
  ]);
  expect(await itemsOfKeys()).toEqual(['keys', 'keys-old']);
}

const steps = [
  'rotation noted',
  'access key created',
  'new key stored',
  'new key verified',
  'old key kept',
  'keys switched',
  'new item removed',
  'grace noted',
] as const;

describe('a rotation that was killed', () => {
  it.each(steps)('at "%s" leaves keys that work, and goes on when it is run again', async (step) => {
    await killAt(step);
    await workingKey();
    await rotate();
    await expectRotated();
    await rotate('--finish', '--delete');
    expect(world.sts.accessKeys('alice')).toHaveLength(1);
    expect(await itemsOfKeys()).toEqual(['keys']);
  });

  it('at "old key inactive" is at its grace period', async () => {
    await killAt('old key inactive');
    await expectRotated();
    expect((await world.rolekeeper(['rotate', 'corp', '--yes'])).stderr).toContain('--finish --delete');
  });

  it.each(['old key deleted', 'old item removed'] as const)('at "%s" can be finished', async (step) => {
    await rotate();
    await killAt(step, '--finish', '--delete');
    await workingKey();
    const finish = await world.rolekeeper(['rotate', 'corp', '--finish', '--yes']);
    expect(finish.status).toBe(step === 'old item removed' ? 2 : 0);
    expect(world.sts.accessKeys('alice')).toHaveLength(1);
    expect(await itemsOfKeys()).toEqual(['keys']);
    await rotate();
    expect(world.sts.accessKeys('alice')).toHaveLength(2);
  });

  // Its secret was in the killed process alone.
  it('after IAM made a key nobody stored says which one it deletes, and makes another', async () => {
    await killAt('access key created');
    const orphan = world.sts.accessKeys('alice')[1]?.accessKeyId ?? 'none';
    expect((await rotate()).stderr).toContain(`left the key ${orphan}`);
    expect(world.sts.accessKeys('alice').map((key) => key.accessKeyId)).not.toContain(orphan);
    await expectRotated();
  });

  it('takes no key for its own that somebody made later', async () => {
    await killAt('rotation noted');
    world.sts.advance(10 * 60_000);
    const other = world.sts.createAccessKey('alice');
    expect((await world.rolekeeper(['rotate', 'corp', '--yes'])).stderr).toContain(`${other} (active)`);
    expect(world.sts.accessKeys('alice')).toHaveLength(2);
  });

  it('twice goes on from the later of the two', async () => {
    await killAt('new key stored');
    await killAt('keys switched');
    await rotate();
    await expectRotated();
  });

  it('goes on without its record, which another machine has', async () => {
    await killAt('keys switched');
    await world.run('sh', ['-c', 'rm "$XDG_STATE_HOME"/rolekeeper/*/rotation-*']);
    await rotate();
    await expectRotated();
  });
});

describe('a create call whose reply was lost', () => {
  it('leaves keys that work, and its key is deleted by the next rotate', async () => {
    world.sts.fault({ kind: 'truncated', operation: 'CreateAccessKey', times: 1 });
    const ran = await world.rolekeeper(['rotate', 'corp', '--yes']);
    expect(ran).toMatchObject({ status: 7, stdout: '' });
    expect(ran.stderr).toContain('goes on from here');
    expect(await workingKey()).toBe(accessKeyId);
    expect(world.sts.accessKeys('alice')).toHaveLength(2);
    await rotate();
    await expectRotated();
  });
});
