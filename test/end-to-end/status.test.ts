// status, refresh and demo as a person reads them.

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../harness/agent.ts';
import { startFakeAgent } from '../harness/fake-agent.ts';
import {
  machineState,
  openUsualWorld,
  openWorld,
  roleArn,
  rolePair,
  succeed,
  usualCredentials,
  type World,
} from '../harness/world.ts';

const minute = 60_000;
let world: World;
afterEach(() => world.close());

interface Shown {
  readonly store: { readonly kind: string; readonly answers: boolean };
  readonly profiles: readonly Readonly<Record<string, unknown>>[];
}

async function shown(): Promise<Shown> {
  const parsed: Shown = JSON.parse((await succeed(world.rolekeeper(['status', '--json']))).stdout);
  return parsed;
}

async function profile(name: string): Promise<Readonly<Record<string, unknown>>> {
  return (await shown()).profiles.find((one) => one['profile'] === name) ?? {};
}

describe('status', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
  });

  it('status shows what is cached, until when, and what happens next', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const { stdout, stderr } = await succeed(world.rolekeeper(['status']));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Store: the age store/);
    expect(stdout).toMatch(/^dev +222233334444 Dev +corp +59 min .* refreshed from (\d\d-\d\d )?\d\d:\d\d$/m);
    expect(stdout).toMatch(/^ops .*made at the next request$/m);
    expect(stdout).toMatch(/^corp +session +corp +11 h 59 min/m);
  });

  /** As a terminal of eighty columns shows it. */
  async function onTerminal(args: string, env: string): Promise<string> {
    const command = `stty cols 80 rows 24; TERM=xterm-256color ${env} ${world.program} status ${args}`;
    return (await world.run('script', ['-qec', command, '/dev/null'])).stdout;
  }

  it('status fits a terminal of eighty columns, with a bar of life left for each profile', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const shownThere = await onTerminal('', 'LC_ALL=C.UTF-8 NO_COLOR=1');
    expect(shownThere).not.toContain('\u001b');
    const lines = shownThere.replaceAll('\r', '').split('\n').slice(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines).toContainEqual(expect.stringMatching(/^PROFILE +LIFE +LEFT +SESSION UNTIL +NEXT$/));
    expect(lines).toContainEqual(expect.stringMatching(/^dev +█{8} +59 min +[\d: -]+refreshed from [\d: -]+$/));
  });

  it('status has colours on a terminal that knows them, and neither these nor bars elsewhere', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(await onTerminal('', 'LC_ALL=C')).toContain('\u001b[32m########\u001b[39m');
    expect(await onTerminal('', 'LC_ALL=C TERM=dumb')).not.toContain('\u001b');
    const piped = await succeed(world.rolekeeper(['status'], { env: { FORCE_COLOR: '1', LC_ALL: 'C.UTF-8' } }));
    expect(piped.stdout).not.toMatch(/█|LIFE|\[3\dm/);
  });

  it('status --watch draws anew on a new size, and gives the terminal back at Ctrl-C', async () => {
    const watcher = resolve('test/harness/watcher.py');
    const env = { TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
    const ran = await world.run('python3', [watcher, world.program, 'status', '--watch'], { env });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const [before, ...after] = ran.stdout.split('\u001b[?2026h');
    expect(before).toBe('\u001b[?1049h\u001b[?25l\u001b[?7l');
    const [narrow = '', wide = ''] = after;
    for (const text of [narrow, wide]) expect(text).toMatch(/corp +█{8} +11 h 59 min|corp +session +corp +█{8} +11 h/);
    expect(narrow).not.toContain('CREDENTIALS');
    expect(wide).toContain('CREDENTIALS');
    expect(ran.stdout.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(ran.stdout).not.toContain('\u001b[2J');
  });

  it('status --watch needs a terminal, and no --json', async () => {
    const refused = { status: 2, stdout: '' };
    expect(await world.rolekeeper(['status', '--watch'])).toMatchObject({
      ...refused,
      stderr: expect.stringContaining('status --watch needs a terminal to draw on'),
    });
    expect(await world.rolekeeper(['status', '--watch', '--json'])).toMatchObject({
      ...refused,
      stderr: expect.stringContaining('--json and --watch do not go together'),
    });
  });

  // What was served from the store stayed unknown to the state, and so to status and to the background refresh.
  it('status knows again what the store has, when the state was deleted and somebody asked', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const { expiresAt } = await profile('dev');
    rmSync(machineState(world), { recursive: true });
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['get', 'ops']));
    expect(await profile('dev')).toMatchObject({ expiresAt, sessionExpiresAt: expect.any(String) });
    expect(await profile('corp')).toMatchObject({ expiresAt: expect.any(String) });
    const { stderr } = await succeed(world.rolekeeper(['refresh', '--force']));
    for (const name of ['dev', 'ops']) expect(stderr).toContain(name);
  });

  it('status --json has every fact and no secret', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    expect((await shown()).store).toMatchObject({ kind: 'age', answers: true });
    expect(await profile('dev')).toMatchObject({
      kind: 'role',
      role: roleArn('Dev'),
      keys: 'corp',
      principal: 'arn:aws:iam::123456789012:user/alice',
      chain: ['dev', 'corp'],
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      secondsLeft: expect.any(Number),
      sessionExpiresAt: expect.any(String),
      lastRefreshAt: expect.any(String),
      notes: [],
    });
    expect(JSON.stringify(await shown())).not.toMatch(/secret|token|ASIA/i);
  });

  it('status keeps the last failure with its hint, until a refresh works', async () => {
    world.sts.fault({
      kind: 'error',
      code: 'AccessDenied',
      message: 'User is not authorized to perform: sts:AssumeRole',
      status: 403,
      times: 1,
    });
    await world.rolekeeper(['get', 'dev']);
    expect((await profile('dev'))['lastError']).toMatchObject({ code: 'aws-refused', hint: expect.any(String), count: 1 });
    expect((await world.rolekeeper(['status'])).stdout).toContain('rolekeeper refresh --force dev');
    expect(JSON.stringify((await profile('dev'))['lastError'])).toContain('sts:AssumeRole');
    await succeed(world.rolekeeper(['refresh', 'dev']));
    expect((await profile('dev'))['lastError']).toBeUndefined();
  });

  // A code that was refused in the morning stood there all day, with the time of a "next try" that nobody makes.
  it('status does not tell of a failure that threatens nothing: a valid session, fresh credentials', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    world.sts.fault({ kind: 'error', code: 'AccessDenied', message: 'no', status: 403, times: 1 });
    await world.rolekeeper(['refresh', '--force', 'dev']);
    for (const name of ['corp', 'dev']) expect((await profile(name))['lastError']).toBeUndefined();
    expect((await profile('corp'))['next']).toBe('log in: `rolekeeper login corp` before it ends');
    expect((await profile('dev'))['next']).toMatch(/^refreshed from /);
  });

  it('status of an unknown profile fails, and a misspelt setting is a note', async () => {
    expect(await world.rolekeeper(['status', 'devv'])).toMatchObject({ status: 3, stdout: '' });
    world.writeConfig(world.readConfig().replace('[rolekeeper dev]', '[rolekeeper dev]\nexternalid = x'));
    expect((await profile('dev'))['notes']).toEqual([
      expect.stringMatching(/"externalid" in \[rolekeeper dev\] \(line \d+\) is no setting/),
    ]);
  });

  // Only status said so, and the refusal sent people to the role's owner.
  it('a refusal names what stands in the recipe and is no setting', async () => {
    world.writeConfig(world.readConfig().replace('[rolekeeper dev]', '[rolekeeper dev]\nexternalid = x'));
    world.sts.fault({
      ...{ kind: 'error', code: 'AccessDenied', status: 403, times: 1 },
      message: 'User is not authorized to perform: sts:AssumeRole',
    });
    const ran = await world.rolekeeper(['get', 'dev']);
    expect(ran.stderr).toMatch(/not sent, since it is no setting: "externalid" in \[rolekeeper dev\] \(line \d+\)/);
  });

  it('status says when a login is needed', async () => {
    await succeed(world.rolekeeper(['logout', '--all']));
    expect((await profile('dev'))['next']).toBe('log in: `rolekeeper login corp`');
  });

  it('status shows broken profiles beside the others, and plaintext keys', async () => {
    world.writeConfig(
      `${world.readConfig()}${rolePair('bad', { role_arn: 'nonsense', source_profile: 'corp' })}${rolePair('plain', { role_arn: roleArn('Open'), source_profile: 'files' })}`,
    );
    world.writeCredentials(usualCredentials.replace('[corp]', '[files]'));
    expect(await profile('bad')).toMatchObject({ kind: 'broken', problem: { code: 'recipe-invalid' } });
    expect((await profile('plain'))['notes']).toEqual([expect.stringContaining('keys in plaintext')]);
    expect((await world.rolekeeper(['status'])).stdout).toContain('bad: profile "bad"');
  });

  it('status lives with state files that are cut off or full of rubbish', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const state = machineState(world);
    const files = readdirSync(state).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(2);
    for (const name of files) expect(statSync(join(state, name)).mode & 0o777).toBe(0o600);
    for (const [n, name] of files.entries())
      n % 2 === 0 ? truncateSync(join(state, name), 5) : writeFileSync(join(state, name), '\0\xff{[');
    await succeed(world.rolekeeper(['status']));
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(world.sts.calls().AssumeRole).toBe(1);
  });
});

describe('status of agent and service', () => {
  const utc = (ms: number) => `Thu ${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const unit = (name: string, more: string) => `Id=${name}\nLoadState=loaded\nResult=success\n${more}\n`;
  let bin: string;
  let env: Readonly<Record<string, string>>;
  let agent: RunningAgent | undefined;

  beforeEach(async () => {
    world = await openUsualWorld();
    bin = join(world.home, 'bin');
    mkdirSync(bin);
    env = { PATH: `${bin}:${world.env['PATH']}` };
  });
  afterEach(async () => {
    await agent?.kill();
    agent = undefined;
  });

  function systemctl(script: string): void {
    writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  function answers(...blocks: readonly string[]): void {
    writeFileSync(join(bin, 'answer'), blocks.join('\n'));
    systemctl(`cat '${bin}/answer'`);
  }

  /** What install writes down of one file and the program. */
  function record(kind: string, mode: string, more: Readonly<Record<string, unknown>> = {}): string {
    const path = join(world.home, `${kind}-${mode}`);
    writeFileSync(path, 'ours');
    const whole = { v: 1, kind, mode, files: [{ path, texts: ['ours'] }], directories: [], program: [world.program], ...more };
    writeFileSync(join(world.home, 'state', 'rolekeeper', 'service.json'), JSON.stringify(whole), { mode: 0o600 });
    return path;
  }

  async function background(): Promise<{ agent: Record<string, unknown>; service: Record<string, unknown> }> {
    return JSON.parse((await succeed(world.rolekeeper(['status', '--json'], { env }))).stdout);
  }

  const lines = async () => (await succeed(world.rolekeeper(['status'], { env }))).stdout.split('\n').slice(1, 4);

  it('status without agent and service says so in two lines', async () => {
    expect(await background()).toMatchObject({ agent: { running: false }, service: { installed: false } });
    expect(await lines()).toEqual(['Agent: not running', 'Service: not installed (`rolekeeper install`)', '']);
  });

  it('status shows the agent: since when, what it keeps fresh, when it refreshes next', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    agent = await startAgent(world);
    const shown = await background();
    expect(shown.agent).toEqual({
      running: true,
      pid: agent.pid,
      version: expect.any(String),
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      kept: 1,
      nextRefreshAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await lines())[0]).toMatch(/^Agent: running since [\d: -]+ \(process \d+\), keeps 1 fresh, next refresh [\d: -]+$/);
  });

  it.each([
    ['without a service', undefined, 'run `rolekeeper agent restart`'],
    ['of a service', 'xdg-autostart', 'run `rolekeeper install`'],
  ])('status says what to type for an agent of another version, %s', async (_what, kind, hint) => {
    if (kind !== undefined) record(kind, 'agent');
    const said = {
      v: 1,
      pid: 7,
      version: '9.9.9',
      uptimeSeconds: 60,
      socket: 's',
      callers: 1,
      cached: 0,
      refreshing: 0,
      planned: 2,
    };
    const body = JSON.stringify(said);
    const other = await startFakeAgent(world.env['ROLEKEEPER_RUNTIME_DIR'] ?? '', ({ end }) =>
      end(`!rolekeeper 1 exit 0 ${body.length}\n${body}`),
    );
    try {
      const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
      const shown = await background();
      expect(shown.agent).toMatchObject({ running: true, kept: 2, problem: `it is version 9.9.9, and this is ${version}`, hint });
      expect((await succeed(world.rolekeeper(['status'], { env }))).stdout).toContain(
        `; it is version 9.9.9, and this is ${version}\n`,
      );
    } finally {
      await other.close();
    }
  });

  it('status says what to type for an autostart entry whose agent is not running', async () => {
    record('xdg-autostart', 'agent');
    expect((await background()).service).toMatchObject({
      running: false,
      problem: 'its agent is not running',
      hint: 'it starts at login; now: `rolekeeper agent start`',
    });
  });

  it('status --prompt is what a running agent knows, and nothing without one', async () => {
    const prompt = async (...args: readonly string[]) =>
      (await succeed(world.rolekeeper(['status', '--prompt', ...args]))).stdout;
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(await prompt('dev')).toBe('');
    agent = await startAgent(world);
    expect(await prompt('dev')).toBe('dev 59m');
    expect(await prompt('corp')).toBe('corp 11h');
    expect(await prompt('ops')).toBe('ops');
    expect(await prompt('devv')).toBe('');
    await succeed(world.rolekeeper(['logout', '--all']));
    expect(await prompt('dev')).toBe('dev login');
    const { stderr } = await world.rolekeeper(['status', '--prompt', '--json']);
    expect(stderr).toContain('--json and --prompt do not go together');
  });

  it('status says when the agent does not answer, and does not wait for it', async () => {
    agent = await startAgent(world);
    process.kill(agent.pid, 'SIGSTOP');
    const shown = await background();
    expect(shown.agent).toMatchObject({ running: true, problem: 'it did not answer within 0.3 s', hint: expect.any(String) });
  });

  it('status shows a socket that systemd holds, and starts no agent by looking', async () => {
    record('systemd', 'agent');
    answers(unit('rolekeeper.socket', 'ActiveState=active'), unit('rolekeeper.service', 'ActiveState=inactive'));
    expect((await background()).service).toMatchObject({ installed: true, kind: 'systemd', mode: 'agent', running: true });
    const [agentLine, serviceLine] = await lines();
    expect(agentLine).toBe('Agent: started by the next program that asks');
    expect(serviceLine).toMatch(/^Service: systemd agent, running, last refresh /);
  });

  it('status shows the last and the next run of a timer', async () => {
    record('systemd', 'timer');
    const now = Math.floor(Date.now() / 1000) * 1000;
    const times = `LastTriggerUSec=${utc(now - minute)}\nNextElapseUSecRealtime=${utc(now + minute)}`;
    answers(
      unit('rolekeeper-refresh.timer', `ActiveState=active\n${times}`),
      unit('rolekeeper-refresh.service', 'ActiveState=inactive'),
    );
    const { service } = await background();
    expect(service).toMatchObject({ kind: 'systemd', mode: 'timer', running: true });
    const near = (at: unknown, ms: number) => expect(Math.abs(Date.parse(String(at)) - ms)).toBeLessThanOrEqual(2_000);
    near(service['lastRefreshAt'], now - minute);
    near(service['nextRefreshAt'], now + minute);
    expect((await lines())[1]).toMatch(/^Service: systemd timer, running, last refresh [\d: -]+, next [\d: -]+$/);
  });

  it.each([
    ['a stopped unit', 'ActiveState=inactive', {}, 'rolekeeper.socket is inactive'],
    [
      'a file that is missing',
      'ActiveState=active',
      { files: [{ path: '/nonexistent/unit', texts: [''] }] },
      '/nonexistent/unit is missing',
    ],
    [
      'a program that is gone',
      'ActiveState=active',
      { program: ['/nonexistent/node'] },
      'it runs /nonexistent/node, which is gone',
    ],
  ])('status says what to type for %s', async (_what, activity, more, problem) => {
    record('systemd', 'agent', more);
    answers(unit('rolekeeper.socket', activity), unit('rolekeeper.service', 'ActiveState=inactive'));
    expect((await background()).service).toMatchObject({ problem, hint: 'run `rolekeeper install`, which puts it right' });
    expect((await succeed(world.rolekeeper(['status'], { env }))).stdout).toContain(problem);
  });

  it('status says that a file was changed', async () => {
    const path = record('systemd', 'timer');
    writeFileSync(path, 'theirs');
    answers(unit('rolekeeper-refresh.timer', 'ActiveState=active'), unit('rolekeeper-refresh.service', 'ActiveState=inactive'));
    expect((await background()).service).toMatchObject({
      problem: `${path} is not as install left it`,
      hint: 'run `rolekeeper install --timer`, which puts it right',
    });
  });

  it('status lives without systemctl, and with one that hangs', async () => {
    record('systemd', 'timer');
    env = { PATH: bin };
    expect((await background()).service).toMatchObject({ problem: 'it cannot be asked: systemctl: there is no such program' });
    env = { PATH: `${bin}:/usr/bin:/bin` };
    systemctl("trap '' TERM; sleep 5; sleep 5");
    const ran = await succeed(world.rolekeeper(['status'], { env }));
    expect(ran.stdout).toContain('it cannot be asked: (ended after 0.5 s)');
    expect(ran.tookMs).toBeLessThan(4_000);
  });

  it('status lives with a record of a later version', async () => {
    record('systemd', 'agent', { v: 2 });
    expect((await background()).service).toMatchObject({ installed: true, problem: expect.any(String) });
    record('moonphase', 'agent');
    expect((await background()).service).toMatchObject({ problem: 'it was installed by a later version (moonphase, agent)' });
  });
});

describe('refresh', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
  });

  it('refresh without names refreshes what was asked for and is due, and nothing else', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['refresh']));
    expect(world.sts.calls().AssumeRole).toBe(1);
    world.sts.advance(43 * minute);
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    const ran = await succeed(world.rolekeeper(['refresh']));
    expect(ran.stderr).toMatch(/^dev: refreshed, until /m);
    expect(ran.stderr).not.toContain('ops');
    expect(ran.stdout).toBe('');
  });

  it('refresh --quiet says nothing and leaves the first failure in its status', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    world.sts.fault({ kind: 'unavailable', status: 503 });
    expect(await world.rolekeeper(['refresh', 'dev', 'ops', '--force', '--quiet'])).toMatchObject({
      status: 6,
      stdout: '',
      stderr: '',
    });
  });

  it('refresh of one profile that fails does not keep the next from it', async () => {
    const ran = await world.rolekeeper(['refresh', 'nobody', 'dev']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toMatch(/^dev: refreshed.*\nnobody: not refreshed\n/);
  });

  it('refresh says once what failed in the same way for several profiles, and for which', async () => {
    const env = { ROLEKEEPER_AGE_KEY_FILE: join(world.home, 'nowhere') };
    const ran = await world.rolekeeper(['refresh', 'dev', 'nobody', 'ops'], { env });
    expect(ran).toMatchObject({ status: 5, stdout: '' });
    const [first, ...lines] = ran.stderr.trimEnd().split('\n');
    expect(first).toBe('dev, ops: not refreshed');
    expect(lines.map((line) => line.replace(/^(nobody|rolekeeper: hint|rolekeeper).*$/, '$1'))).toEqual([
      'rolekeeper',
      'rolekeeper: hint',
      'nobody',
      'rolekeeper',
      'rolekeeper: hint',
    ]);
  });

  it('refresh carries roles past the end of their session', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    world.sts.advance(11 * 60 * minute + 40 * minute);
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    await succeed(world.rolekeeper(['get', 'dev']));
    world.sts.advance(16 * minute);
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    const before = world.sts.calls().AssumeRole;
    expect((await succeed(world.rolekeeper(['refresh', '--due']))).stderr).toMatch(/dev: refreshed/);
    expect(world.sts.calls().AssumeRole).toBeGreaterThan(before);
    world.sts.advance(20 * minute);
    await world.rolekeeper(['login', 'corp', '--code', '000000']);
    await succeed(world.rolekeeper(['get', 'dev']));
  });
});

describe('demo', () => {
  beforeEach(async () => {
    world = await openWorld();
  });

  it('demo shows a day, touches nothing of the home, shows no secret and leaves nothing behind', async () => {
    const before = readdirSync(world.home, { recursive: true }).sort();
    const ran = await succeed(world.rolekeeper(['demo', '--fast'], { env: { ROLEKEEPER_STORE: undefined } }));
    expect(ran.stdout).toContain('one MFA code');
    expect(ran.stdout).toContain(':assumed-role/Dev/alice');
    expect(ran.stdout).toContain('New credentials, and nobody was asked anything.');
    expect(ran.stdout).not.toMatch(/"SecretAccessKey":"[^[]/);
    expect(ran.stdout).not.toContain('wJalrXUtnFEMI');
    const sandbox = /A sandbox in (\S+):/.exec(ran.stdout)?.[1] ?? tmpdir();
    expect(() => statSync(sandbox)).toThrow('ENOENT');
    expect(readdirSync(world.home, { recursive: true }).sort()).toEqual(before);
  });
});
