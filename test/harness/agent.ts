// The built agent in a world of its own: started and ended by the test, its process in plain sight.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { until } from './session-bus.ts';
import { type Running, succeed, type World } from './world.ts';

export interface RunningAgent {
  readonly pid: number;
  readonly running: Running;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
  /** SIGTERM, and gone. */
  end(): Promise<void>;
}

/** `rolekeeper agent run` until it answers. */
export async function startAgent(
  world: World,
  { env = {}, args = [] }: { readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] } = {},
): Promise<RunningAgent> {
  const running = world.start(['agent', 'run', ...args], { env });
  const { pid } = running.child;
  if (pid === undefined) throw new Error('the agent could not be started');
  await until(() => isAnswering(world), 'the agent did not answer');
  const ended = async (signal: NodeJS.Signals) => {
    process.kill(pid, 'SIGCONT');
    running.child.kill(signal);
    await running.ended;
  };
  return { pid, running, kill: () => ended('SIGKILL'), end: () => ended('SIGTERM') };
}

export function socketOf({ env }: World): string {
  return join(env['ROLEKEEPER_RUNTIME_DIR'] ?? '', 'agent.sock');
}

export async function statusOf(world: World): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse((await succeed(world.rolekeeper(['agent', 'status', '--json']))).stdout);
}

async function isAnswering(world: World): Promise<boolean> {
  return existsSync(socketOf(world)) && (await world.rolekeeper(['agent', 'status', '--json'])).status === 0;
}
