// The contract of credential_process (sdk-contract.md 1 to 8), on the bytes of the built program.

import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../harness/programs.ts';
import {
  openWorld,
  program,
  type Ran,
  roleArn,
  rolePair,
  succeed,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

/** A role, a session, and the long-term keys themselves. */
const profiles = ['dev', 'corp', 'static'] as const;
const temporary = ['Version', 'AccessKeyId', 'SecretAccessKey', 'SessionToken', 'Expiration', 'AccountId'];

/** What no caller's environment may change (sdk-contract.md 7). */
const hostile = {
  AWS_ACCESS_KEY_ID: 'AKIAHOSTILE000000000',
  AWS_SECRET_ACCESS_KEY: 'hostile',
  AWS_SESSION_TOKEN: 'hostile',
  AWS_SECURITY_TOKEN: 'hostile',
  AWS_CREDENTIAL_EXPIRATION: '2001-01-01T00:00:00Z',
  AWS_PROFILE: 'other',
  AWS_DEFAULT_PROFILE: 'other',
  AWS_ROLE_ARN: roleArn('Other'),
  AWS_ROLE_SESSION_NAME: 'hostile',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/',
  AWS_SDK_LOAD_CONFIG: '0',
};

let world: World;
let python = '';
const roles = Array.from({ length: 12 }, (_, n) => `cold-${n}`);
let unused: string[] = [];

/** A profile that nobody has asked for yet, so that its first get is a refresh. */
function coldProfile(): string {
  const name = unused.pop();
  if (name === undefined) throw new Error('all cold profiles are used');
  return name;
}

/** The environment of cron and of IDEs: PATH and HOME, and nothing else. */
function bare(
  command: string,
  args: readonly string[],
  { cwd = world.home, more = {} }: { readonly cwd?: string; readonly more?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: world.home, ...more };
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return world.run('env', ['-i', ...settings, command, ...args], { cwd });
}

function bareGet(profile: string): Promise<Ran> {
  return bare(program, ['get', profile]);
}

function assumed(): number {
  return world.sts.calls().AssumeRole;
}

beforeAll(async () => {
  python = findPython();
  world = await openWorld();
  unused = [...roles];
  const store = `[rolekeeper]\nstore = age\nage_key_file = ${join(world.home, 'age-key.txt')}\nautostart = off\n`;
  const cold = roles.map((name) => rolePair(name, { role_arn: roleArn('Dev'), source_profile: 'corp', role_session_name: name }));
  world.writeConfig(`${store}${usualConfig}${cold.join('')}[rolekeeper static]\nkeys = corp\nsession = none\n`);
  world.writeCredentials(usualCredentials);
  await succeed(bare(program, ['import', 'corp', '--yes']));
  await succeed(bare(program, ['login', 'corp', '--code', world.sts.totp('alice')]));
  await succeed(bareGet('dev'));
});
afterAll(() => world.close());

describe('the document', () => {
  it.each([
    ['dev', temporary, '222233334444'],
    ['corp', temporary, '123456789012'],
    ['static', ['Version', 'AccessKeyId', 'SecretAccessKey'], undefined],
  ])('the document of %s has its keys in order, each of its type, and nothing around it', async (profile, keys, account) => {
    const { stdout, stderr } = await succeed(bareGet(profile));
    const parsed: Readonly<Record<string, unknown>> = JSON.parse(stdout);
    expect(Object.keys(parsed)).toEqual(keys);
    // One object, its keys once, no BOM, no blanks: what was parsed is all there was.
    expect(stdout).toBe(JSON.stringify(parsed));
    expect(stdout.startsWith('{"Version":1,')).toBe(true);
    const { Version: _version, ...rest } = parsed;
    for (const value of Object.values(rest)) expect(value).toEqual(expect.stringMatching(/./));
    expect(parsed['AccountId']).toBe(account);
    expect(Buffer.byteLength(stdout)).toBeLessThan(64_000);
    expect(stderr).toBe('');
  });

  it.each(['dev', 'corp'])('Expiration of %s is in whole seconds of UTC, and ahead', async (profile) => {
    const { Expiration: end }: { Expiration: string } = JSON.parse((await succeed(bareGet(profile))).stdout);
    expect(end).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(end) - Date.now()).toBeGreaterThan(50 * 60_000);
  });

  it('the same answer is given to the byte until it is refreshed', async () => {
    expect((await bareGet('dev')).stdout).toBe((await bareGet('dev')).stdout);
  });
});

describe('how the program behaves towards its caller', () => {
  it.each(['dev', 'corp', 'static', 'a cold profile'])(
    'get for %s is one write, reads no stdin and leaves stderr empty',
    async (name) => {
      const profile = name === 'a cold profile' ? coldProfile() : name;
      const before = assumed();
      const script = new URL('../clients/strict-caller.py', import.meta.url).pathname;
      const seen: { packets: string[]; stderr: string; status: number; stdinLeft: string } = JSON.parse(
        (await succeed(bare(python, [script, program, 'get', profile]))).stdout,
      );
      const packets = seen.packets.map((hex) => Buffer.from(hex, 'hex').toString());
      expect(packets).toEqual([(await bareGet(profile)).stdout]);
      expect(seen).toMatchObject({ stderr: '', status: 0, stdinLeft: 'x' });
      expect(assumed() - before).toBe(name === 'a cold profile' ? 1 : 0);
    },
  );

  it.each(['/', '/tmp'])('get answers in %s', async (cwd) => {
    expect(await bare(program, ['get', 'dev'], { cwd })).toMatchObject({ status: 0, stderr: '' });
  });

  it('get answers in a directory that was removed, from the store and with a refresh', async () => {
    for (const profile of ['dev', coldProfile()]) {
      const script = `mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$0" get ${profile}`;
      expect(await bare('sh', ['-c', script, program])).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('get answers through links to the program', async () => {
    const [link, linkToLink] = [join(world.home, 'rolekeeper'), join(world.home, 'rk')];
    symlinkSync(program, link);
    symlinkSync('rolekeeper', linkToLink);
    const direct = await bareGet('dev');
    expect(await bare(link, ['get', 'dev'])).toMatchObject({ status: 0, stderr: '', stdout: direct.stdout });
    expect(await bare(linkToLink, ['get', 'dev'])).toMatchObject({ status: 0, stderr: '', stdout: direct.stdout });
  });

  it.each(profiles)('credentials in the environment of the caller do not change the answer for %s', async (profile) => {
    const plain = await succeed(bareGet(profile));
    expect(await bare(program, ['get', profile], { more: hostile })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: plain.stdout,
    });
  });

  it('credentials in the environment of the caller do not change who assumes the role', async () => {
    const profile = coldProfile();
    expect(await bare(program, ['get', profile], { more: hostile })).toMatchObject({ status: 0, stderr: '' });
    expect(world.sts.log().at(-1)).toMatchObject({
      operation: 'AssumeRole',
      outcome: 'ok',
      params: { RoleArn: roleArn('Dev'), RoleSessionName: profile },
    });
  });
});
