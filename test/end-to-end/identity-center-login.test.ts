// Signing in to IAM Identity Center with the built program, and what `get` makes of it.

import { afterEach, describe, expect, it } from 'vitest';
import { type CenterWorldOptions, centerPair, centerSections, type IdentityCenterWorld, openCenterWorld } from '../harness/identity-center-world.ts';
import { succeed } from '../harness/world.ts';

let world: IdentityCenterWorld;
afterEach(async () => world.close());

async function open(options: CenterWorldOptions = {}): Promise<void> {
  world = await openCenterWorld(options);
  world.writeConfig(centerSections + centerPair('dev') + centerPair('look', 'ReadOnly'));
}

function login(...args: readonly string[]) {
  return world.rolekeeper(['login', ...args], { env: world.desktop });
}

describe('login', () => {
  it('signs in in the browser, once for all profiles of the session', async () => {
    await open();
    const { stderr } = await succeed(login('dev'));
    expect(stderr).toContain('signed in to "corp" (https://corp.awsapps.com/start): it refreshes itself');
    expect(world.page()).toContain('You are signed in to &#34;corp&#34;');
    const document: unknown = JSON.parse((await succeed(world.rolekeeper(['get', 'dev']))).stdout);
    expect(document).toMatchObject({ Version: 1, AccountId: '222233334444' });
    await succeed(world.rolekeeper(['get', 'look']));
    expect(world.center.calls()).toMatchObject({ RegisterClient: 1, Authorize: 1, CreateToken: 1, GetRoleCredentials: 2 });
  });
});
