// The whole agent on a real socket, with everything behind it fake: a house to start it in, and callers.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentPorts, type AgentSettings, type Leaving, runAgent } from '../../src/agent/agent.ts';
import type { Caller } from '../../src/agent/callers.ts';
import { converse } from '../../src/agent/client.ts';
import { type AgentStatus, parseAgentStatus } from '../../src/agent/status.ts';
import type { AgentAnswer } from '../../src/agent/wire.ts';
import { reportLines } from '../../src/commands/report.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import type { AuditedAnswer } from '../../src/ports/audit.ts';
import { socketIdentity } from '../../src/system/agent-socket.ts';
import { settled } from '../fakes/fake-machine.ts';
import { day, documentIn, openAgentWorld, second } from './agent-world.ts';

export const usualConfig =
  '[profile corp]\nregion = eu-west-1\n[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/dev\nsource_profile = corp\n' +
  '[profile other]\ncredential_process = /usr/bin/other-tool\n';

export function filesOf(config: string): ConfigFiles {
  return { config: parseConfigFile(config, '/c'), credentials: parseCredentialsFile('', '/k') };
}

export interface RunningAgent {
  /** Undefined while it runs. */
  readonly left: () => Leaving | undefined;
  /** As the bell does. */
  ring(): Promise<void>;
  /** A ring every 15 s for so long, or until it has left. */
  live(ms: number): Promise<void>;
  stop(): Promise<void>;
  /** What it is told to stop by. */
  readonly signal: AbortSignal;
}

export interface Differently {
  /** Before it has begun. */
  readonly isTold?: boolean;
  readonly settings?: Partial<AgentSettings>;
  readonly ports?: Partial<AgentPorts>;
}

export async function openHouse() {
  const world = await openAgentWorld();
  const directory = mkdtempSync(join(tmpdir(), 'rk-agent-'));
  const path = join(directory, 'agent.sock');
  const noted: (AuditedAnswer & { readonly pid: number | undefined; readonly names: readonly string[] })[] = [];
  const startedElsewhere: string[] = [];
  const elsewhereFor: Caller[] = [];
  const usualFiles = filesOf(usualConfig);
  let agent: RunningAgent | undefined;

  /** The machine runs on until this is done. */
  async function whileRunning<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const watched = work.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await settled();
      if (!isDone) await world.machine.run(20);
    }
    return await watched;
  }

  async function start({ settings = {}, ports = {}, isTold = false }: Differently = {}): Promise<RunningAgent> {
    const { machine, state, sts, store } = world;
    let onRing: () => Promise<void> = async () => undefined;
    let left: Leaving | undefined;
    let isListening: () => void = () => undefined;
    const listening = new Promise<void>((resolve) => {
      isListening = resolve;
    });
    const told = new AbortController();
    if (isTold) told.abort();
    const running = runAgent(
      {
        ...{ version: '1.2.3', pid: 42, socket: { path }, socketPath: path, idleMs: undefined, unusedMs: 3 * day },
        warnsAtNight: false,
        ...settings,
      },
      {
        ...{ env: { HOME: '/home/alice' }, clock: machine.clock, state, log: world.ports.log, notifier: undefined },
        noteAnswer: ({ caller, pid }, answer) => void noted.push({ ...answer(), pid, names: Object.keys(caller.env) }),
        bell: {
          start: (ring) => {
            onRing = ring;
            return () => {
              onRing = async () => undefined;
            };
          },
        },
        random: () => 1,
        readClocks: machine.readClocks,
        placeOf: ({ HOME = '' }) => ({ home: HOME, stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' }),
        readFiles: () => usualFiles,
        openPorts: async () => ({ ...world.ports, sts, store }),
        refreshElsewhere: (caller, profile) => {
          startedElsewhere.push(profile);
          elsewhereFor.push(caller);
        },
        endRotations: async () => undefined,
        wordsOf: reportLines,
        programStamp: () => 'as it was',
        socketIdentity: () => socketIdentity(path),
        onListening: () => isListening(),
        token: undefined,
        ...ports,
      },
      told.signal,
    );
    const ending = running.then((why) => {
      left = why;
    });
    await Promise.race([listening, ending]);
    await settled();
    agent = {
      left: () => left,
      signal: told.signal,
      ring: async () => await whileRunning(onRing()),
      live: async (ms) => {
        for (let passedMs = 0; passedMs < ms && left === undefined; passedMs += 15 * second) {
          void onRing();
          await machine.run(15 * second);
        }
        await settled();
      },
      stop: async () => {
        told.abort();
        await whileRunning(ending);
      },
    };
    return agent;
  }

  async function ask(
    verb: string,
    argument = '',
    env: Readonly<Record<string, string>> = {},
    leftMs = 3_800,
  ): Promise<AgentAnswer | undefined> {
    const deadlineMs = world.machine.readClocks().wallMs + leftMs;
    const request = { verb, argument, deadlineMs, cwd: '/', env: { HOME: '/home/alice', ...env } };
    const waits = { acknowledgeWaitMs: 10_000, answerWaitMs: 10_000 };
    const conversation = await whileRunning(converse(request, { socketPath: path, ...waits }));
    return conversation.kind === 'answer' ? conversation.answer : undefined;
  }

  return {
    ...{ world, path, noted, startedElsewhere, elsewhereFor, start, ask },
    /** The key id of the credentials that it gives for this profile. */
    async getOf(profile: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
      const answer = await ask('get', profile, env);
      if (answer?.kind !== 'exit' || answer.status !== 0) throw new Error('no credentials');
      return documentIn(answer.bytes).AccessKeyId;
    },
    async status(): Promise<AgentStatus | undefined> {
      const answer = await ask('status');
      return answer?.kind === 'exit' ? parseAgentStatus(answer.bytes.toString()) : undefined;
    },
    /** Stops the agent that was started last. */
    async stop(): Promise<void> {
      await agent?.stop();
    },
    async close(): Promise<void> {
      await agent?.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type House = Awaited<ReturnType<typeof openHouse>>;
