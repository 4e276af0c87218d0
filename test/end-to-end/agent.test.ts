// The agent from outside: the built program, its socket, its processes. Callers come through the native front.

import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, socketOf, startAgent, statusOf } from '../harness/agent.ts';
import { MovedClock } from '../harness/moved-clock.ts';
import { type SessionBus, startSessionBus, until } from '../harness/session-bus.ts';
import { openUsualWorld, program, type Ran, roleArn, rolePair, succeed, usualConfig, type World } from '../harness/world.ts';

let world: World;
let agent: RunningAgent | undefined;

afterEach(async () => {
  await agent?.kill();
  agent = undefined;
  await world.close();
});

function keyIdOf({ stdout }: Ran): string {
  const { AccessKeyId: id }: { AccessKeyId: string } = JSON.parse(stdout);
  return id;
}

async function got(profile: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const ran = await succeed(world.rolekeeper(['get', profile], { env }));
  expect(ran.stderr).toBe('');
  return keyIdOf(ran);
}

/** By the Node program, as the front starts it when it has passed over the agent. */
function byNode(profile: string): Promise<Ran> {
  const env = { ROLEKEEPER_DEADLINE: String(Date.now() + 3_500) };
  return world.run(process.execPath, [`${program}.js`, 'get', profile], { env });
}

async function gotByNode(profile: string): Promise<string> {
  const ran = await succeed(byNode(profile));
  expect(ran.stderr).toBe('');
  return keyIdOf(ran);
}

function assumed(): number {
  return world.sts.calls().AssumeRole;
}

describe('the agent', () => {
  beforeEach(async () => {
    world = await openUsualWorld();
    agent = await startAgent(world);
  });

  it('answers from memory what the store was asked for once', async () => {
    const first = await got('dev');
    expect(assumed()).toBe(1);
    expect(await got('dev')).toBe(first);
    expect(assumed()).toBe(1);
    expect(await statusOf(world)).toMatchObject({
      v: 1,
      running: true,
      pid: agent?.pid,
      cached: 1,
      planned: 1,
      profiles: ['dev'],
      version: '0.1.0',
    });
    const { stdout } = await succeed(world.rolekeeper(['agent', 'status']));
    expect(stdout).toMatch(/^keeps fresh: dev\nnext refresh (\d\d-\d\d )?\d\d:\d\d$/m);
  });

  it('has a socket that is closed to others, in a directory that is', () => {
    expect(lstatSync(socketOf(world)).mode & 0o777).toBe(0o600);
    expect(lstatSync(dirname(socketOf(world))).mode & 0o777).toBe(0o700);
  });

  it('is the only one: a second one leaves at once and says so', async () => {
    const second = await world.rolekeeper(['agent', 'run']);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toBe(
      'rolekeeper: another agent of yours is running already\nrolekeeper: hint: run `rolekeeper agent status`, or `rolekeeper agent restart`\n',
    );
    expect((await succeed(world.rolekeeper(['agent', 'start']))).stderr).toContain(`process ${agent?.pid}`);
  });

  it('makes one AssumeRole for a hundred cold callers, and all of them get its result', async () => {
    world.sts.fault({ kind: 'slow', ms: 300, operation: 'AssumeRole' });
    const all = await Promise.all(Array.from({ length: 100 }, () => world.rolekeeper(['get', 'dev'])));
    expect(all.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)).toEqual([]);
    expect(new Set(all.map(keyIdOf)).size).toBe(1);
    expect(assumed()).toBe(1);
  });

  it('gives one failure to all who waited for it, with the lines of a process of its own', async () => {
    world.writeConfig(`${world.readConfig()}\n${rolePair('gone', { role_arn: roleArn('Gone'), source_profile: 'corp' })}`);
    const all = await Promise.all(Array.from({ length: 20 }, () => world.rolekeeper(['get', 'gone'])));
    expect(assumed()).toBe(1);
    const alone = await world.rolekeeper(['get', 'gone'], { env: { ROLEKEEPER_RUNTIME_DIR: '/proc/nonexistent' } });
    expect(new Set(all.map(({ stderr, status }) => `${status} ${stderr}`))).toEqual(new Set([`${alone.status} ${alone.stderr}`]));
  });

  it('answers for an edited recipe with credentials of its own, at once', async () => {
    const before = await got('dev');
    world.writeConfig(world.readConfig().replace(roleArn('Dev'), roleArn('Ops')));
    const after = await got('dev');
    expect(after).not.toBe(before);
    expect(await got('ops')).toBe(after);
    world.writeConfig(world.readConfig().replace(roleArn('Ops'), roleArn('Dev')));
    expect(await got('dev')).toBe(before);
  });

  it('says what is wrong with the config as a process of its own does, and suggests the nearest profile', async () => {
    const unknown = await world.rolekeeper(['get', 'deb']);
    expect(unknown).toMatchObject({ status: 3, stdout: '' });
    expect(unknown.stderr).toContain('"dev"');
    world.writeConfig('[profile dev\n');
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 3, stdout: '' });
  });

  it('has nothing any more after a logout, and everything again after a login', async () => {
    await got('dev');
    await succeed(world.rolekeeper(['logout', 'corp']));
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 4, stdout: '' });
    world.sts.advance(30_000);
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    await got('dev');
    expect(assumed()).toBe(2);
  });

  it('answers with what `refresh --force` brought, not with what it had', async () => {
    const first = await got('dev');
    await succeed(world.rolekeeper(['refresh', 'dev', '--force']));
    const second = await got('dev');
    expect(second).not.toBe(first);
    expect(assumed()).toBe(2);
  });

  it('passes on a caller with another home, who is answered by a process of its own', async () => {
    await got('dev');
    const other = await world.rolekeeper(['get', 'dev'], { env: { HOME: '/nonexistent' } });
    expect(other).toMatchObject({ status: 3, stdout: '' });
    const state = { ROLEKEEPER_STATE_DIR: `${world.home}/other-state` };
    expect((await world.rolekeeper(['get', 'dev'], { env: state })).status).toBe(3);
  });

  // One user, two homes, one runtime directory: the commands of one spoke to the agent of the other as if it were theirs.
  it('is none of another home, whose commands leave it alone and say whose it is', { timeout: 120_000 }, async () => {
    const id = await got('dev');
    const env = { HOME: join(world.home, 'second'), XDG_STATE_HOME: join(world.home, 'second', 'state') };
    mkdirSync(env.HOME);
    const second = (...args: readonly string[]) => world.rolekeeper(args, { env });
    const refusal = [
      `rolekeeper: the agent at ${socketOf(world)} belongs to another HOME or state directory of yours`,
      'rolekeeper: hint: give this HOME a place of its own, for all its programs: `export ROLEKEEPER_RUNTIME_DIR=DIRECTORY`, then `rolekeeper agent start`\n',
    ].join('\n');
    for (const action of ['status', 'start', 'stop', 'restart']) {
      expect(await second('agent', action)).toMatchObject({ status: 1, stdout: '', stderr: refusal });
    }
    expect(JSON.parse((await second('agent', 'status', '--json')).stdout)).toEqual({ v: 1, running: false });
    const nothing = "nothing is open: no agent is running for this HOME; the one that runs is another HOME's\n";
    expect(await second('lock')).toMatchObject({ status: 0, stderr: nothing });
    const shown = (await second('status')).stdout;
    expect(shown).toContain(`Agent: not running; the agent at ${socketOf(world)} belongs to another HOME`);
    expect(shown).not.toContain('keeps 1 fresh');
    await succeed(second('uninstall', '--purge', '--yes'));
    expect(await got('dev')).toBe(id);
    expect(await statusOf(world)).toMatchObject({ pid: agent?.pid, cached: 1 });
  });

  it('beside another home has a place of its own, where all commands of its home find it', async () => {
    const env = { HOME: join(world.home, 'second'), XDG_STATE_HOME: join(world.home, 'second', 'state') };
    mkdirSync(env.HOME);
    const own = { ...env, ROLEKEEPER_RUNTIME_DIR: join(world.home, 'second-run') };
    const { stderr } = await succeed(world.rolekeeper(['agent', 'start'], { env: own }));
    const [its] = /process \d+/.exec(stderr) ?? ['no process'];
    for (const asked of [own, env]) {
      const { stdout } = await succeed(world.rolekeeper(['agent', 'status'], { env: asked }));
      expect(stdout).toContain(its);
      expect(stdout).toContain(own.ROLEKEEPER_RUNTIME_DIR);
    }
    await succeed(world.rolekeeper(['agent', 'stop'], { env }));
    expect((await world.rolekeeper(['agent', 'status'], { env: own })).stderr).toContain('no agent answers at');
    expect(await statusOf(world)).toMatchObject({ pid: agent?.pid });
  });

  it('reads a relative config file in the directory of the caller', async () => {
    writeFileSync(`${world.home}/other-config`, world.readConfig().replaceAll(roleArn('Dev'), roleArn('Ops')));
    const dev = await got('dev');
    expect(await got('dev', { AWS_CONFIG_FILE: 'other-config' })).not.toBe(dev);
  });

  it('ends cleanly on SIGTERM: no socket, status 0, and the next caller is answered all the same', async () => {
    await got('dev');
    const ended = agent?.running.ended;
    await agent?.end();
    agent = undefined;
    expect(await ended).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(existsSync(socketOf(world))).toBe(false);
    await got('dev');
    expect(assumed()).toBe(1);
  });

  it('finishes a refresh that is under way before it ends', async () => {
    world.sts.fault({ kind: 'slow', ms: 700, operation: 'AssumeRole' });
    const caller = world.start(['get', 'dev']);
    await until(() => assumed() === 1, 'the refresh began');
    await succeed(world.rolekeeper(['agent', 'stop']));
    agent = undefined;
    expect((await caller.ended).status).toBe(0);
    expect(assumed()).toBe(1);
  });

  it('leaves its place behind when it is killed; the next agent takes it', async () => {
    await got('dev');
    await agent?.kill();
    expect(existsSync(socketOf(world))).toBe(true);
    await got('dev');
    agent = await startAgent(world);
    await got('dev');
    expect(assumed()).toBe(1);
  });

  it('stopped by a signal: callers go their own way within 4 s', async () => {
    await got('dev');
    if (agent !== undefined) process.kill(agent.pid, 'SIGSTOP');
    const ran = await succeed(world.rolekeeper(['get', 'dev']));
    expect(ran.tookMs).toBeLessThan(4_000);
    expect(assumed()).toBe(1);
  });

  it('keeps open no file that whoever started it had open', async () => {
    await agent?.end();
    agent = undefined;
    const script = `exec 200>held.lock; flock -n 200; '${program}' agent start`;
    await succeed(world.run('bash', ['-c', script]));
    await succeed(world.run('flock', ['-n', 'held.lock', 'true']));
    await succeed(world.rolekeeper(['agent', 'stop']));
  });

  it('frozen, or where nobody looks for it, is never called absent', async () => {
    const pid = agent?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    for (const command of [['agent', 'stop'], ['agent', 'start'], ['agent', 'status'], ['lock']]) {
      const ran = await world.rolekeeper(command);
      expect(ran).toMatchObject({ status: 1, stdout: '' });
      expect(ran.stderr).toContain(`process ${pid}`);
    }
    process.kill(pid, 'SIGCONT');
    const elsewhere = { ROLEKEEPER_RUNTIME_DIR: join(world.home, 'elsewhere') };
    expect((await succeed(world.rolekeeper(['agent', 'status'], { env: elsewhere }))).stdout).toContain(`process ${pid}`);
    await succeed(world.rolekeeper(['agent', 'stop'], { env: elsewhere }));
    agent = undefined;
    expect(existsSync(socketOf(world))).toBe(false);
  });

  it('does not start in a place that callers do not trust, and leaves one that has become so', { timeout: 40_000 }, async () => {
    const link = join(world.home, 'link');
    symlinkSync(dirname(socketOf(world)), link);
    const ended = agent?.running.ended;
    chmodSync(dirname(socketOf(world)), 0o755);
    expect(await ended).toMatchObject({ status: 0 });
    agent = undefined;
    const ran = await world.rolekeeper(['agent', 'run'], { env: { ROLEKEEPER_RUNTIME_DIR: link } });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('link');
  });

  it('is not held up by a pipe in the place of a key file or a certificate bundle', async () => {
    const pipe = join(world.home, 'pipe');
    await succeed(world.run('mkfifo', [pipe]));
    expect((await world.rolekeeper(['get', 'dev'], { env: { ROLEKEEPER_AGE_KEY_FILE: pipe } })).status).toBe(5);
    const bundle = { AWS_CA_BUNDLE: pipe, AWS_ENDPOINT_URL_STS: 'https://127.0.0.1:9' };
    expect((await world.rolekeeper(['get', 'dev'], { env: bundle })).status).not.toBe(0);
    await got('dev');
  });

  it('takes no harm from garbage, half requests, and callers that hang', async () => {
    const strangers = [
      '',
      'rolekeeper 1 100000\n',
      `${'x'.repeat(5_000)}\n`,
      'rolekeeper 1 12\nget\0dev\0x\0/\0\0',
      'rolekeeper 9 1\n\0',
    ];
    const sockets = strangers.map((bytes) =>
      createConnection(socketOf(world))
        .on('error', () => undefined)
        .end(bytes)
        .resume(),
    );
    const silent = Array.from({ length: 200 }, () => createConnection(socketOf(world)).on('error', () => undefined));
    const ran = await succeed(world.rolekeeper(['get', 'dev']));
    expect(ran.tookMs).toBeLessThan(2_500);
    await got('dev');
    for (const socket of [...sockets, ...silent]) socket.destroy();
    expect(await statusOf(world)).toMatchObject({ cached: 1 });
  });

  it('shows no secret in its arguments, its environment and the state directory', async () => {
    const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
    const { SecretAccessKey: secret, SessionToken: token }: Record<string, string> = JSON.parse(stdout);
    const seen = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${agent?.pid}/${name}`, 'utf8')).join('');
    expect(seen).toContain('agent');
    for (const part of [secret, token]) expect(seen).not.toContain(part);
    expect(readFileSync(`/proc/${agent?.pid}/coredump_filter`, 'utf8').trim()).toBe('00000000');
    expect(readFileSync(`/proc/${agent?.pid}/limits`, 'utf8')).toMatch(/Max core file size +0 /);
  });
});

describe('the agent on a keychain', () => {
  let bus: SessionBus;
  beforeEach(async () => {
    bus = await startSessionBus();
    world = await openUsualWorld({ keychainEnv: bus.env });
    agent = await startAgent(world);
  });
  afterEach(() => bus.stop());

  it('goes on answering from memory while the keychain is locked, frozen or gone', async () => {
    const first = await got('dev');
    bus.lock();
    expect(await got('dev')).toBe(first);
    // It was told to forget everything, though nothing had come of the login.
    expect(await world.rolekeeper(['login', 'corp', '--code', '123456'])).toMatchObject({ status: 5 });
    expect(await got('dev')).toBe(first);
    const { stdout } = await succeed(world.rolekeeper(['exec', 'dev', '--', 'printenv', 'AWS_ACCESS_KEY_ID']));
    expect(stdout).toBe(`${first}\n`);
    await bus.restartKeyring('unlocked');
    bus.freeze();
    expect(await got('dev')).toBe(first);
    bus.thaw();
    await bus.killKeyring();
    expect(await got('dev')).toBe(first);
  });

  // The front passed over an agent that was too starved to answer at once, and the Node program failed with status 5 beside it.
  it('is asked by the Node program as well, where that finds the keychain locked, frozen or gone', {
    timeout: 60_000,
  }, async () => {
    const first = await got('dev');
    bus.lock();
    expect(await gotByNode('dev')).toBe(first);
    await bus.restartKeyring('unlocked');
    bus.freeze();
    expect(await gotByNode('dev')).toBe(first);
    bus.thaw();
    await bus.killKeyring();
    expect(await gotByNode('dev')).toBe(first);
    expect(await byNode('ops')).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringMatching(/^rolekeeper: .*keyring.*\n.*hint: .*\n$/),
    });
  });

  it('stopped, is waited for no longer than a get may take, and the failure is that of the keychain', async () => {
    await got('dev');
    bus.freeze();
    if (agent !== undefined) process.kill(agent.pid, 'SIGSTOP');
    const ran = await world.rolekeeper(['get', 'dev']);
    bus.thaw();
    expect(ran).toMatchObject({ status: 5, stdout: '', stderr: expect.stringContaining('no answer in ') });
    expect(ran.tookMs).toBeLessThan(4_000);
  });

  it('has what it keeps fresh in memory from its start on, before anybody asks', async () => {
    const first = await got('dev');
    await agent?.end();
    agent = await startAgent(world);
    await until(async () => (await statusOf(world))['cached'] === 1, 'the agent took it in');
    bus.lock();
    expect(await got('dev')).toBe(first);
  });

  it('says that the keychain is locked for what it does not have, and has it after the unlock', async () => {
    bus.lock();
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 5, stdout: '' });
    await bus.restartKeyring('unlocked');
    await got('dev');
    expect(assumed()).toBe(1);
  });

  it('answers a caller without a session bus in its environment over its own', async () => {
    const first = await got('dev');
    const bare = await world.run('env', ['-u', 'DBUS_SESSION_BUS_ADDRESS', '-u', 'XDG_RUNTIME_DIR', program, 'get', 'dev']);
    expect(keyIdOf(await succeed(Promise.resolve(bare)))).toBe(first);
  });
});

describe('the agent by itself', () => {
  const minute = 60_000;
  let clock: MovedClock;
  beforeEach(async () => {
    world = await openUsualWorld();
    mkdirSync(dirname(socketOf(world)), { recursive: true, mode: 0o700 });
    clock = new MovedClock();
  });
  afterEach(() => clock.close());

  function moveAll(ms: number): void {
    world.sts.advance(ms);
    clock.move(ms);
  }

  it('refreshes what is due at its next ring, so that no caller waits for AWS', { timeout: 60_000 }, async () => {
    agent = await startAgent(world, { env: clock.env });
    const first = await got('dev', clock.env);
    moveAll(45 * minute);
    await until(() => assumed() === 2, 'the agent refreshed by itself', 25_000);
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole' });
    const second = await got('dev', clock.env);
    expect(second).not.toBe(first);
    expect(await statusOf(world)).toMatchObject({ planned: 1, cached: 1 });
  });

  it('serves what is valid while AWS is down, and asks again when it is back', { timeout: 60_000 }, async () => {
    agent = await startAgent(world, { env: clock.env });
    const first = await got('dev', clock.env);
    world.sts.fault({ kind: 'reset', operation: 'AssumeRole', times: 3 });
    moveAll(50 * minute);
    expect(await got('dev', clock.env)).toBe(first);
    await until(async () => (await got('dev', clock.env)) !== first, 'new credentials after the outage', 40_000);
  });

  // A unit of it is test/refresh/slept-chain.test.ts.
  it.each(['the agent', 'a process of its own'])('a sleep between the two calls of a chain is no failure of %s', async (who) => {
    if (who === 'the agent') agent = await startAgent(world, { env: clock.env });
    world.writeConfig(usualConfig + rolePair('far', { role_arn: roleArn('Far'), source_profile: 'ops' }));
    world.sts.fault({ kind: 'slow', ms: 500, operation: 'AssumeRole', times: 2 });
    const caller = world.start(['get', 'far'], { env: clock.env });
    await until(() => assumed() === 2, 'the second call began');
    moveAll(2 * 60 * minute);
    expect(await caller.ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('ASIA') });
    expect(assumed()).toBe(4);
  });

  it('never answers with what has expired', async () => {
    agent = await startAgent(world, { env: clock.env });
    const first = await got('dev', clock.env);
    world.sts.fault({ kind: 'reset', operation: 'AssumeRole', times: 20 });
    moveAll(61 * minute);
    const ran = await world.rolekeeper(['get', 'dev'], { env: clock.env });
    expect(ran.stdout).not.toContain(first);
    expect(ran.stdout).toBe('');
    expect(ran.status).toBe(7);
  });

  it('started by a get, and gone when nobody needs it', { timeout: 60_000 }, async () => {
    const env = { ROLEKEEPER_AUTOSTART: '1', ROLEKEEPER_IDLE_MINUTES: '0.01' };
    await got('dev', env);
    await until(() => existsSync(socketOf(world)), 'the get started an agent');
    await got('dev', env);
    await succeed(world.rolekeeper(['logout', '--all']));
    await until(() => !existsSync(socketOf(world)), 'the agent left', 40_000);
  });

  it('takes a socket that systemd holds, and is started by the first caller', { timeout: 30_000 }, async () => {
    const passedOn = Object.keys(world.env).flatMap((name) => ['-E', name]);
    const activated = world.startCommand('systemd-socket-activate', [
      ...passedOn,
      ...['-l', socketOf(world), program, 'agent', 'run'],
    ]);
    try {
      await until(() => existsSync(socketOf(world)), 'systemd listens');
      const first = await got('dev');
      expect(await got('dev')).toBe(first);
      expect(await statusOf(world)).toMatchObject({ cached: 1 });
      await succeed(world.rolekeeper(['agent', 'stop']));
      expect(existsSync(socketOf(world))).toBe(true);
    } finally {
      activated.child.kill('SIGKILL');
      await activated.ended;
    }
  });
});
