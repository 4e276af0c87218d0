// Killed after each step of an install and of an uninstall: the same command again goes through, and uninstall leaves nothing behind. The
// service is the one of a desktop without systemd: the only kind that touches nothing but the home.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { fileTree } from '../harness/file-tree.ts';
import { until } from '../harness/session-bus.ts';
import { openWorld, succeed, type World } from '../harness/world.ts';

let program: FaultyProgram;
let stubs: string;
beforeAll(() => {
  program = new FaultyProgram();
  stubs = mkdtempSync(join(tmpdir(), 'rk-stubs-'));
  // Whatever user manager this machine has, it is not the tests' own.
  writeFileSync(join(stubs, 'systemctl'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(stubs, 'systemctl'), 0o755);
});
afterAll(() => {
  program.close();
  rmSync(stubs, { recursive: true, force: true });
});

let world: World;
let before: readonly string[];
beforeEach(async () => {
  world = await openWorld();
  await succeed(world.rolekeeper(['status', '--json']));
  before = tree();
});
afterEach(async () => {
  await world.rolekeeper(['agent', 'stop']);
  await world.close();
});

const env = () => ({ PATH: [stubs, process.env['PATH']].join(delimiter), XDG_CONFIG_HOME: join(world.home, 'config') });
const rolekeeper = (...args: readonly string[]) => succeed(world.run(process.execPath, [program.path, ...args], { env: env() }));
const killAt = (step: FaultPoint, ...args: readonly string[]) => program.killAt(step, args, world, { env: env() });

/** The state directory with its locks stays: uninstall names it. */
function tree(): readonly string[] {
  return fileTree(world.home).filter((line) => !line.startsWith('state'));
}

const steps = ['service noted', 'service files made', 'service recorded', 'old agent stopped', 'service started'] as const;

describe('an install that was killed', () => {
  it.each(steps)('at "%s" goes through when it is run again', async (step) => {
    await killAt(step, 'install', '--yes');
    const { stderr } = await rolekeeper('install', '--yes');
    expect(stderr).toMatch(/the agent answers|everything is in place, and it works/);
    await succeed(world.rolekeeper(['agent', 'status']));
    await rolekeeper('uninstall', '--yes');
    expect(tree()).toEqual(before);
  });

  it.each(steps)('at "%s" can be taken back at once', async (step) => {
    await killAt(step, 'install', '--yes');
    if (step === 'service started')
      await until(async () => (await world.rolekeeper(['agent', 'status'])).status === 0, 'its agent');
    await rolekeeper('uninstall', '--yes');
    expect((await world.rolekeeper(['agent', 'status'])).status).toBe(1);
    expect(tree()).toEqual(before);
  });

  it('over an install that works leaves one that works', async () => {
    await rolekeeper('install', '--yes');
    await world.rolekeeper(['agent', 'stop']);
    await killAt('service files made', 'install', '--yes');
    await rolekeeper('install', '--yes');
    await succeed(world.rolekeeper(['agent', 'status']));
    await rolekeeper('uninstall', '--yes');
    expect(tree()).toEqual(before);
  });
});

describe('an uninstall that was killed', () => {
  it('between the files and its record goes on when it is run again', async () => {
    await rolekeeper('install', '--yes');
    await killAt('service files removed', 'uninstall', '--yes');
    await rolekeeper('uninstall', '--yes');
    expect(tree()).toEqual(before);
  });
});
