// The audit trail from outside: who asked, in whichever way the answer came; nothing where nobody wants it, and no secret in any case.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { findPython } from '../harness/programs.ts';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, program, secretAccessKey, succeed, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

function switchOn(): void {
  world.writeConfig(`${world.readConfig()}\n[rolekeeper]\naudit = on\n`);
}

interface Line {
  readonly verb: string;
  readonly profile: string;
  readonly outcome: string;
  readonly keySuffix?: string;
  readonly code?: string;
  readonly answeredBy: string;
  readonly pid?: number;
  readonly program?: string;
  readonly claimed: boolean;
}

async function lines(...args: readonly string[]): Promise<readonly Line[]> {
  const { stdout } = await succeed(world.rolekeeper(['log', '--json', ...args]));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line));
}

function auditFiles(): readonly string[] {
  const all = readdirSync(world.home, { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.includes('/audit/')).map((name) => join(world.home, name));
}

async function keyOf(profile: string): Promise<string> {
  const { AccessKeyId }: { AccessKeyId: string } = JSON.parse((await succeed(world.rolekeeper(['get', profile]))).stdout);
  return AccessKeyId;
}

describe('the log of it', () => {
  // A profile may have been asked for by anybody, and the file may have been written by others.
  it('gives no orders to a terminal', async () => {
    switchOn();
    await keyOf('dev');
    const [path = ''] = auditFiles();
    const line = readFileSync(path, 'utf8').replaceAll('"dev"', '"\\u001b[2Jd\u202ee\u009bv"');
    writeFileSync(path, line);
    const { stdout } = await succeed(world.rolekeeper(['log']));
    expect(stdout).toMatch(/get {2} \[2Jd e v {2}cached|get {2} \[2Jd e v {2}refreshed/);
  });
});

describe('the audit trail', () => {
  it('is off unless somebody switches it on', async () => {
    await keyOf('dev');
    expect(auditFiles()).toEqual([]);
    const { stdout, stderr } = await succeed(world.rolekeeper(['log']));
    expect(stdout).toBe('');
    expect(stderr).toContain('audit = on');
  });

  it('has what a process of its own gave and refused, and who asked it', async () => {
    switchOn();
    const key = await keyOf('dev');
    await keyOf('dev');
    await world.rolekeeper(['get', 'nobody']);
    const [first, second, third, ...rest] = await lines();
    expect(rest).toEqual([]);
    const common = { verb: 'get', answeredBy: 'process', pid: process.pid, claimed: false };
    expect(first).toMatchObject({ ...common, profile: 'dev', outcome: 'refreshed', keySuffix: key.slice(-4) });
    expect(second).toMatchObject({ ...common, profile: 'dev', outcome: 'cached', keySuffix: key.slice(-4) });
    expect(third).toMatchObject({ ...common, profile: 'nobody', outcome: 'failed', code: 'profile-unknown' });
  });

  it('has what the agent gave, with the caller that the front names, even behind a shell', async () => {
    switchOn();
    const agent = await startAgent(world);
    try {
      const key = await keyOf('dev');
      await succeed(world.run('sh', ['-c', `${program} get dev; true`]));
      const python = 'import boto3; boto3.Session(profile_name="dev").get_credentials().get_frozen_credentials()';
      await succeed(world.run(findPython(), ['-c', python]));
      const [first, second, third] = await lines();
      const common = { profile: 'dev', answeredBy: 'agent', claimed: true, keySuffix: key.slice(-4) };
      expect(first).toMatchObject({ ...common, outcome: 'refreshed', pid: process.pid });
      expect(second).toMatchObject({ ...common, outcome: 'cached', pid: process.pid });
      expect(third).toMatchObject({ ...common, outcome: 'cached' });
      expect(third?.program).toMatch(/^python3/);
    } finally {
      await agent.end();
    }
  });

  it('has exec and env', async () => {
    switchOn();
    await succeed(world.rolekeeper(['env', 'dev']));
    await succeed(world.rolekeeper(['exec', 'dev', '--', 'true']));
    expect((await lines()).map(({ verb, outcome }) => [verb, outcome])).toEqual([
      ['env', 'refreshed'],
      ['exec', 'cached'],
    ]);
  });

  it('has no secret, and is for the user alone', async () => {
    switchOn();
    const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
    const { AccessKeyId, SecretAccessKey, SessionToken } = JSON.parse(stdout);
    const paths = auditFiles();
    expect(paths).toHaveLength(1);
    for (const path of paths) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(AccessKeyId.slice(-4));
      for (const secret of [AccessKeyId, SecretAccessKey, SessionToken, secretAccessKey]) expect(text).not.toContain(secret);
    }
  });

  it('goes with a purge', async () => {
    switchOn();
    await keyOf('dev');
    const [path = ''] = auditFiles();
    expect(existsSync(path)).toBe(true);
    await succeed(world.rolekeeper(['uninstall', '--purge', '--yes', '--delete-keys']));
    expect(existsSync(path)).toBe(false);
  });
});

describe('the log', () => {
  it('chooses by profile, program, time and outcome, and is readable', async () => {
    switchOn();
    const key = await keyOf('dev');
    await keyOf('ops');
    await world.rolekeeper(['get', 'nobody']);
    expect(await lines('dev')).toHaveLength(1);
    expect(await lines('--failed')).toHaveLength(1);
    expect(await lines('--since', '1h')).toHaveLength(3);
    expect(await lines('--since', '2100-01-01')).toHaveLength(0);
    const [first] = await lines();
    expect(await lines('--program', first?.program ?? '')).toHaveLength(3);
    expect(await lines('--program', 'terraform')).toHaveLength(0);
    const { stdout } = await succeed(world.rolekeeper(['log']));
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(
        `^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  get  dev +refreshed +…${key.slice(-4)}  \\S+\\[${process.pid}\\] \\(seen\\)$`,
      ),
    );
    expect(stdout).toContain('failed: profile-unknown');
    const wrong = await world.rolekeeper(['log', '--since', 'yesterday']);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('say 30m, 2h');
  });

  it('goes on with what comes', async () => {
    switchOn();
    await keyOf('dev');
    const following = spawn(program, ['log', '--json', '--follow'], { env: world.env, stdio: ['ignore', 'pipe', 'inherit'] });
    let shown = '';
    following.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk;
    });
    try {
      await until(() => shown.includes('"dev"'), 'nothing was shown');
      await keyOf('ops');
      await until(() => shown.includes('"ops"'), 'what came was not shown');
      expect(shown.trim().split('\n')).toHaveLength(2);
    } finally {
      following.kill();
    }
  });
});
