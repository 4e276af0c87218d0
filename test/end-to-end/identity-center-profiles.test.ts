// Profiles of IAM Identity Center as people have them: adopted, explained, shown by status and the prompt, and released.

import { afterEach, describe, expect, it } from 'vitest';
import { centerSections, type IdentityCenterWorld, openCenterWorld } from '../harness/identity-center-world.ts';
import { program, roleArn, succeed, workAccountId } from '../harness/world.ts';

let world: IdentityCenterWorld;
afterEach(() => world.close());

const ordinary = `# the day's work
[profile dev]
region = eu-west-1
sso_session = corp
# ask Bob for more
sso_account_id = ${workAccountId}
sso_role_name = Admin
services = local

[profile far]
region = eu-west-1
role_arn = ${roleArn('Far')}
source_profile = dev
services = local
`;

async function open(config = centerSections + ordinary): Promise<void> {
  world = await openCenterWorld();
  world.writeConfig(config);
}

describe('profiles with sso_ keys', () => {
  it('are adopted with the roles behind them, work, and go back to the byte', async () => {
    await open(`${centerSections}${ordinary}[profile tool]\ncredential_process = /opt/tool\n`);
    const before = world.readConfig();
    const { stderr } = await succeed(world.rolekeeper(['adopt', '--all', '--yes']));
    // One sign-in is enough for both, and a profile that is left out is not left out without a word.
    expect(stderr.match(/next: .*/g)).toEqual(['next: `rolekeeper login dev`']);
    expect(stderr).toContain('"tool" goes on running another program');
    expect(world.readConfig()).toContain(`[profile dev]
region = eu-west-1
services = local
credential_process = ${program} get dev

[rolekeeper dev]
sso_session = corp
# ask Bob for more
sso_account_id = ${workAccountId}
sso_role_name = Admin
`);
    await succeed(world.rolekeeper(['login', 'far'], { env: world.desktop }));
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['get', 'far']));
    await succeed(world.rolekeeper(['release', '--all', '--yes']));
    expect(world.readConfig()).toBe(before);
  });

  it('are explained line by line, with the sign-in and the call', async () => {
    await open();
    const unknown = (await succeed(world.rolekeeper(['explain', 'far']))).stdout;
    expect(unknown).toContain('sign-in to IAM Identity Center "corp" (https://corp.awsapps.com/start): none yet');
    expect(unknown).toContain('fails with status 4');
    await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
    const known = (await succeed(world.rolekeeper(['explain', 'far']))).stdout;
    expect(known).toContain(
      '1. role Admin in account 222233334444 of IAM Identity Center https://corp.awsapps.com/start, of profile "dev"',
    );
    expect(known).toMatch(/sso_account_id +222233334444 +\S+config:\d+/);
    expect(known).toContain(': refreshes itself');
    expect(known).toContain(`GetRoleCredentials Admin, then AssumeRole ${roleArn('Far')}`);
  });

  it('are shown by status: what is to be done, and what is cached', async () => {
    await open();
    expect((await succeed(world.rolekeeper(['status', 'dev']))).stdout).toContain('log in: `rolekeeper login dev`');
    await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
    await succeed(world.rolekeeper(['get', 'dev']));
    const shown = (await succeed(world.rolekeeper(['status', 'dev']))).stdout;
    expect(shown).toContain('refreshed from');
    // Every such profile was a "role".
    expect(shown).toMatch(new RegExp(`^dev +${workAccountId} Admin `, 'm'));
    expect(shown).not.toContain('log in');
  });

  it('in the old form sign in as well', async () => {
    await open(
      centerSections +
        ordinary.replace('sso_session = corp', 'sso_start_url = $START\nsso_region = eu-west-1').replace('far]', 'other]'),
    );
    const { stderr } = await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
    expect(stderr).toContain('signed in to https://corp.awsapps.com/start: it refreshes itself');
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('are refreshed ahead of time by the agent, without a person', { timeout: 60_000 }, async () => {
    await open();
    await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
    await succeed(world.rolekeeper(['get', 'dev']));
    world.advance(45 * 60_000);
    await world.rolekeeper(['refresh', 'far', '--force', '--quiet']); // by it the clock is learnt
    const before = world.center.calls()['GetRoleCredentials'] ?? 0;
    await succeed(world.rolekeeper(['refresh', '--due']));
    expect(world.center.calls()['GetRoleCredentials']).toBe(before + 1);
  });
});
