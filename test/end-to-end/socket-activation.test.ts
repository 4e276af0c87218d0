// The agent behind a socket that somebody else made and holds, as systemd does it: by Debian's systemd-socket-activate.

import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { socketOf, statusOf } from '../harness/agent.ts';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, type Running, succeed, type World } from '../harness/world.ts';

let world: World;
let activator: Running;
beforeEach(async () => {
  world = await openUsualWorld();
  mkdirSync(dirname(socketOf(world)), { recursive: true, mode: 0o700 });
  const given = Object.keys(world.env).flatMap((name) => ['-E', name]);
  const agent = [process.execPath, `${world.program}.js`, 'agent', 'run'];
  activator = world.startCommand('systemd-socket-activate', ['-l', socketOf(world), ...given, ...agent]);
  await until(() => Promise.resolve(existsSync(socketOf(world))), 'nobody listens');
});
afterEach(async () => {
  activator.child.kill('SIGTERM');
  await activator.ended;
  await world.close();
});

/** A caller waits 300 ms for an agent; one that has just been started may need longer. */
function agentAnswers(): Promise<void> {
  return until(async () => (await world.rolekeeper(['agent', 'status', '--json'])).status === 0, 'the agent did not answer');
}

describe('socket activation', () => {
  it('the first caller starts the agent, and is answered by it', async () => {
    const { stdout } = await succeed(world.rolekeeper(['get', 'dev']));
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1, AccountId: '222233334444' });
    await agentAnswers();
    expect((await statusOf(world))['pid']).toBe(activator.child.pid);
  });

  // Under a unit with ProtectHome=read-only the agent ended with EROFS when it changed the mode of the socket.
  it('the agent leaves the socket as it found it, also when it ends', async () => {
    chmodSync(socketOf(world), 0o640);
    await agentAnswers();
    expect(statSync(socketOf(world)).mode & 0o777).toBe(0o640);
    activator.child.kill('SIGTERM');
    await activator.ended;
    expect(existsSync(socketOf(world))).toBe(true);
  });
});
