// Callers in a row and side by side while the agent is killed, stopped, exchanged for another version: none of them may notice.

import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, statusOf } from '../harness/agent.ts';
import { findAws } from '../harness/programs.ts';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, type Ran, succeed, type World } from '../harness/world.ts';

let world: World;
let agent: RunningAgent | undefined;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(async () => {
  await agent?.kill();
  agent = undefined;
  await world.close();
});

interface Load {
  readonly count: number;
  readonly failures: readonly Ran[];
  readonly slowestMs: number;
}

/** So many callers at any time, each asking again and again until the work is done. */
async function under(callers: number, command: string, work: () => Promise<void>): Promise<Load> {
  let isOver = false;
  const all: Ran[] = [];
  const caller = async () => {
    while (!isOver) all.push(await world.run(command, ['get', 'dev']));
  };
  const load = Promise.all(Array.from({ length: callers }, caller));
  try {
    await work();
  } finally {
    isOver = true;
    await load;
  }
  return {
    count: all.length,
    failures: all.filter(({ status, stderr, stdout }) => status !== 0 || stderr !== '' || !isDocument(stdout)),
    slowestMs: Math.max(...all.map(({ tookMs }) => tookMs)),
  };
}

function isDocument(text: string): boolean {
  const { Version: version, SecretAccessKey: secret }: Record<string, unknown> = JSON.parse(text);
  return version === 1 && typeof secret === 'string' && secret.length === 40;
}

describe('callers do not notice', () => {
  it('an agent that is killed again and again', { timeout: 60_000 }, async () => {
    const kills = 8;
    const load = await under(3, world.program, async () => {
      for (let n = 0; n < kills; n++) {
        agent = await startAgent(world);
        const before = (await statusOf(world))['uptimeSeconds'];
        expect(before).toBeTypeOf('number');
        await agent.kill();
      }
    });
    agent = undefined;
    expect(load.failures).toEqual([]);
    expect(load.count).toBeGreaterThan(kills * 3);
    expect(load.slowestMs).toBeLessThan(4_500);
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('an agent that is killed inside STS: the next process asks again, and answers', async () => {
    agent = await startAgent(world);
    world.sts.fault({ kind: 'slow', ms: 1_000, operation: 'AssumeRole', times: 1 });
    const callers = Array.from({ length: 5 }, () => world.start(['get', 'dev']).ended);
    await until(() => world.sts.calls().AssumeRole === 1, 'the agent asked');
    await agent.kill();
    agent = undefined;
    const all = await Promise.all(callers);
    expect(all.filter(({ status }) => status !== 0)).toEqual([]);
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
    expect(world.sts.calls().AssumeRole).toBe(2);
  });

  it('an agent that is killed while aws waits for it', { timeout: 30_000 }, async () => {
    agent = await startAgent(world);
    world.sts.fault({ kind: 'slow', ms: 1_000, operation: 'AssumeRole', times: 1 });
    const aws = world.startCommand(findAws(1), ['sts', 'get-caller-identity', '--profile', 'dev']);
    await until(() => world.sts.calls().AssumeRole === 1, 'the agent asked', 20_000);
    await agent.kill();
    agent = undefined;
    aws.child.stdin?.end();
    expect(await aws.ended).toMatchObject({ status: 0, stderr: '' });
  });

  it('an upgrade: the old agent leaves, the new one takes its place', { timeout: 90_000 }, async () => {
    // dist/ lies in its package, beside node_modules.
    const [home, next] = [join(world.home, 'package'), join(world.home, 'package', 'dist.new')];
    mkdirSync(home);
    symlinkSync(resolve('node_modules'), join(home, 'node_modules'));
    cpSync(resolve('dist'), join(home, 'dist'), { recursive: true });
    const installed = join(home, 'dist', 'rolekeeper');
    const run = world.startCommand(installed, ['agent', 'run']);
    await until(async () => (await world.rolekeeper(['agent', 'status', '--json'])).status === 0, 'the agent answered');
    const load = await under(2, installed, async () => {
      cpSync(resolve('dist'), next, { recursive: true });
      renameSync(join(home, 'dist'), join(home, 'dist.old'));
      renameSync(next, join(home, 'dist'));
      rmSync(join(home, 'dist.old'), { recursive: true });
      const ended = await run.ended;
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      agent = await startAgent(world);
    });
    // Between the two renames there is no program at all, which no program can help.
    expect(load.failures.filter(({ status }) => status !== 127).map(({ stderr }) => stderr)).toEqual([]);
    expect(world.sts.calls().AssumeRole).toBe(1);
  });
});

describe('a caller that gives up', () => {
  it('does not end the refresh for the others', async () => {
    agent = await startAgent(world);
    world.sts.fault({ kind: 'slow', ms: 700, operation: 'AssumeRole' });
    const impatient = world.start(['get', 'dev']);
    await until(() => world.sts.calls().AssumeRole === 1, 'the agent asked');
    impatient.child.kill('SIGKILL');
    await impatient.ended;
    await succeed(world.rolekeeper(['get', 'dev']));
    expect(world.sts.calls().AssumeRole).toBe(1);
  });
});
