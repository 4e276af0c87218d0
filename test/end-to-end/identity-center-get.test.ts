// What `get` makes of a sign-in to IAM Identity Center: refreshed without a person, ended by the organisation, forgotten by a logout.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type CenterWorldOptions,
  centerPair,
  centerSections,
  type IdentityCenterWorld,
  openCenterWorld,
} from '../harness/identity-center-world.ts';
import { type Ran, roleArn, rolePair, succeed } from '../harness/world.ts';

const minute = 60_000;
let world: IdentityCenterWorld;
afterEach(async () => world.close());

async function open(options: CenterWorldOptions = {}): Promise<void> {
  world = await openCenterWorld(options);
  const far = rolePair('far', { role_arn: roleArn('Far'), source_profile: 'dev' }).replace(
    /endpoint_url = .*/,
    'services = local',
  );
  world.writeConfig(centerSections + centerPair('dev') + centerPair('look', 'ReadOnly') + centerPair('none', 'Nobody') + far);
}

async function openSignedIn(options: CenterWorldOptions = {}): Promise<void> {
  await open(options);
  await succeed(world.rolekeeper(['login', 'dev'], { env: world.desktop }));
}

/** AWS's clock turns, and rolekeeper learns of it by a forced refresh of another profile. */
async function pass(ms: number): Promise<void> {
  world.advance(ms);
  await world.rolekeeper(['refresh', 'look', '--force', '--quiet']);
}

function get(profile: string): Promise<Ran> {
  return world.rolekeeper(['get', profile]);
}

function calls(operation: string): number {
  return world.center.calls()[operation] ?? 0;
}

describe('get behind a sign-in', () => {
  it('goes on with the refresh token, which is another one each time', { timeout: 60_000 }, async () => {
    await openSignedIn();
    await succeed(get('dev'));
    for (const hour of [1, 2, 3]) {
      await pass(61 * minute);
      await succeed(get('dev'));
      expect(calls('CreateToken')).toBe(1 + hour);
    }
  });

  it('uses the refresh token once, however many profiles ask at once', async () => {
    await openSignedIn();
    world.advance(61 * minute);
    const all = await Promise.all(['dev', 'look', 'far', 'dev', 'look', 'far'].map(get));
    expect(all.map(({ status, stderr }) => [status, stderr])).toEqual(all.map(() => [0, '']));
    expect(calls('CreateToken')).toBe(2);
  });

  it('assumes a role with what the Identity Center gave', async () => {
    await openSignedIn();
    const document: unknown = JSON.parse((await succeed(get('far'))).stdout);
    expect(document).toMatchObject({ AccountId: '222233334444' });
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('ends with status 4 and the command to type when the organisation ends the sign-in, and asks AWS no more', {
    timeout: 60_000,
  }, async () => {
    await openSignedIn();
    await succeed(get('dev'));
    await pass(8 * 60 * minute);
    const asked = calls('CreateToken');
    const { status, stderr, stdout } = await get('dev');
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(
      /^rolekeeper: the sign-in to IAM Identity Center "corp" \(.*\) is over .*\nrolekeeper: hint: run `rolekeeper login dev`\n$/,
    );
    await get('look');
    expect(calls('CreateToken')).toBe(asked);
    expect((await world.rolekeeper(['status', 'dev'])).stdout).toContain('log in: `rolekeeper login dev`');
    expect((await world.rolekeeper(['doctor'])).stdout).toContain(
      'the sign-in to IAM Identity Center "corp" (https://corp.awsapps.com/start) is over',
    );
  });

  it('takes a token that the portal does not take any more for what it is', async () => {
    await openSignedIn();
    world.center.endSignIns();
    expect(await get('dev')).toMatchObject({ status: 4, stdout: '' });
  });

  it('without a refresh token lasts as long as the access token', async () => {
    await openSignedIn({ center: { givesRefreshTokens: false } });
    await succeed(get('dev'));
    expect((await world.rolekeeper(['status', 'dev', '--json'])).stdout).toContain('"sessionExpiresAt"');
    await pass(61 * minute);
    expect(await get('dev')).toMatchObject({ status: 4, stdout: '' });
  });

  it('says that a role is none of the person', async () => {
    await openSignedIn();
    const { status, stderr } = await get('none');
    expect([status, stderr]).toEqual([6, expect.stringContaining('you have no role "Nobody" in account 222233334444 there')]);
    expect(stderr).toContain('`rolekeeper sso accounts --profile none`');
  });

  it('keeps its tokens in the store alone', async () => {
    await openSignedIn();
    await succeed(get('dev'));
    const texts = filesIn(world.home).map((path) => readFileSync(path, 'latin1'));
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.filter((text) => /ao[ar][\w-]{60}/.test(text))).toEqual([]);
  });
});

describe('logout', () => {
  it('ends the sign-in at AWS, and forgets it with all that hangs on it', async () => {
    await openSignedIn();
    await succeed(get('dev'));
    await succeed(get('look'));
    const { stderr } = await succeed(world.rolekeeper(['logout', 'dev']));
    expect(stderr).toMatch(/logged out of dev, look, none, far: 3 items removed/);
    expect(calls('Logout')).toBe(1);
    expect(await get('look')).toMatchObject({ status: 4, stdout: '' });
    expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toContain('nothing to forget');
  });

  it('forgets it here where AWS cannot be reached, and says so', async () => {
    await openSignedIn();
    await world.center.stop();
    const { stderr } = await succeed(world.rolekeeper(['logout', '--all']));
    expect(stderr).toContain('could not be ended at AWS');
    expect(stderr).toContain('1 item removed');
  });

  it('with --all makes a new token to end a sign-in whose access token is over', async () => {
    await openSignedIn();
    world.advance(61 * minute);
    await succeed(get('dev'));
    await succeed(world.rolekeeper(['logout', '--all']));
    expect(calls('Logout')).toBe(1);
  });
});

describe('uninstall --purge', () => {
  const purge = () => world.rolekeeper(['uninstall', '--purge', '--yes']);

  // It deleted the tokens, and the sign-in went on at AWS.
  it('ends the sign-in at AWS before it is forgotten', async () => {
    await openSignedIn();
    const { stderr } = await succeed(purge());
    expect(stderr).toContain('end      the sign-ins to IAM Identity Center, at AWS as well');
    expect(stderr).not.toContain('could not be ended');
    expect(calls('Logout')).toBe(1);
  });

  it('goes on where AWS does not answer, and says so', async () => {
    await openSignedIn();
    await world.center.stop();
    expect((await succeed(purge())).stderr).toContain('could not be ended at AWS, and is only forgotten here');
    expect(filesIn(world.home).filter((path) => path.includes('/age/'))).toEqual([]);
  });

  it('waits ten seconds for one that takes the call and says nothing', { timeout: 60_000 }, async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const env = { AWS_ENDPOINT_URL_SSO: `http://127.0.0.1:${port}` };
    try {
      await open();
      await succeed(world.rolekeeper(['login', 'dev'], { env: { ...world.desktop, ...env } }));
      expect((await succeed(purge())).stderr).toContain(
        'could not be ended at AWS, and is only forgotten here: no answer in 10 s',
      );
    } finally {
      silent.close();
    }
  });
});

describe('the sign-ins of `aws sso login`', () => {
  function writeCache(fields: Readonly<Record<string, unknown>>, text = JSON.stringify(fields)): string {
    const directory = join(world.home, '.aws', 'sso', 'cache');
    mkdirSync(directory, { recursive: true });
    const path = join(directory, `${createHash('sha1').update('corp').digest('hex')}.json`);
    writeFileSync(path, text);
    return path;
  }

  function token(more: Readonly<Record<string, unknown>> = {}) {
    const expiresAt = new Date(world.sts.now() + 50 * minute).toISOString().replace(/\.\d+/, '');
    return { startUrl: world.center.startUrl, region: 'eu-west-1', accessToken: world.center.accessToken(), expiresAt, ...more };
  }

  it('are used where there is none of ours, and left as they are', async () => {
    await open();
    const path = writeCache(token());
    const before = [readFileSync(path, 'utf8'), statSync(path).mtimeMs];
    await succeed(get('dev'));
    expect([readFileSync(path, 'utf8'), statSync(path).mtimeMs]).toEqual(before);
    const { stdout } = await world.rolekeeper(['doctor']);
    expect(stdout).toContain('sign-in tokens of IAM Identity Center in plaintext');
    // It had them removed as needed by nobody, though "dev" is signed in by nothing else.
    expect(stdout).toMatch(/mend: rolekeeper login dev && aws sso logout; rm -r /);
  });

  it.each([
    ['half written', () => [{}, JSON.stringify(token()).slice(0, 60)] as const],
    ['over', () => [token({ expiresAt: '2020-01-01T00:00:00Z' })] as const],
    ['of another place', () => [token({ startUrl: 'https://other.awsapps.com/start' })] as const],
    ['of another region', () => [token({ region: 'us-east-1' })] as const],
    ['refused', () => [token({ accessToken: 'aoaUnknown' })] as const],
  ])('that are %s are passed over', async (_what, contents) => {
    await open();
    const [fields, text] = contents();
    writeCache(fields, text);
    expect(await get('dev')).toMatchObject({ status: 4, stdout: '' });
  });
});

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
