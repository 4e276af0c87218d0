// `rolekeeper sso`: lists what the Identity Center gives, and writes profiles for it.

import { afterEach, describe, expect, it } from 'vitest';
import type { Assignment } from '../doubles/identity-center-portal.ts';
import {
  type CenterWorldOptions,
  centerPair,
  centerSections,
  devAccount,
  type IdentityCenterWorld,
  openCenterWorld,
} from '../harness/identity-center-world.ts';
import { program, succeed, workAccountId } from '../harness/world.ts';

let world: IdentityCenterWorld;
afterEach(async () => world.close());

const toolsAccount: Assignment = {
  accountId: '333344445555',
  name: 'Build & Tools',
  email: 'tools@example.com',
  roles: ['Admin'],
};

/** Only an `sso-session` section, as `aws configure sso-session` leaves it, and a sign-in. */
async function open(options: CenterWorldOptions['center'] = {}): Promise<void> {
  world = await openCenterWorld({ center: { accounts: [devAccount, toolsAccount], ...options } });
  world.writeConfig(centerSections);
  await succeed(rolekeeper('login', '--sso-session', 'corp'));
}

function rolekeeper(...args: readonly string[]) {
  const env = { ...world.desktop, AWS_ENDPOINT_URL_SSO: world.center.url, AWS_ENDPOINT_URL_SSO_OIDC: world.center.url };
  return world.rolekeeper(args, { env });
}

describe('sso accounts', () => {
  it('lists accounts and roles, with the profiles that there are', async () => {
    await open();
    world.writeConfig(centerSections + centerPair('look', 'ReadOnly'));
    const { stdout } = await succeed(rolekeeper('sso', 'accounts'));
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['ACCOUNT', 'NAME', 'ROLE', 'PROFILE'],
      ['333344445555', 'Build & Tools', 'Admin', '-'],
      [workAccountId, 'Development', 'Admin', '-'],
      [workAccountId, 'Development', 'ReadOnly', 'look'],
      [''],
    ]);
  });

  it('reads every page, and waits where it is asked too often', async () => {
    const accounts = Array.from({ length: 23 }, (_, index) => ({
      ...devAccount,
      accountId: String(100_000_000_000 + index),
      roles: Array.from({ length: 12 }, (_none, role) => `Role${role}`),
    }));
    await open({ accounts, pageSize: 5 });
    world.center.throttle('ListAccountRoles', 3);
    const { stdout } = await succeed(rolekeeper('sso', 'accounts', '--json'));
    const document: { readonly roles: readonly unknown[] } = JSON.parse(stdout);
    expect(document.roles).toHaveLength(23 * 12);
    expect(world.center.calls()).toMatchObject({ ListAccounts: 5, ListAccountRoles: 23 * 3 + 3 });
  });

  it('says what to type where there is no sign-in', async () => {
    await open();
    world.center.endSignIns();
    const { status, stderr, stdout } = await rolekeeper('sso', 'accounts');
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toContain('hint: run `rolekeeper login --sso-session corp`');
  });

  it('refuses an account that is not there', async () => {
    await open();
    expect(await rolekeeper('sso', 'accounts', '--account', 'Sandbox')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('you have no account "Sandbox" there'),
    });
  });
});

describe('sso populate', () => {
  it('adds a pair for each role, which works, and release takes every byte of it out again', async () => {
    await open();
    const before = world.readConfig();
    const { stderr } = await succeed(rolekeeper('sso', 'populate', '--all', '--region', 'eu-west-1', '--yes'));
    expect(stderr).toContain('added: Build-Tools/Admin, Development/Admin, Development/ReadOnly');
    expect(world.readConfig()).toBe(`${before}
${pairText('Build-Tools/Admin', '333344445555', 'Admin')}
${pairText('Development/Admin', workAccountId, 'Admin')}
${pairText('Development/ReadOnly', workAccountId, 'ReadOnly')}`);
    await succeed(rolekeeper('get', 'Development/ReadOnly'));
    expect((await succeed(rolekeeper('sso', 'populate', '--all', '--yes'))).stderr).toContain('there is nothing to add');
    await succeed(rolekeeper('release', '--all', '--yes'));
    expect(world.readConfig()).toBe(before);
  });

  it('releases one of several, and leaves the others', async () => {
    await open();
    await succeed(rolekeeper('sso', 'populate', '--all', '--region', 'eu-west-1', '--yes'));
    const all = world.readConfig();
    await succeed(rolekeeper('release', 'Development/Admin', '--yes'));
    expect(world.readConfig()).toBe(all.replace(`${pairText('Development/Admin', workAccountId, 'Admin')}\n`, ''));
  });

  it('takes a template, a prefix, and only the roles that were chosen; --dry-run changes nothing', async () => {
    await open();
    const before = world.readConfig();
    const args = [
      'sso',
      'populate',
      '--role',
      'Admin',
      '--account',
      'Development',
      '--prefix',
      'w-',
      '--template',
      '{account_id}.{role_name}',
    ];
    const dry = await succeed(rolekeeper(...args, '--dry-run'));
    expect(dry.stdout).toContain(`+[profile w-${workAccountId}.Admin]`);
    expect(world.readConfig()).toBe(before);
    expect((await succeed(rolekeeper(...args, '--yes'))).stderr).toContain(`added: w-${workAccountId}.Admin\n`);
  });

  it.each([
    [
      ['--all', '--template', '{role_name}'],
      2,
      'would be the profile of two roles: Admin in 333344445555 and Admin in 222233334444',
    ],
    [['--all', '--template', '{name}'], 2, '{name} is nothing that a template knows'],
    [[], 2, 'which roles?'],
  ])('refuses %j', async (args, status, words) => {
    await open();
    expect(await rolekeeper('sso', 'populate', ...args)).toMatchObject({ status, stderr: expect.stringContaining(words) });
  });

  it('does not touch a profile of that name', async () => {
    await open();
    world.writeConfig(`${centerSections}[profile Development/Admin]\nregion = eu-west-1\n`);
    const before = world.readConfig();
    const ran = await rolekeeper('sso', 'populate', '--all', '--yes');
    expect(ran).toMatchObject({ status: 3, stderr: expect.stringContaining('there is a profile "Development/Admin" already') });
    expect(world.readConfig()).toBe(before);
  });
});

function pairText(name: string, accountId: string, roleName: string): string {
  return `[profile ${name}]
region = eu-west-1
credential_process = ${program} get ${name}

[rolekeeper ${name}]
sso_session = corp
sso_account_id = ${accountId}
sso_role_name = ${roleName}
`;
}
