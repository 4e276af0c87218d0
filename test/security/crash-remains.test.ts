// What a crash leaves behind where core files are wanted: no memory of ours; and Node's diagnostic report, which holds no secret.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, program, type Running, secretAccessKey, succeed, type World } from '../harness/world.ts';
import { searchFor } from './markers.ts';
import { filesBelow } from './places.ts';

let world: World;
let place: string;
beforeEach(async () => {
  world = await openUsualWorld();
  place = join(world.home, 'crashes');
  mkdirSync(place);
});
afterEach(async () => {
  await world.rolekeeper(['agent', 'stop']);
  await world.close();
});

/** As a developer's shell, or a machine's administrator, has it: core files of any size, where the program was started. */
function startWithCores(command: readonly string[]): Running {
  return world.startCommand('sh', ['-c', 'ulimit -c unlimited; exec "$@"', 'sh', ...command], { cwd: place });
}

async function crash({ child, ended }: Running, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  expect((await ended).status).toBeUndefined();
  expect(child.signalCode).toBe(signal);
}

const cores = () => readdirSync(place).filter((name) => name.startsWith('core'));

/** The secrets of `dev`, by name. */
async function secretsOfDev() {
  const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
  const { SecretAccessKey = '', SessionToken = '' }: Record<string, string> = JSON.parse(stdout);
  return [
    { name: 'the keys', secret: secretAccessKey },
    { name: 'the secret of the role', secret: SecretAccessKey },
    { name: 'the token of the role', secret: SessionToken },
  ];
}

async function untilAssuming(): Promise<void> {
  await until(() => world.sts.calls().AssumeRole > 0, 'AWS was asked');
}

describe.each(['SIGSEGV', 'SIGABRT'] as const)('%s leaves no core file', (signal) => {
  it('of the agent', async () => {
    const agent = startWithCores([program, 'agent', 'run']);
    await until(async () => (await world.rolekeeper(['agent', 'status'])).status === 0, 'the agent answered');
    await succeed(world.rolekeeper(['get', 'dev']));
    await crash(agent, signal);
    expect(cores()).toEqual([]);
  });

  it('of an agent that a caller started', async () => {
    const env = { ROLEKEEPER_AUTOSTART: '1' };
    await succeed(world.run('sh', ['-c', 'ulimit -c unlimited; exec "$0" get dev', program], { env, cwd: place }));
    const status = () => world.rolekeeper(['agent', 'status', '--json']);
    await until(async () => (await status()).status === 0, 'the agent answered');
    const { pid }: { pid: number } = JSON.parse((await status()).stdout);
    // Its directory is the root, so the limits have to tell.
    expect(await limitOf(pid)).toMatch(/Max core file size +0 /);
    process.kill(pid, signal);
    await until(async () => (await status()).status !== 0, 'the agent was gone');
    expect(cores()).toEqual([]);
  });

  it('of the front while it waits for the agent', async () => {
    const agent = await startAgent(world);
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole' });
    const front = startWithCores([program, 'get', 'dev']);
    await untilAssuming();
    await crash(front, signal);
    expect(cores()).toEqual([]);
    await agent.kill();
  });

  it('of the Node program while it asks AWS', async () => {
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole' });
    const running = startWithCores([program, 'refresh', 'dev']);
    await untilAssuming();
    await crash(running, signal);
    expect(cores()).toEqual([]);
  });

  it('but would of another program: the tests are not blind', async () => {
    const sleeping = startWithCores(['sh', '-c', 'echo awake; exec sleep 60']);
    await new Promise((awake) => sleeping.child.stdout?.once('data', awake));
    await crash(sleeping, signal);
    expect(cores().length).toBe(1);
  });
});

async function limitOf(pid: number): Promise<string> {
  return (await succeed(world.run('cat', [`/proc/${pid}/limits`]))).stdout;
}

describe("Node's diagnostic report", () => {
  it('of the agent holds none of the secrets in its memory', async () => {
    const options = `--report-on-signal --report-directory=${place} --report-uncaught-exception --report-on-fatalerror`;
    const agent = await startAgent(world, { env: { NODE_OPTIONS: options } });
    const search = searchFor(await secretsOfDev());
    process.kill(agent.pid, 'SIGUSR2');
    await until(() => filesBelow(place).some(({ bytes }) => bytes.includes('"javascriptHeap"')), 'there was a report');
    expect(filesBelow(place).flatMap(({ bytes }) => search.find(bytes))).toEqual([]);
    await agent.end();
  });

  it('cannot be had of a get, which takes no options of Node', async () => {
    const options = `--report-on-signal --report-directory=${place}`;
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole' });
    const running = world.start(['get', 'dev'], { env: { NODE_OPTIONS: options } });
    await untilAssuming();
    await crash(running, 'SIGUSR2');
    expect(readdirSync(place)).toEqual([]);
  });
});
