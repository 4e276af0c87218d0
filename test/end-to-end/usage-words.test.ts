// What is said to a person who mistyped: never in the words of the library that read the line.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await openUsualWorld();
});
afterAll(() => world.close());

describe('a mistyped command line', () => {
  it.each([
    ['agent', 'agent: say which: run, start, stop, restart, status', 'run `rolekeeper agent --help`'],
    ['completion', 'completion: say which: bash, zsh, fish, powershell', 'run `rolekeeper completion --help`'],
    ['agent statsu', 'there is no action "statsu"; did you mean "status"?', 'run `rolekeeper agent --help`'],
    ['completion x', 'there is no shell "x"; say one of: bash, zsh, fish, powershell', 'run `rolekeeper completion --help`'],
    ['status --jsn', 'status has no option --jsn', 'run `rolekeeper status --help`'],
    ['statsu', 'there is no command "statsu"; did you mean "status"?', 'run `rolekeeper --help`'],
    ['get', 'get: the name of a profile is missing', 'run `rolekeeper get --help`'],
    ['get --profile dev', 'get: the name of a profile is missing', 'say it without `--profile`, as in `rolekeeper get dev`'],
    ['get dev extra', 'get: what is "extra"?', 'run `rolekeeper get --help`'],
    ['exec dev -- no-such-program', 'there is no program "no-such-program" on PATH', undefined],
    ['exec dev -- ', 'exec needs a command', 'as in `rolekeeper exec dev -- aws s3 ls`'],
  ])('`%s` is answered with: %s', async (line, problem, hint) => {
    const ran = await world.rolekeeper(line.split(' '));
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    const [said, hinted = ''] = ran.stderr.split('\n');
    expect(said).toBe(`rolekeeper: ${problem}`);
    if (hint !== undefined) expect(hinted).toBe(`rolekeeper: hint: ${hint}`);
  });

  it.each(['bash', 'zsh'])('env --shell %s is that of sh', async (shell) => {
    const { stdout } = await succeed(world.rolekeeper(['env', 'dev', '--shell', shell]));
    expect(stdout).toBe((await succeed(world.rolekeeper(['env', 'dev']))).stdout);
  });

  it('--help names the pages of the manual', async () => {
    expect((await succeed(world.rolekeeper(['--help']))).stdout).toContain('rolekeeper-agent(7)');
  });
});
