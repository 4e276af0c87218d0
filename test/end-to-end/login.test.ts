// login and logout, as a person and as a script run them.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness/session-bus.ts';
import {
  accessKeyId,
  mfaSerial,
  openImportedWorld,
  type Ran,
  roleArn,
  rolePair,
  secretAccessKey,
  serialOnRoles,
  succeed,
  type World,
} from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openImportedWorld();
});
afterEach(() => world.close());

function sessionsGiven(): number {
  return world.sts.log().filter(({ operation, outcome }) => operation === 'GetSessionToken' && outcome === 'ok').length;
}

function codesSent(): number {
  return world.sts.log().filter(({ params }) => params['SerialNumber'] !== undefined).length;
}

/** `login corp` on a terminal, one line for each question. */
async function typed(lines: readonly string[]): Promise<Ran> {
  const { child, ended } = world.startCommand('script', ['-qec', `${world.program} login corp`, '/dev/null']);
  let screen = '';
  child.stdout?.on('data', (chunk: string) => {
    screen += chunk;
  });
  for (const line of lines) {
    await until(() => screen.includes(`MFA code of ${mfaSerial}`), 'the question');
    screen = '';
    child.stdin?.write(`${line}\r`);
    await until(() => screen.includes('\n'), 'the end of the line');
    screen = screen.slice(screen.indexOf('\n'));
  }
  return await ended;
}

describe('login', () => {
  it('login takes --code and says until when it covers whom', async () => {
    const ran = await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^logged in: all roles of "corp" until \d{4}-\d\d-\d\d \d\d:\d\d \(12 h\)\n$/);
  });

  it('login takes a code on stdin, with blanks in it', async () => {
    const code = world.sts.totp('alice');
    await succeed(world.rolekeeper(['login', 'corp'], { stdin: ` ${code.slice(0, 3)} ${code.slice(3)}\n` }));
    expect(sessionsGiven()).toBe(1);
  });

  it('login takes the code of mfa_process', async () => {
    world.writeConfig(
      world
        .readConfig()
        .replace('[rolekeeper corp]', `[rolekeeper corp]\nmfa_process = echo "your code: ${world.sts.totp('alice')}."`),
    );
    await succeed(world.rolekeeper(['login', 'corp']));
    expect(sessionsGiven()).toBe(1);
  });

  it.each([
    ['exit 3', /ended with status 3/],
    ['echo 12345', /0 six-digit codes/],
    ['echo 123456 654321', /2 six-digit codes/],
    ['no-such-program-anywhere', /ended with status 127/],
    ['yes', /printed too much/],
  ])('login says what is wrong with mfa_process = %s, and sends nothing', async (command, words) => {
    world.writeConfig(world.readConfig().replace('[rolekeeper corp]', `[rolekeeper corp]\nmfa_process = ${command}`));
    const ran = await world.rolekeeper(['login', 'corp']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toMatch(words);
    expect(codesSent()).toBe(0);
  });

  it('login asks on a terminal and shows nothing of the code', async () => {
    const code = world.sts.totp('alice');
    const ran = await typed([code]);
    expect(ran.stdout).toContain('logged in');
    expect(ran.stdout).not.toContain(code);
    expect(sessionsGiven()).toBe(1);
  });

  it('login asks again on a terminal for what is no code, and sends the code alone', async () => {
    const ran = await typed(['12345', 'abcdef', world.sts.totp('alice')]);
    expect(ran.stdout).toContain('logged in');
    expect(ran.stdout.match(/exactly six digits/g)).toHaveLength(2);
    expect(codesSent()).toBe(1);
  });

  it('login gives up on a terminal after three tries that were no codes, and has sent nothing', async () => {
    const ran = await typed(['12345', '1234567', 'x']);
    expect(ran.status).toBe(2);
    expect(ran.stdout.match(/exactly six digits/g)).toHaveLength(3);
    expect(codesSent()).toBe(0);
  });

  it('login asks once on a terminal for the next code after a wrong one, and never sends the same twice', async () => {
    const ran = await typed(['000000', '000000', world.sts.totp('alice')]);
    expect(ran.stdout).toContain('Wait for the next code (30 s at most), then once more:');
    expect(ran.stdout).toContain('that is the code that AWS has just refused; nothing was sent. Once more:');
    expect(ran.stdout).toContain('logged in');
    expect(codesSent()).toBe(2);
  });

  it('login gives up on a terminal after the second wrong code', async () => {
    expect((await typed(['000000', '000001'])).status).toBe(6);
    expect(codesSent()).toBe(2);
  });

  it('login without a terminal and without a code says how to give one', async () => {
    const ran = await world.rolekeeper(['login', 'corp']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain('rolekeeper login corp --code 123456');
  });

  it('login sends a wrong code once, and says to wait for the next', async () => {
    const ran = await world.rolekeeper(['login', 'corp', '--code', '000000']);
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(ran.stderr).toMatch(/refused the MFA code.*\n.*wait for the next code/);
    expect(codesSent()).toBe(1);
  });

  it('login sends a used code once, and a failed login harms no session', async () => {
    const code = world.sts.totp('alice');
    await succeed(world.rolekeeper(['login', 'corp', '--code', code]));
    expect((await world.rolekeeper(['login', 'corp', '--code', code])).status).toBe(6);
    expect(codesSent()).toBe(2);
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('login refuses what is no code before anything is sent', async () => {
    const ran = await world.rolekeeper(['login', 'corp', '--code', '12345']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(codesSent()).toBe(0);
  });

  it('a bare login takes the only source', async () => {
    await succeed(world.rolekeeper(['login', '--code', world.sts.totp('alice')]));
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('a bare login with several sources takes default, else AWS_PROFILE, else names them', async () => {
    world.writeConfig(`${world.readConfig()}\n[rolekeeper second]\nkeys = corp\nmfa_serial = ${mfaSerial}2\n`);
    const ran = await world.rolekeeper(['login', '--code', '123456']);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('corp, second');
    await succeed(world.rolekeeper(['login', '--code', world.sts.totp('alice')], { env: { AWS_PROFILE: 'corp' } }));
    world.writeConfig(
      `${world.readConfig()}\n[rolekeeper default]\nregion = eu-west-1\nendpoint_url = ${world.sts.url}\nkeys = corp\nmfa_serial = ${mfaSerial}\nsession_duration_seconds = 900\n`,
    );
    world.sts.advance(30_000);
    expect((await succeed(world.rolekeeper(['login', '--code', world.sts.totp('alice')]))).stderr).toContain('(15 min)');
  });

  // The usual form of AWS: a bare login asked which of two profiles, though one code covers both.
  it('a bare login takes roles that name the device themselves as one, and tells whoever names their keys', async () => {
    world.writeConfig(serialOnRoles(world.readConfig()));
    const ran = await succeed(world.rolekeeper(['login', '--code', world.sts.totp('alice')]));
    expect(ran.stderr).toContain('logged in: all roles of "corp"');
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['get', 'ops']));
    expect(sessionsGiven()).toBe(1);
    const { stderr } = await succeed(world.rolekeeper(['login', 'corp']));
    expect(stderr).toMatch(
      /^"corp" needs no login \(no mfa_serial\); .*\nthe profiles behind it that need one: `rolekeeper login dev`\n$/,
    );
  });

  it('login of a role of twelve hours spends its code on that role', async () => {
    world.writeConfig(
      world.readConfig() +
        rolePair('long', { role_arn: roleArn('Long'), source_profile: 'corp', duration_seconds: '43200' }).replaceAll(
          '$STS',
          world.sts.url,
        ),
    );
    const asked = await world.rolekeeper(['get', 'long']);
    expect(asked.stderr).toMatch(/needs an MFA login of its own.*\n.*rolekeeper login long/);
    const ran = await succeed(world.rolekeeper(['login', 'long', '--code', world.sts.totp('alice')]));
    expect(ran.stderr).toMatch(/"long" until .* \(12 h\)/);
    await succeed(world.rolekeeper(['get', 'long']));
    expect((await world.rolekeeper(['get', 'dev'])).status).toBe(4);
    expect(world.sts.calls()).toMatchObject({ AssumeRole: 1, GetSessionToken: 0 });
  });

  it('login of a profile without MFA shows that it works', async () => {
    world.writeConfig(
      world.readConfig() +
        rolePair('open', { role_arn: roleArn('Open'), source_profile: 'plain' }).replaceAll('$STS', world.sts.url) +
        `[rolekeeper plain]\nkeys = corp\nregion = eu-west-1\n`,
    );
    const ran = await succeed(world.rolekeeper(['login', 'open']));
    expect(ran.stderr).toContain('needs no login');
  });

  it('login finds a clock that is an hour off before it spends the code', async () => {
    world.sts.advance(60 * 60_000);
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    expect(codesSent()).toBe(1);
    const ran: Ran = await succeed(world.rolekeeper(['get', 'dev']));
    const document: { Expiration: string } = JSON.parse(ran.stdout);
    // On the caller's own clock: an hour from now, not two.
    expect(Math.abs(Date.parse(document.Expiration) - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  it('login without keys asks for no code', async () => {
    world.writeConfig(`[rolekeeper lost]\nmfa_serial = ${mfaSerial}\n`);
    const ran = await world.rolekeeper(['login', 'lost'], { stdin: '123456\n' });
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain('rolekeeper import lost');
  });
});

describe('logout', () => {
  beforeEach(async () => {
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['get', 'ops']));
  });

  it.each(['corp', 'dev'])('logout %s forgets the session and every role behind it, and keeps the keys', async (profile) => {
    expect((await succeed(world.rolekeeper(['logout', profile]))).stderr).toMatch(/logged out of .*dev.*: 3 items removed/);
    for (const one of ['dev', 'ops', 'corp']) expect((await world.rolekeeper(['get', one])).status).toBe(4);
    world.sts.advance(30_000);
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('logout --all forgets what no profile leads to any more, and needs no config for it', async () => {
    world.writeConfig('');
    expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toMatch(/3 items removed/);
    expect((await succeed(world.rolekeeper(['logout', '--all']))).stderr).toMatch(
      /^nothing to forget: no session is stored here/,
    );
  });

  it('logout without a profile takes AWS_PROFILE, else says what to type', async () => {
    expect((await world.rolekeeper(['logout'])).status).toBe(2);
    await succeed(world.rolekeeper(['logout'], { env: { AWS_PROFILE: 'corp' } }));
  });
});

describe('exec and env', () => {
  beforeEach(async () => {
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
  });

  it('exec gives the program credentials, region and nothing of a profile, and passes its status on', async () => {
    const env = { AWS_PROFILE: 'dev', AWS_SESSION_TOKEN: 'old', AWS_ACCESS_KEY_ID: 'old' };
    const ran = await world.rolekeeper(
      ['exec', 'dev', '--', 'sh', '-c', 'echo "$AWS_ACCESS_KEY_ID/$AWS_REGION/$AWS_PROFILE"; exit 7'],
      { env },
    );
    expect(ran.stdout).toMatch(/^ASIA[A-Z0-9]+\/eu-west-1\/\n$/);
    expect(ran.status).toBe(7);
  });

  it('exec says which program it cannot run, and a killed one gives 128 and its signal', async () => {
    expect(await world.rolekeeper(['exec', 'dev', '--', '/no/such/program'])).toMatchObject({ status: 2, stdout: '' });
    expect((await world.rolekeeper(['exec', 'dev', '--', 'sh', '-c', 'kill -9 $$'])).status).toBe(137);
    expect((await world.rolekeeper(['exec', 'dev'])).status).toBe(2);
  });

  it('exec passes SIGTERM on and waits for its child', async () => {
    const { child, ended } = world.start([
      'exec',
      'dev',
      '--',
      'sh',
      '-c',
      'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    let seen = '';
    child.stdout?.on('data', (chunk: string) => {
      seen += chunk;
    });
    await until(() => seen.includes('up'), 'the child');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 5, stdout: 'up\nbye\n' });
  });

  it.each(['sh', 'dotenv'])('env --shell %s prints lines that a shell evaluates', async (shell) => {
    const { stdout } = await succeed(world.rolekeeper(['env', 'dev', '--shell', shell]));
    const ran = await world.run('sh', ['-c', `set -a; ${stdout}\necho "$AWS_ACCESS_KEY_ID $AWS_REGION"`]);
    expect(ran.stdout).toMatch(/^ASIA\S+ eu-west-1\n$/);
    expect(stdout).toMatch(/AWS_CREDENTIAL_EXPIRATION='?\d{4}-/);
  });

  it('env knows other shells, and refuses ones that it does not', async () => {
    expect((await succeed(world.rolekeeper(['env', 'dev', '--shell', 'fish']))).stdout).toContain("set -gx AWS_SESSION_TOKEN '");
    expect((await succeed(world.rolekeeper(['env', 'dev', '--shell', 'powershell']))).stdout).toContain(
      "$Env:AWS_SESSION_TOKEN = '",
    );
    expect((await world.rolekeeper(['env', 'dev', '--shell', 'perl'])).status).toBe(2);
  });
});

describe('session = none', () => {
  it('gives the long-term keys themselves, with no end, and only then', async () => {
    world.writeConfig('[rolekeeper corp]\nsession = none\n');
    const document: unknown = JSON.parse((await succeed(world.rolekeeper(['get', 'corp']))).stdout);
    expect(document).toEqual({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey });
  });
});

describe('the first minute after a login', () => {
  const rolesGiven = () =>
    world.sts.log().filter(({ operation, outcome }) => operation === 'AssumeRole' && outcome === 'ok').length;
  const logIn = (env: Readonly<Record<string, string>>) =>
    succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')], { env }));

  /** Yesterday dev was used, and ops by a program that was given its credentials once. */
  beforeEach(async () => {
    await logIn({});
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['exec', 'ops', '--', 'true']));
    world.sts.advance(13 * 3_600_000);
  });

  /** What `install --timer` writes down. */
  function chooseTimer(): void {
    const record = { v: 1, kind: 'systemd', mode: 'timer', files: [], directories: [] };
    writeFileSync(join(world.home, 'state', 'rolekeeper', 'service.json'), JSON.stringify(record), { mode: 0o600 });
  }

  it('with a timer, login refreshes what was used lately and nothing else, and starts no agent; so does no get', async () => {
    chooseTimer();
    const before = rolesGiven();
    await logIn({ ROLEKEEPER_AUTOSTART: '1' });
    await until(() => rolesGiven() > before, 'the refresh after the login');
    const log = world.sts.log();
    expect(log.at(-1)?.params['RoleArn']).toBe(roleArn('Dev'));
    await succeed(world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AUTOSTART: '1' } }));
    expect(rolesGiven()).toBe(before + 1);
    expect(existsSync(join(world.home, 'run', 'agent.sock'))).toBe(false);
  });

  it('without a service, login starts the agent, which refreshes what was used lately', async () => {
    const before = rolesGiven();
    await logIn({ ROLEKEEPER_AUTOSTART: '1' });
    try {
      await until(() => rolesGiven() > before, 'the agent refreshes after the login');
    } finally {
      await until(async () => (await world.rolekeeper(['agent', 'stop'])).stderr.startsWith('agent stopped'), 'the agent ends');
    }
  });

  it('with autostart off, login starts nothing', async () => {
    chooseTimer();
    const before = rolesGiven();
    await logIn({ ROLEKEEPER_AUTOSTART: '0' });
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(rolesGiven()).toBe(before + 1);
  });
});
