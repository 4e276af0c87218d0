// Signing in to IAM Identity Center with the built program, in the browser and by a code for another device.

import { afterEach, describe, expect, it } from 'vitest';
import { startChromium } from '../harness/chromium.ts';
import {
  type CenterWorldOptions,
  centerPair,
  centerSections,
  type IdentityCenterWorld,
  openCenterWorld,
} from '../harness/identity-center-world.ts';
import { until } from '../harness/session-bus.ts';
import { succeed } from '../harness/world.ts';

let world: IdentityCenterWorld;
afterEach(async () => world.close());

async function open(options: CenterWorldOptions = {}): Promise<void> {
  world = await openCenterWorld(options);
  world.writeConfig(centerSections + centerPair('dev') + centerPair('look', 'ReadOnly'));
}

function login(args: readonly string[], env: Readonly<Record<string, string>> = world.desktop) {
  return world.rolekeeper(['login', ...args], { env });
}

describe('login in the browser', () => {
  it('signs in once for all profiles of the session', async () => {
    await open();
    const { stderr } = await succeed(login(['dev']));
    expect(stderr).toContain('signed in to "corp" (https://corp.awsapps.com/start): it refreshes itself');
    await until(async () => world.page().includes('You are signed in to &#34;corp&#34;'), 'the page says that it worked');
    const document: unknown = JSON.parse((await succeed(world.rolekeeper(['get', 'dev']))).stdout);
    expect(document).toMatchObject({ Version: 1, AccountId: '222233334444' });
    await succeed(world.rolekeeper(['get', 'look']));
    expect(world.center.calls()).toMatchObject({ RegisterClient: 1, Authorize: 1, CreateToken: 1, GetRoleCredentials: 2 });
  });

  it('takes the name of the section, or nothing where there is only one', async () => {
    await open();
    await succeed(login(['--sso-session', 'corp']));
    await succeed(login([]));
    await succeed(world.rolekeeper(['get', 'dev']));
    // The registration of the client is good for months.
    expect(world.center.calls()).toMatchObject({ RegisterClient: 1, Authorize: 2 });
  });

  it('signs in for a section that no profile names yet', async () => {
    await open();
    world.writeConfig('[sso-session corp]\nsso_start_url = $START\nsso_region = eu-west-1\n');
    const env = { ...world.desktop, AWS_ENDPOINT_URL_SSO_OIDC: world.center.url };
    expect((await succeed(login(['--sso-session', 'corp'], env))).stderr).toContain('signed in to "corp"');
  });

  it('says on the page and in the terminal why it did not work, and keeps nothing', async () => {
    await open();
    world.center.person('denies');
    const { status, stderr } = await login(['dev']);
    expect([status, stderr]).toEqual([6, expect.stringContaining('AWS refused the sign-in to "corp"')]);
    expect(stderr).toContain('the person said no (access_denied)');
    await until(async () => world.page().includes('Not signed in'), 'the page says that it did not work');
    expect(world.page()).toContain('the person said no');
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 4, stdout: '' });
  });

  it('prints the address with --no-browser, and opens nothing', async () => {
    await open();
    const running = world.start(['login', 'dev', '--no-browser'], { env: world.desktop });
    let said = '';
    running.child.stderr?.on('data', (text) => {
      said += String(text);
    });
    await until(async () => said.includes('waiting'), 'the address is there');
    expect(world.page()).toBe('');
    const address = /^http\S+$/m.exec(said)?.[0] ?? '';
    expect(await (await fetch(address)).text()).toContain('You are signed in');
    expect((await succeed(running.ended)).stderr).toContain('signed in');
  });
});

describe('login by a code', () => {
  it('is what login does where no browser can open', async () => {
    await open();
    world.center.person('waits');
    const running = world.start(['login', 'dev']);
    await until(async () => (world.center.calls()['CreateToken'] ?? 0) > 0, 'it asks whether somebody approved');
    world.center.person('allows');
    const { stderr } = await succeed(running.ended);
    expect(stderr).toContain('no browser can be opened: there is no display');
    expect(stderr).toContain(`${world.center.url}/device?user_code=ABCD-EFGH`);
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  // Each login failed with the registration that was kept, for as long as that seemed good: three months.
  it('registers anew where AWS has forgotten the client', async () => {
    await open();
    await succeed(login(['dev', '--device-code']));
    world.center.forgetClients();
    await succeed(login(['dev', '--device-code']));
    await succeed(world.rolekeeper(['refresh', 'dev', '--force']));
    expect(world.center.calls()).toMatchObject({ RegisterClient: 2, StartDeviceAuthorization: 3, CreateToken: 2 });
  });

  it('says who said no', async () => {
    await open();
    world.center.person('denies');
    const { status, stderr } = await login(['dev', '--device-code']);
    expect([status, stderr]).toEqual([6, expect.stringContaining('the person said no (AccessDeniedException)')]);
  });

  it('is chosen in an SSH session, whatever display there is', async () => {
    await open();
    const { stderr } = await succeed(login(['dev'], { ...world.desktop, SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }));
    expect(stderr).toContain('this is an SSH session');
    expect(world.center.calls()['Authorize']).toBeUndefined();
  });
});

describe('options that make no sense', () => {
  it.each([
    [['dev', '--device-code', '--no-browser'], '--device-code and --no-browser do not go together'],
    [['dev', '--sso-session', 'corp'], 'a profile and --sso-session do not go together'],
    [['dev', '--code', '123456'], 'takes no MFA code'],
    [['--sso-session', 'other'], 'there is no [sso-session other]'],
  ])('login %j is refused', async (args, words) => {
    await open();
    const { status, stderr } = await login(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('login with a real browser', () => {
  it('ends on a page of this computer that says that it worked', async () => {
    await open();
    const chromium = await startChromium();
    try {
      const running = world.start(['login', 'dev', '--no-browser']);
      let said = '';
      running.child.stderr?.on('data', (text) => {
        said += String(text);
      });
      await until(async () => said.includes('waiting'), 'the address is there');
      const tab = await chromium.newTab();
      await tab.goTo(/^http\S+$/m.exec(said)?.[0] ?? '');
      expect(await tab.text()).toContain('You are signed in to "corp"');
      expect(String(await tab.evaluate('location.origin'))).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      await succeed(running.ended);
    } finally {
      await chromium.close();
    }
  });
});
