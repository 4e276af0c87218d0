import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, usualConfig, type World } from '../harness/world.ts';

describe('a profile that nobody knows', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    world.writeConfig(usualConfig);
  });
  afterAll(() => world.close());

  it.each([[['get', 'devv']], [['login', 'devv']], [['env', 'devv']], [['exec', 'devv', '--', 'true']]])(
    '%j says which one was probably meant',
    async (args) => {
      const { stdout, stderr, status } = await world.rolekeeper(args);
      expect({ stdout, stderr, status }).toEqual({
        stdout: '',
        stderr: `rolekeeper: there is no profile "devv" in ${world.configPath}\nrolekeeper: hint: did you mean "dev"?\n`,
        status: 3,
      });
    },
  );

  it('get says how to list profiles where no name is near', async () => {
    const { stdout, stderr, status } = await world.rolekeeper(['get', 'something-else']);
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr: `rolekeeper: there is no profile "something-else" in ${world.configPath}\nrolekeeper: hint: run \`aws configure list-profiles\`\n`,
      status: 3,
    });
  });
});
