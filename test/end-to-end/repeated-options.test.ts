import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
});
afterAll(() => world.close());

describe('an option given twice', () => {
  // They ended in "unexpected failure: raw.replace is not a function", or one of the two was taken.
  it.each([
    ['--code', ['login', 'corp', '--code', '123456', '--code', '654321']],
    ['--keys', ['import', 'corp', '--dry-run', '--keys', 'a', '--keys', 'b']],
    ['--mfa-serial', ['add', 'corp', '--dry-run', '--mfa-serial', 'a', '--mfa-serial', 'b']],
    ['--shell', ['env', 'corp', '--shell', 'sh', '--shell=fish']],
  ])('%s is a usage error that names it', async (option, args) => {
    const ran = await world.rolekeeper(args);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toBe(
      `rolekeeper: ${option} is given more than once\nrolekeeper: hint: run \`rolekeeper ${args[0]} --help\`\n`,
    );
  });

  it('several profiles of refresh, and what follows the dashes of exec, are no repetition', async () => {
    expect((await world.rolekeeper(['refresh', 'corp', 'corp'])).stderr).not.toContain('more than once');
    expect((await world.rolekeeper(['exec', 'corp', '--', 'ls', '--a', '--a'])).stderr).not.toContain('more than once');
  });
});
