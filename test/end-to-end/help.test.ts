// What a newcomer reads first: the help, the version, and the status of a home where nothing is set up.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, succeed, type World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

describe('the help', () => {
  it.each([[['--help']], [['get', '--help']], [['exec', '--help']]])('%j describes each option in lower case', async (args) => {
    const { stdout } = await succeed(world.rolekeeper(args));
    const [, options = ''] = stdout.split('\nOptions:\n');
    expect(options).toMatch(/--version +show the version/);
    expect(options).toMatch(/--help +show the help/);
    expect(options).not.toMatch(/^.*--\S+ +[A-Z]/m);
  });

  // Its usage line is its own, which left the description out.
  it('of exec says what it does, as that of each command', async () => {
    const { stdout } = await succeed(world.rolekeeper(['exec', '--help']));
    const [usage, description] = stdout.split('\n\n');
    expect(usage).toBe('rolekeeper exec <profile> -- <program> [arguments..]');
    expect(description).toBe('run a program with the credentials in its environment');
  });

  // It ended with status 0: yargs writes with console.log.
  it.each(['--help', '--version', 'exec --help'])('%s onto a full disk fails and says so', async (words) => {
    const ran = await world.run('sh', ['-c', `exec "${world.program}" ${words} >/dev/full`]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain('rolekeeper: could not write to stdout: the disk is full\n');
  });
});

describe('status', () => {
  it('with nothing set up names the first step of the README', async () => {
    const { stdout } = await succeed(world.rolekeeper(['status']));
    expect(stdout).toContain('No profile is on rolekeeper yet. Begin with `rolekeeper setup`.\n');
  });
});
