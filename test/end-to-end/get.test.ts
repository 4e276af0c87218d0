// `get` by state (decisions.md 4), and what it says when it cannot.

import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  mfaSerial,
  openUsualWorld,
  openWorld,
  type Ran,
  roleArn,
  rolePair,
  succeed,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

const minute = 60_000;
let world: World;
afterEach(() => world.close());

function idOf({ stdout }: Ran): string {
  const document: { AccessKeyId: string } = JSON.parse(stdout);
  return document.AccessKeyId;
}

/** The double's clock turns, and rolekeeper learns of it by a forced refresh of another profile. */
async function pass(ms: number): Promise<void> {
  world.sts.advance(ms);
  await world.rolekeeper(['refresh', 'ops', '--force', '--quiet']);
}

/** Roles that AWS gave; a call refused for the turned clock does not count. */
function rolesGiven(): number {
  return world.sts.log().filter(({ operation, outcome }) => operation === 'AssumeRole' && outcome === 'ok').length;
}

function expectRefusal(ran: Ran, status: number, words: RegExp, hint: RegExp): void {
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toMatch(words);
  expect(ran.stderr).toMatch(hint);
  expect(ran.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expect(ran.status).toBe(status);
}

describe('get by state', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
  });

  it('a pipe, a file and a character device that is no terminal get the document alone; a terminal a newline behind it', async () => {
    const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
    expect(stdout).toMatch(/\}$/);
    const file = await world.run('sh', [
      '-c',
      `${world.program} get dev > out && cat out && ${world.program} get dev > /dev/null`,
    ]);
    expect(file).toMatchObject({ stdout, stderr: '', status: 0 });
    const screen = await world.run('script', ['-qec', `${world.program} get dev`, '/dev/null']);
    expect(screen.stdout).toBe(`${stdout}\r\n`);
  });

  it('fresh: it prints what the store has, and AWS is not asked', async () => {
    const first = await succeed(world.rolekeeper(['get', 'dev']));
    const second = await succeed(world.rolekeeper(['get', 'dev']));
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toBe('');
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('past the refresh point: it prints at once and refreshes in the background', async () => {
    const first = await succeed(world.rolekeeper(['get', 'dev']));
    await pass(43 * minute);
    world.sts.fault({ kind: 'slow', ms: 1_000, times: 1 });
    const second = await succeed(world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AUTOSTART: '1' } }));
    expect(idOf(second)).toBe(idOf(first));
    expect(second.tookMs).toBeLessThan(900);
    await expect.poll(async () => idOf(await world.rolekeeper(['get', 'dev'])), { timeout: 10_000 }).not.toBe(idOf(first));
    expect(rolesGiven()).toBe(3);
  });

  it('past the refresh point: a burst of callers starts one background refresh', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    await pass(43 * minute);
    await Promise.all(Array.from({ length: 8 }, () => world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AUTOSTART: '1' } })));
    await expect.poll(rolesGiven, { timeout: 10_000 }).toBe(3);
  });

  it('past the refresh point: AUTOSTART=0 starts nothing', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    await pass(43 * minute);
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(rolesGiven()).toBe(2);
  });

  it('expiring: it refreshes before it prints', async () => {
    const first = await succeed(world.rolekeeper(['get', 'dev']));
    await pass(50 * minute);
    expect(idOf(await succeed(world.rolekeeper(['get', 'dev'])))).not.toBe(idOf(first));
  });

  it.each([
    ['is down', { kind: 'unavailable', status: 503 }],
    ['hangs', { kind: 'hang' }],
    ['sends garbage', { kind: 'garbage' }],
    ['throttles', { kind: 'throttle' }],
  ] as const)('expiring: it prints what is valid when AWS %s, with status 0 and without a word', async (_what, fault) => {
    const first = await succeed(world.rolekeeper(['get', 'dev']));
    await pass(50 * minute);
    world.sts.fault(fault);
    const second = await succeed(world.rolekeeper(['get', 'dev']));
    expect(idOf(second)).toBe(idOf(first));
    expect(second.stderr).toBe('');
    expect(second.tookMs).toBeLessThan(3_500);
  });

  it('expired: it gets new ones, and nobody is asked anything', async () => {
    const first = await succeed(world.rolekeeper(['get', 'dev']));
    await pass(61 * minute);
    expect(idOf(await succeed(world.rolekeeper(['get', 'dev'])))).not.toBe(idOf(first));
  });

  // It "took longer than 0 s" where the wall clock was set by less than a minute between the front and the program.
  it('expired: a deadline that is over is the work of a clock', async () => {
    const env = { ROLEKEEPER_DEADLINE: String(Date.now() - 50_000), ...world.env };
    const { stdout } = await succeed(world.startCommand(process.execPath, [`${world.program}.js`, 'get', 'dev'], { env }).ended);
    expect(stdout).toContain('"AccessKeyId"');
  });

  it('expired: it never prints what is over, and says what stood in the way', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    await pass(61 * minute);
    world.sts.fault({ kind: 'unavailable', status: 503 });
    expectRefusal(await world.rolekeeper(['get', 'dev']), 6, /AWS refused/, /hint/);
  });

  it('session over: what is valid is printed, then status 4 with the command to type', async () => {
    await pass(11 * 60 * minute + 30 * minute);
    await succeed(world.rolekeeper(['get', 'dev']));
    world.sts.advance(31 * minute);
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    const served = await succeed(world.rolekeeper(['get', 'dev']));
    expect(served.stderr).toBe('');
    world.sts.advance(31 * minute);
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    expectRefusal(await world.rolekeeper(['get', 'dev']), 4, /needs a new MFA login/, /run `rolekeeper login corp`/);
  });

  it('time runs out after 3.8 s, with "try again" and a refresh that goes on', async () => {
    world.sts.fault({ kind: 'slow', ms: 5_000, times: 1 });
    const ran = await world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AUTOSTART: '1' } });
    expectRefusal(ran, 7, /took longer than/, /try again/);
    expect(ran.tookMs).toBeLessThan(4_500);
    await expect
      .poll(async () => (await world.rolekeeper(['status', 'dev', '--json'])).stdout, { timeout: 15_000 })
      .toContain('secondsLeft');
    await succeed(world.rolekeeper(['get', 'dev']));
  });
});

describe('get that cannot', () => {
  beforeEach(async () => {
    world = await openWorld();
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
  });

  it('names the nearest profile for an unknown one', async () => {
    expectRefusal(await world.rolekeeper(['get', 'devv']), 3, /there is no profile "devv"/, /did you mean "dev"\?/);
  });

  it('names file and line of a malformed config', async () => {
    writeFileSync(world.configPath, '[profile a]\nregion = x\n[broken\n');
    expectRefusal(await world.rolekeeper(['get', 'a']), 3, /config:3: /, /hint/);
  });

  it('names a config that it may not read', async () => {
    rmSync(world.configPath);
    expectRefusal(
      await world.rolekeeper(['get', 'a'], { env: { AWS_CONFIG_FILE: world.home } }),
      3,
      /could not read .*not a file/,
      /hint/,
    );
  });

  it('does not wait for a pipe that somebody gives it for a config', async () => {
    await succeed(world.run('mkfifo', ['pipe']));
    expectRefusal(
      await world.rolekeeper(['get', 'a'], { env: { AWS_CONFIG_FILE: join(world.home, 'pipe') } }),
      3,
      /not a file/,
      /hint/,
    );
  });

  it('says what to type when the day has no login yet', async () => {
    expectRefusal(await world.rolekeeper(['get', 'dev']), 4, /needs today's MFA login/, /run `rolekeeper login corp`/);
  });

  it('says what to type when there are no keys', async () => {
    world.writeCredentials('');
    expectRefusal(
      await world.rolekeeper(['get', 'dev']),
      3,
      /needs the access keys "corp"/,
      /rolekeeper import corp.*rolekeeper add corp/,
    );
  });

  it('names the chain of a circle', async () => {
    world.writeConfig('[profile a]\nrole_arn = R\nsource_profile = b\n[profile b]\nrole_arn = R\nsource_profile = a\n');
    expectRefusal(await world.rolekeeper(['get', 'a']), 3, /a → b → a/, /change source_profile/);
  });

  it('says what the role lacks, in two lines; refresh shows the statements', async () => {
    world.writeConfig(
      usualConfig +
        rolePair('ext', { role_arn: roleArn('External'), source_profile: 'keys' }) +
        '[rolekeeper keys]\nkeys = corp\nregion = eu-west-1\nendpoint_url = $STS\n',
    );
    world.writeCredentials(usualCredentials.replace('[corp]', '[keys]'));
    expectRefusal(await world.rolekeeper(['get', 'ext']), 6, /AWS refused AssumeRole.*AccessDenied/, /hint/);
    const shown = await world.rolekeeper(['refresh', 'ext']);
    expect(shown.status).toBe(6);
    expect(shown.stderr).toContain('"Action": "sts:AssumeRole"');
    expect(shown.stderr).toContain(roleArn('External'));
    expect(shown.stderr).toContain('"Principal"');
  });

  it('says that nobody listens where AWS should be', async () => {
    const gone = createServer();
    await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done));
    const address = gone.address();
    await new Promise((done) => gone.close(done));
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    world.writeConfig(rolePair('open', { role_arn: roleArn('Open'), source_profile: 'keys' }));
    world.writeCredentials(usualCredentials.replace('[corp]', '[keys]'));
    expectRefusal(
      await world.rolekeeper(['get', 'open'], { env: { AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}` } }),
      7,
      /could not reach/,
      /network/,
    );
  });

  it('refuses what is not a get of one profile', async () => {
    expectRefusal(await world.rolekeeper(['get']), 2, /./, /hint/);
    expectRefusal(await world.rolekeeper(['get', 'a', 'b']), 2, /./, /hint/);
    expectRefusal(await world.rolekeeper(['get', '']), 2, /profile name/, /hint/);
    expectRefusal(await world.rolekeeper(['get', '../../etc\n']), 2, /profile name/, /hint/);
  });

  it('stops when a program that it runs itself leads back to it', async () => {
    world.writeConfig(usualConfig.replace('region', `mfa_process = ${join(process.cwd(), 'dist/rolekeeper')} get corp\nregion`));
    const ran = await world.rolekeeper(['login', 'corp']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain('leads back to rolekeeper itself');
  });

  it('knows nothing of AWS_PROFILE', async () => {
    expectRefusal(await world.rolekeeper(['get'], { env: { AWS_PROFILE: 'dev', MFA: mfaSerial } }), 2, /./, /hint/);
  });
});
