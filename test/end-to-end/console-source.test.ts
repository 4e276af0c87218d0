// A console sign-in of `aws login` as the source: its cache is read as the SDKs read it, and refreshed by the AWS CLI alone.

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { arnThrough, realCallers } from '../harness/real-callers.ts';
import { openUsualWorld, program, roleArn, rolePair, succeed, type World } from '../harness/world.ts';

const loginSession = 'arn:aws:sts::222233334444:assumed-role/Ops/alice';
let world: World;
let cachePath: string;
let issued: Readonly<Record<string, string>>;
beforeAll(async () => {
  world = await openUsualWorld();
  // What the console would give: credentials of a role that the double knows.
  issued = JSON.parse((await succeed(world.rolekeeper(['get', 'ops']))).stdout);
  const directory = join(world.home, '.aws', 'login', 'cache');
  mkdirSync(directory, { recursive: true });
  cachePath = join(directory, `${createHash('sha256').update(loginSession).digest('hex')}.json`);
  world.writeConfig(
    `${world.readConfig()}
[profile console]
region = eu-west-1
endpoint_url = $STS
login_session = ${loginSession}

[profile console-kept]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get console

${rolePair('far', { role_arn: roleArn('Far'), source_profile: 'console' })}`,
  );
});
beforeEach(() => succeed(world.rolekeeper(['logout', '--all'])));
afterAll(() => world.close());

function writeCache(leftMs: number): string {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = issued;
  const expiresAt = new Date(Date.now() + leftMs).toISOString();
  const text = JSON.stringify({
    accessToken: { accessKeyId, secretAccessKey, sessionToken, accountId: '222233334444', expiresAt },
    ...{
      tokenType: 'aws_sigv4',
      clientId: 'arn:aws:signin:::devtools/same-device',
      refreshToken: 'r',
      idToken: 'i',
      dpopKey: 'd',
    },
  });
  writeFileSync(cachePath, text);
  return text;
}

describe('a console sign-in', () => {
  it('is what the SDK for JavaScript makes of the same cache', async () => {
    writeCache(15 * 60_000);
    const direct = await arnThrough('the SDK for JavaScript', 'console', world);
    expect(await arnThrough('the SDK for JavaScript', 'console-kept', world)).toBe(direct);
    expect(direct).toBe(loginSession);
  }, 60_000);

  it.each(realCallers)(
    'is the source of a role for %s, and its cache stays as it is',
    async (caller) => {
      const text = writeCache(15 * 60_000);
      expect(await arnThrough(caller, 'far', world)).toBe(
        `arn:aws:sts::222233334444:assumed-role/Far/rolekeeper-${userInfo().username}`,
      );
      expect(readFileSync(cachePath, 'utf8')).toBe(text);
    },
    60_000,
  );

  it('about to end is refreshed by the aws on PATH', async () => {
    const text = writeCache(60_000);
    const bin = join(world.home, 'bin');
    mkdirSync(bin, { recursive: true });
    const end = new Date(Date.now() + 15 * 60_000).toISOString();
    const document = JSON.stringify({
      Version: 1,
      AccessKeyId: 'ASIACLI',
      SecretAccessKey: 's',
      SessionToken: 't',
      Expiration: end,
    });
    writeFileSync(join(bin, 'aws'), `#!/bin/sh\necho "$@" > ${world.home}/asked\nprintf '%s' '${document}'\n`);
    chmodSync(join(bin, 'aws'), 0o755);
    const env = { PATH: `${bin}${delimiter}${world.env['PATH'] ?? ''}` };
    expect((await succeed(world.rolekeeper(['get', 'console'], { env }))).stdout).toContain('ASIACLI');
    expect(readFileSync(join(world.home, 'asked'), 'utf8')).toBe(
      'configure export-credentials --profile console --format process\n',
    );
    expect(readFileSync(cachePath, 'utf8')).toBe(text);
  }, 60_000);

  it('that nobody has made says how to', async () => {
    const ran = await world.rolekeeper(['get', 'console'], { env: { AWS_LOGIN_CACHE_DIRECTORY: join(world.home, 'none') } });
    expect(ran).toMatchObject({ status: 4, stdout: '' });
    expect(ran.stderr).toContain('hint: run `aws login --profile console`');
  });

  // It said that no profile needs the cache, and had it removed: the person would have been signed out.
  it('is nothing that doctor would have removed, while a profile starts from it', async () => {
    writeCache(15 * 60_000);
    const { stdout } = await world.rolekeeper(['doctor', '--json']);
    expect(stdout).toContain('"sdk-caches"');
    expect(stdout).not.toContain('login/cache');
  }, 60_000);

  it('is explained without a look into the cache', async () => {
    const { stdout } = await succeed(world.rolekeeper(['explain', 'far']));
    expect(stdout).toContain(`1. console sign-in ${loginSession}, of profile "console"`);
    expect(stdout).toMatch(/login_session +arn:\S+ +\S+config:\d+/);
  });
});
