// `unlock` and `lock` from outside: the age store with a passphrase, the built agent, callers through the front. Each opening takes a second
// or two of scrypt and 330 MB, so the tests share one store.

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runOnTerminal } from '../harness/age-program.ts';
import { startAgent, statusOf } from '../harness/agent.ts';
import { MovedClock } from '../harness/moved-clock.ts';
import { until } from '../harness/session-bus.ts';
import {
  accessKeyId,
  openWorld,
  program,
  type Ran,
  succeed,
  userArn,
  usualConfig,
  usualCredentials,
  type World,
  type WorldOptions,
} from '../harness/world.ts';

const passphrase = 'correct horse battery staple';
const byPassphrase = { ROLEKEEPER_AGE_KEY_FILE: '' };
const minute = 60_000;

let world: World;
beforeAll(async () => {
  world = await openPassphraseWorld();
  await onTerminal('import', 'corp', '--yes');
  await onTerminal('login', 'corp', '--code', nextCode());
}, 60_000);
afterEach(async () => void (await rolekeeper(['agent', 'stop'])));
afterAll(() => world.close());

/** Without the key file that a world has for its usual store. */
async function openPassphraseWorld(options: WorldOptions = {}): Promise<World> {
  const opened = await openWorld(options);
  rmSync(opened.env['ROLEKEEPER_AGE_KEY_FILE'] ?? '');
  opened.writeConfig(usualConfig);
  opened.writeCredentials(usualCredentials);
  return opened;
}

function rolekeeper(args: readonly string[], stdin = '', env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return world.rolekeeper(args, { env: { ...byPassphrase, ...env }, stdin });
}

async function onTerminal(...args: readonly string[]): Promise<string> {
  return await onTerminalOf(world, args);
}

async function onTerminalOf(
  { env }: World,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  return await runOnTerminal([program, ...args], passphrase, { env: { ...env, ...byPassphrase, ...more } });
}

async function unlock(env: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await succeed(rolekeeper(['unlock'], `${passphrase}\n`, env))).stderr;
}

async function expectLocked(): Promise<void> {
  const { status, stdout, stderr, tookMs } = await rolekeeper(['get', 'dev']);
  expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
  expect(stderr).toMatch(/^rolekeeper: the age store in \S+ is locked\nrolekeeper: hint: run `rolekeeper unlock`[^\n]*\n$/);
  expect(tookMs).toBeLessThan(3_500);
}

async function keyIdOf(profile: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { AccessKeyId: id }: { AccessKeyId: string } = JSON.parse((await succeed(rolekeeper(['get', profile], '', env))).stdout);
  return id;
}

/** AWS takes each code once. */
function nextCode(): string {
  world.sts.advance(30_000);
  return world.sts.totp('alice');
}

/** Arguments and environment of this process and of those that it has started; empty when it is gone. */
function shownBy(pid: number): string {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const own = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
    return [...own, ...children.map((child) => shownBy(Number(child)))].join('');
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** Paths of the files below that hold the text. */
function filesWith(text: string, directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

describe('unlock', () => {
  it('starts an agent that answers until it ends, and leaves the key nowhere else', { timeout: 60_000 }, async () => {
    await expectLocked();
    expect(await unlock()).toMatch(/^the age store in \S+ is open until the agent ends, or until `rolekeeper lock`\n$/);
    expect(await keyIdOf('dev')).toMatch(/^ASIA/);
    const { pid, unlocked } = await statusOf(world);
    expect(unlocked).toBe(true);
    const shown = shownBy(Number(pid));
    expect(shown).toContain('agent');
    expect((await succeed(rolekeeper(['status']))).stdout).toMatch(/^Store: the age store in \S+, open in the agent\n/);
    for (const secret of ['AGE-SECRET-KEY', passphrase]) {
      expect(shown).not.toContain(secret);
      expect(filesWith(secret, world.home)).toEqual([]);
    }

    await rolekeeper(['agent', 'restart']);
    expect(await statusOf(world)).not.toHaveProperty('unlocked');
    await expectLocked();
  });

  it('lasts over a refresh by another process, and ends with the agent', { timeout: 60_000 }, async () => {
    const agent = await startAgent(world, { env: byPassphrase });
    await unlock();
    await rolekeeper(['refresh', '--quiet']);
    expect(await keyIdOf('ops')).toMatch(/^ASIA/);
    await agent.kill();
    await expectLocked();
  });

  // Both said that the store is locked, and sent the person to `unlock` again and again.
  it('is enough for exec and env, and refresh says that the agent sees to it', { timeout: 60_000 }, async () => {
    await unlock();
    expect((await succeed(rolekeeper(['env', 'dev']))).stdout).toMatch(/^export AWS_ACCESS_KEY_ID='ASIA/);
    const printed = await succeed(
      rolekeeper(['exec', 'dev', '--', 'sh', '-c', 'echo "$AWS_ACCESS_KEY_ID $AWS_ACCOUNT_ID $AWS_REGION"']),
    );
    expect(printed.stdout).toMatch(/^ASIA\S+ \d{12} \S/);
    const refreshed = await rolekeeper(['refresh', 'dev']);
    expect(refreshed.stderr).toContain('the store is open in the agent, which refreshes by itself');
    expect(refreshed.stderr).not.toContain('rolekeeper unlock');
    await rolekeeper(['agent', 'stop']);
    expect((await rolekeeper(['env', 'dev'])).status).not.toBe(0);
  });

  it('is over with `lock`, for what was in memory too', { timeout: 60_000 }, async () => {
    await unlock();
    await keyIdOf('dev');
    expect((await succeed(rolekeeper(['lock']))).stderr).toMatch(/^locked: /);
    await expectLocked();
    expect(await statusOf(world)).toMatchObject({ cached: 0 });
    expect((await succeed(rolekeeper(['lock']))).stderr).toBe('nothing was open\n');
    await rolekeeper(['agent', 'stop']);
    expect((await succeed(rolekeeper(['lock']))).stderr).toBe('nothing is open: no agent is running\n');
  });

  it('asks on a terminal, without echo', { timeout: 60_000 }, async () => {
    const shown = await onTerminal('unlock');
    expect(shown).toContain('Passphrase of the age store');
    expect(shown).not.toContain(passphrase);
    expect(shown).toContain('until `rolekeeper lock`');
    expect(await keyIdOf('dev')).toMatch(/^ASIA/);
  });

  it('starts nothing for a wrong passphrase, or none', { timeout: 60_000 }, async () => {
    const wrong = await rolekeeper(['unlock'], 'correct horse\n');
    expect(wrong).toMatchObject({ status: 5, stdout: '', stderr: expect.stringContaining('the passphrase is wrong') });
    expect(await rolekeeper(['unlock'])).toMatchObject({ status: 2, stderr: expect.stringContaining('stdin') });
    expect((await rolekeeper(['agent', 'status'])).status).toBe(1);
  });

  it('has nothing to do for a store without a passphrase, or without an item', async () => {
    const withKeyFile = await rolekeeper(['unlock'], '', { ROLEKEEPER_AGE_KEY_FILE: join(world.home, 'key.txt') });
    expect(withKeyFile).toMatchObject({ status: 0, stderr: expect.stringMatching(/^nothing to unlock: .* takes no passphrase/) });
    const empty = await rolekeeper(['unlock'], '', { ROLEKEEPER_AGE_DIR: join(world.home, 'nothing') });
    expect(empty).toMatchObject({ status: 0, stderr: expect.stringMatching(/^nothing to unlock: .* is empty/) });
    expect((await succeed(rolekeeper(['unlock'], '', { ROLEKEEPER_STORE: 'memory' }))).stderr).toMatch(/^nothing to unlock/);
  });

  it('shows no secret while it works, and neither does the child that opens the identity', { timeout: 60_000 }, async () => {
    const unlocking = world.start(['unlock'], { env: byPassphrase, keepsStdinOpen: true });
    unlocking.child.stdin?.end(`${passphrase}\n`);
    const seen: string[] = [];
    let isOver = false;
    void unlocking.ended.then(() => {
      isOver = true;
    });
    await until(() => {
      seen.push(shownBy(unlocking.child.pid ?? 0));
      return isOver;
    }, 'the unlock ended');
    expect((await unlocking.ended).status).toBe(0);
    expect(seen.join('')).toContain('age-worker');
    for (const secret of ['AGE-SECRET-KEY', passphrase]) expect(seen.join('')).not.toContain(secret);
  });

  // The front waits 300 ms for an agent. Without the key a process of its own cannot take over.
  it('bears an agent that is busy for a moment', { timeout: 60_000 }, async () => {
    const { pid } = await startAgent(world, { env: byPassphrase });
    await unlock();
    process.kill(pid, 'SIGSTOP');
    const caller = world.start(['get', 'dev'], { env: byPassphrase });
    try {
      await until(() => shownBy(caller.child.pid ?? 0).includes('rolekeeper.js'), 'the front became the Node program');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await caller.ended).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('ASIA') });
  });

  it('lets the agent refresh by itself', { timeout: 90_000 }, async () => {
    const clock = new MovedClock();
    try {
      await startAgent(world, { env: { ...byPassphrase, ...clock.env } });
      await unlock(clock.env);
      const first = await keyIdOf('dev', clock.env);
      const before = world.sts.calls().AssumeRole;
      clock.move(45 * minute);
      world.sts.advance(45 * minute);
      await until(() => world.sts.calls().AssumeRole > before, 'the agent refreshed by itself', 25_000);
      await until(async () => (await keyIdOf('dev', clock.env)) !== first, 'new credentials');
    } finally {
      await rolekeeper(['agent', 'stop'], '', clock.env);
      clock.close();
    }
  });
});

describe('the commands that ask for the passphrase anyway', () => {
  it('login opens the store for the agent that runs', { timeout: 60_000 }, async () => {
    await startAgent(world, { env: byPassphrase });
    await expectLocked();
    expect(await onTerminal('login', 'corp', '--code', nextCode())).toContain('is open until the agent ends');
    expect(await keyIdOf('dev')).toMatch(/^ASIA/);
  });

  it('without an agent, and without leave to start one, say nothing of it', { timeout: 60_000 }, async () => {
    expect(await onTerminal('login', 'corp', '--code', nextCode())).not.toContain('agent');
    await expectLocked();
  });

  it('import and add start an agent where they may, and open the store for it', { timeout: 60_000 }, async () => {
    const secretAccessKey = passphrase; // the typist knows one answer
    const other = await openPassphraseWorld({ users: [{ arn: userArn, accessKeyId, secretAccessKey, mayAssume: ['*'] }] });
    try {
      other.writeCredentials(`[corp]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
      const env = { ROLEKEEPER_AUTOSTART: '1' };
      expect(await onTerminalOf(other, ['import', 'corp', '--yes'], env)).toContain('is open until the agent ends');
      expect(await statusOf(other)).toMatchObject({ unlocked: true });
      await succeed(other.rolekeeper(['lock']));
      const add = ['add', 'corp', '--access-key-id', accessKeyId, '--yes'];
      expect(await onTerminalOf(other, add, env)).toContain('is open until the agent ends');
      expect(await statusOf(other)).toMatchObject({ unlocked: true });
    } finally {
      await other.rolekeeper(['agent', 'stop']);
      await other.close();
    }
  });
});
