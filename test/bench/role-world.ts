// A person with many roles, and an agent that has them in its memory. The double of STS lives in the bench's own process, which has nothing
// else to do while the spawner times.

import { rmSync } from 'node:fs';
import process from 'node:process';
import { converse } from '../../src/agent/client.ts';
import { parseAgentStatus } from '../../src/agent/status.ts';
import { variablesToSend } from '../../src/agent/wire.ts';
import { fewAtOnce } from '../../src/refresh/few-at-once.ts';
import { mfaSerial, openWorld, roleArn, rolePair, succeed, userArn, usualCredentials, type World } from '../harness/world.ts';

export interface RoleWorld {
  readonly world: World;
  readonly profiles: readonly string[];
  /** Of the agent that was started last. Throws when none runs. */
  agentPid(): Promise<number>;
  startAgent(): Promise<void>;
  stopAgent(): Promise<void>;
  /** Asks for every role once, so that the agent has them all. Throws when one is refused. */
  fill(): Promise<void>;
  /** As `login` does: the agent's memory is empty, the store is not. */
  emptyAgent(): Promise<void>;
  close(): Promise<void>;
}

export interface RoleWorldOptions {
  readonly roles: number;
  /** Of a session bus: the store is the keychain. Else the age store, whose writes are fast enough for a thousand roles. */
  readonly keychainEnv?: Readonly<Record<string, string>>;
}

/** Imported and logged in; no agent runs yet, and no role was asked for. */
export async function openRoleWorld({ roles, keychainEnv }: RoleWorldOptions): Promise<RoleWorld> {
  const profiles = Array.from({ length: roles }, (_, n) => `role-${n}`);
  const world = await openWorld({
    ...(keychainEnv === undefined ? {} : { keychainEnv }),
    roles: profiles.map((name) => ({ arn: roleArn(name), trust: [{ principals: [userArn], needsMfa: true }] })),
  });
  // An agent outlives an interrupted bench, but leaves at its next ring when its socket is gone.
  const removeNow = () => rmSync(world.home, { recursive: true, force: true });
  process.on('exit', removeNow);
  try {
    world.writeConfig(configOf(profiles));
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
  } catch (error) {
    await world.close();
    throw error;
  }
  return {
    world,
    profiles,
    agentPid: async () => (await statusOf(world)).pid,
    startAgent: async () => void (await succeed(world.rolekeeper(['agent', 'start']))),
    stopAgent: async () => void (await succeed(world.rolekeeper(['agent', 'stop']))),
    fill: async () => void (await fewAtOnce(profiles, lanes, (profile) => askFor(profile, world))),
    emptyAgent: async () => void (await ask('forget', '', world)),
    close: async () => {
      await world.rolekeeper(['agent', 'stop']);
      await world.close();
      process.off('exit', removeNow);
    },
  };
}

const lanes = 8;

function configOf(profiles: readonly string[]): string {
  const corp = `[profile corp]\nregion = eu-west-1\nendpoint_url = $STS\nmfa_serial = ${mfaSerial}\n\n`;
  return corp + profiles.map((name) => rolePair(name, { role_arn: roleArn(name), source_profile: 'corp' })).join('');
}

async function askFor(profile: string, world: World): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { status, text } = await ask('get', profile, world);
    if (status === 0) return;
    // On a machine that others use, a first answer may take too long; the refresh goes on, and the next one has it.
    if (status !== outOfTime || tries === mostTries) throw new Error(`${profile}: ${text}`);
  }
}

const outOfTime = 7;
const mostTries = 5;

async function statusOf(world: World) {
  const status = parseAgentStatus((await ask('status', '', world)).text);
  if (status === undefined) throw new Error('the agent gave no status');
  return status;
}

async function ask(verb: string, argument: string, { env, home }: World) {
  const request = { verb, argument, deadlineMs: Date.now() + waitMs, cwd: home, env: variablesToSend(env) };
  const socketPath = `${env['ROLEKEEPER_RUNTIME_DIR']}/agent.sock`;
  const said = await converse(request, { socketPath, acknowledgeWaitMs: waitMs, answerWaitMs: waitMs });
  if (said.kind !== 'answer' || said.answer.kind !== 'exit') throw new Error(`no agent answers at ${socketPath}: ${said.kind}`);
  return { status: said.answer.status, text: said.answer.bytes.toString('utf8') };
}

const waitMs = 10_000;
