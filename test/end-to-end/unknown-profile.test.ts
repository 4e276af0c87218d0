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

  // It was sent to `aws configure list-profiles`, which version 1 of the AWS CLI has not.
  it.each([[['get', 'something-else']], [['status', 'something-else']], [['adopt', 'something-else']]])(
    '%j says which there are where no name is near',
    async (args) => {
      const { stdout, stderr, status } = await world.rolekeeper(args);
      expect({ stdout, stderr, status }).toEqual({
        stdout: '',
        stderr: `rolekeeper: there is no profile "something-else" in ${world.configPath}\nrolekeeper: hint: say one of: corp, dev, ops\n`,
        status: 3,
      });
    },
  );
});
