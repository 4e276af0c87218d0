// `get --interactive`: the one `get` that may ask, by whatever way there is to the person; and all others, which never do.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { until } from '../harness/session-bus.ts';
import { mfaSerial, openImportedWorld, program, type Ran, type Running, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openImportedWorld();
  const bin = join(world.home, 'bin');
  mkdirSync(bin);
  copyFileSync(new URL('../harness/pinentry.py', import.meta.url), join(bin, 'pinentry'));
  chmodSync(join(bin, 'pinentry'), 0o755);
});
afterEach(() => world.close());

/** The answers that the stand-in gives, in order. */
function pinentry(...answers: readonly string[]): Readonly<Record<string, string>> {
  writeFileSync(join(world.home, 'answers'), answers.map((answer) => `${answer}\n`).join(''));
  return {
    PATH: [join(world.home, 'bin'), world.env['PATH'] ?? ''].join(delimiter),
    ROLEKEEPER_PROMPT: 'pinentry',
    ANSWERS: join(world.home, 'answers'),
    PROMPTS: join(world.home, 'prompts'),
  };
}

function prompts(): readonly string[] {
  const path = join(world.home, 'prompts');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

function sessions(): number {
  return world.sts.calls().GetSessionToken;
}

function expectCredentials(ran: Ran): void {
  expect(ran.stderr).toBe('');
  expect(JSON.parse(ran.stdout)).toMatchObject({ Version: 1, AccessKeyId: expect.stringMatching(/^ASIA/) });
}

const question = `MFA code for "dev" (${mfaSerial}):`;

describe('get --interactive', () => {
  it('asks twenty callers at once for one code, for one session', async () => {
    const env = { ...pinentry('now'), THINKING: '3' };
    const all = await Promise.all(Array.from({ length: 20 }, () => world.rolekeeper(['get', 'dev', '--interactive'], { env })));
    for (const ran of all) expectCredentials(ran);
    expect(prompts()).toEqual([question]);
    expect(world.sts.calls()).toMatchObject({ GetSessionToken: 1, AssumeRole: 1 });
  }, 120_000);

  it('asks again after a wrong code, once, and sends neither twice', async () => {
    // Wrong but once in a million times.
    expectCredentials(await world.rolekeeper(['get', 'dev', '--interactive'], { env: pinentry('12345', '000000', 'now') }));
    expect(prompts()).toEqual([
      question,
      `That was not six digits. ${question}`,
      `AWS has refused that code. Wait for the next. ${question}`,
    ]);
    expect(sessions()).toBe(2);
  }, 60_000);

  it('has one prompt dismissed for all who wait for it', async () => {
    const env = { ...pinentry('cancel', 'cancel', 'cancel') };
    const all = await Promise.all(Array.from({ length: 5 }, () => world.rolekeeper(['get', 'dev', '--interactive'], { env })));
    for (const ran of all) {
      expect(ran).toMatchObject({ status: 4, stdout: '' });
      expect(ran.stderr).toContain('nobody gave the MFA code that "dev" needs');
    }
    expect([prompts().length, sessions()]).toEqual([1, 0]);
  }, 60_000);

  it('gives up after 50 seconds', async () => {
    const ran = await world.rolekeeper(['get', 'dev', '--interactive'], { env: pinentry('wait') });
    expect(ran).toMatchObject({ status: 4, stdout: '' });
    expect(ran.tookMs).toBeLessThan(60_000);
  }, 120_000);

  it('asks nobody where credentials are valid, and takes mfa_process before it asks', async () => {
    world.writeConfig(
      world
        .readConfig()
        .replace('[rolekeeper corp]', `[rolekeeper corp]\nmfa_process = echo ${world.sts.totp('alice')}; echo touch >&2`),
    );
    const env = pinentry('000000', '000000');
    for (let n = 0; n < 2; n++) expectCredentials(await world.rolekeeper(['get', 'dev', '--interactive'], { env }));
    expect([prompts(), sessions()]).toEqual([[], 1]);
  }, 60_000);

  it('says so where nobody can be asked, with the hint of any other get', async () => {
    const ran = await world.rolekeeper(['get', 'dev', '--interactive'], { env: { ...pinentry('none') } });
    expect(ran).toMatchObject({ status: 4, stdout: '' });
    expect(ran.stderr).toContain("needs today's MFA login; it may be asked for, but there is neither a terminal here nor");
    expect(ran.stderr).toContain('hint: run `rolekeeper login corp`');
  });

  // The next one, whose settings were right, got the failure of this one.
  it('keeps a way to ask that is misspelt to itself', async () => {
    const misspelt = await world.rolekeeper(['get', 'dev', '--interactive'], { env: { ROLEKEEPER_PROMPT: 'pinetry' } });
    expect(misspelt).toMatchObject({ status: 2, stdout: '' });
    expectCredentials(await world.rolekeeper(['get', 'dev', '--interactive'], { env: pinentry(world.sts.totp('alice')) }));
  }, 60_000);
});

describe('a plain get', () => {
  it('never asks, also not while another one does', async () => {
    const env = pinentry('wait');
    const asking = world.start(['get', 'dev', '--interactive'], { env });
    await until(() => prompts().length === 1, 'the prompt', 60_000);
    const ran = await world.rolekeeper(['get', 'dev'], { env });
    expect(ran).toMatchObject({ status: 4, stdout: '' });
    asking.child.kill('SIGTERM');
    await asking.ended;
    expect(prompts()).toHaveLength(1);
  }, 90_000);

  it.each([
    ['the profile', (config: string) => config.replace('[rolekeeper dev]', '[rolekeeper dev]\ninteractive = yes')],
    ['the settings', (config: string) => `${config}\n[rolekeeper]\ninteractive = yes\n`],
  ])(
    'may ask where %s say so, also by way of an agent',
    async (_who, change) => {
      world.writeConfig(change(world.readConfig()));
      const agent = await startAgent(world);
      expectCredentials(await world.rolekeeper(['get', 'dev'], { env: pinentry('now') }));
      await agent.end();
      expect(prompts()).toEqual([question]);
    },
    60_000,
  );

  it('may not where the profile says no', async () => {
    world.writeConfig(
      world
        .readConfig()
        .replace('[rolekeeper dev]', '[rolekeeper dev]\ninteractive = no')
        .concat('\n[rolekeeper]\ninteractive = yes\n'),
    );
    expect((await world.rolekeeper(['get', 'dev'], { env: pinentry('000000') })).status).toBe(4);
    expect(prompts()).toEqual([]);
  });
});

describe('on a terminal', () => {
  /** A shell on a terminal of its own, where get runs as a program of the shell would run it. */
  function onTerminal(commands: string): Running & { readonly screen: () => string } {
    const script = `stty -a > before\n${commands}\nstty -a > after`;
    writeFileSync(join(world.home, 'script.sh'), script);
    const running = world.startCommand('script', ['-qec', '/bin/bash script.sh', '/dev/null'], {
      env: { ROLEKEEPER_PROMPT: '' },
    });
    let screen = '';
    running.child.stdout?.on('data', (chunk: string) => {
      screen += chunk;
    });
    return { ...running, screen: () => screen };
  }

  const get = `${program} get dev --interactive < /dev/null > out 2> err`;

  function file(name: string): string {
    return readFileSync(join(world.home, name), 'utf8');
  }

  it('asks there though stdin, stdout and stderr lead elsewhere, shows nothing of the code, and leaves it as it was', async () => {
    const code = world.sts.totp('alice');
    const { child, ended, screen } = onTerminal(`${get}; echo $? > status`);
    await until(() => screen().includes(question), 'the question', 60_000);
    child.stdin?.write(`${code}\r`);
    await ended;
    expect([file('status'), file('err')]).toEqual(['0\n', '']);
    expect(JSON.parse(file('out'))).toMatchObject({ Version: 1 });
    expect(screen()).not.toContain(code);
    expect(file('after')).toBe(file('before'));
  }, 90_000);

  it('Ctrl-C ends it with status 130, an empty stdout and the echo on', async () => {
    const { child, ended, screen } = onTerminal(`trap '' INT; ${get}; echo $? > status`);
    await until(() => screen().includes(question), 'the question', 60_000);
    child.stdin?.write('\u0003');
    await ended;
    expect([file('status'), file('out')]).toEqual(['130\n', '']);
    expect(file('after')).toBe(file('before'));
  }, 90_000);

  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
    '%s leaves the echo on',
    async (signal) => {
      const { ended, screen } = onTerminal(`${get} & echo $! > pid; wait; sleep 1`);
      await until(() => screen().includes(question), 'the question', 60_000);
      process.kill(Number(file('pid')), signal);
      await ended;
      expect([file('out'), file('after')]).toEqual(['', file('before')]);
    },
    90_000,
  );
});
