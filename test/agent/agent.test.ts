// The whole agent on a real socket, with everything behind it fake. tests/end-to-end has the built one.

import { existsSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentPorts, type AgentSettings, type Leaving, runAgent } from '../../src/agent/agent.ts';
import { converse } from '../../src/agent/client.ts';
import { type AgentStatus, parseAgentStatus } from '../../src/agent/status.ts';
import type { AgentAnswer } from '../../src/agent/wire.ts';
import { reportLines } from '../../src/commands/report.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { AuditedAnswer } from '../../src/ports/audit.ts';
import { socketIdentity } from '../../src/system/agent-socket.ts';
import { settled } from '../fakes/fake-machine.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { type AgentWorld, day, documentIn, hour, minute, openAgentWorld, second } from './agent-world.ts';

const files = {
  config: parseConfigFile(
    '[profile corp]\nregion = eu-west-1\n[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/dev\nsource_profile = corp\n' +
      '[profile other]\ncredential_process = /usr/bin/other-tool\n',
    '/c',
  ),
  credentials: parseCredentialsFile('', '/k'),
};

let world: AgentWorld;
let directory: string;
let path: string;
let agent: RunningAgent | undefined;
let noted: (AuditedAnswer & { readonly pid: number | undefined; readonly names: readonly string[] })[];
let startedElsewhere: string[];
beforeEach(async () => {
  noted = [];
  startedElsewhere = [];
  world = await openAgentWorld();
  directory = mkdtempSync(join(tmpdir(), 'rk-agent-'));
  path = join(directory, 'agent.sock');
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  rmSync(directory, { recursive: true, force: true });
});

interface RunningAgent {
  /** Undefined while it runs. */
  readonly left: () => Leaving | undefined;
  /** As the bell does. */
  ring(): Promise<void>;
  /** A ring every 15 s for so long, or until it has left. */
  live(ms: number): Promise<void>;
  stop(): Promise<void>;
}

interface Differently {
  /** Before it has begun. */
  readonly isTold?: boolean;
  readonly settings?: Partial<AgentSettings>;
  readonly ports?: Partial<AgentPorts>;
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
      readFiles: () => files,
      openPorts: async () => ({ ...world.ports, sts, store }),
      refreshElsewhere: (_caller, profile) => void startedElsewhere.push(profile),
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

async function ask(verb: string, argument = '', env: Readonly<Record<string, string>> = {}): Promise<AgentAnswer | undefined> {
  const deadlineMs = world.machine.readClocks().wallMs + 3_800;
  const request = { verb, argument, deadlineMs, cwd: '/', env: { HOME: '/home/alice', ...env } };
  const waits = { acknowledgeWaitMs: 10_000, answerWaitMs: 10_000 };
  const conversation = await whileRunning(converse(request, { socketPath: path, ...waits }));
  return conversation.kind === 'answer' ? conversation.answer : undefined;
}

async function get(env: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await ask('get', 'dev', env);
  if (answer?.kind !== 'exit' || answer.status !== 0) throw new Error('no credentials');
  return documentIn(answer.bytes).AccessKeyId;
}

async function status(): Promise<AgentStatus | undefined> {
  const answer = await ask('status');
  return answer?.kind === 'exit' ? parseAgentStatus(answer.bytes.toString()) : undefined;
}

describe('the agent', () => {
  it('has a piece for prompts, from the state alone, which is no use of the credentials', async () => {
    const piece = async (profile: string, env: Readonly<Record<string, string>> = {}) => {
      const answer = await ask('prompt', profile, env);
      return answer?.kind === 'exit' ? answer.bytes.toString() : answer?.reason;
    };
    const running = await start({ settings: { idleMs: minute } });
    expect(await piece('nobody')).toBe('');
    await get();
    const attempts = world.sts.attempts.length;
    expect(await piece('dev')).toBe('dev 60m');
    await world.machine.run(10 * minute);
    expect(await piece('dev')).toBe('dev 49m');
    expect(await piece('corp')).toBe('corp');
    expect(await piece('dev', { HOME: '/home/bob' })).toBe('not-mine');
    world.sts.cut(true);
    await running.live(40 * minute);
    expect(await piece('dev')).toMatch(/^dev \d+m!$/);
    await running.live(20 * minute);
    expect(await piece('dev')).toBe('dev !');
    expect(world.sts.attempts.filter(({ ending }) => ending === 'done').length).toBe(attempts);
  });

  it('tells the audit trail who asked, as the front says; to all else that makes no difference', async () => {
    await start();
    const first = await get({ ROLEKEEPER_CALLER_PID: '41' });
    expect(await get({ ROLEKEEPER_CALLER_PID: '42' })).toBe(first);
    await get();
    await get({ ROLEKEEPER_CALLER_PID: 'self' });
    await get({ ROLEKEEPER_CALLER_PID: 'x' });
    expect(noted.map(({ pid }) => pid)).toEqual([41, 42, undefined, Number.NaN]);
    expect(noted.every(({ names }) => !names.includes('ROLEKEEPER_CALLER_PID'))).toBe(true);
  });

  it('says what it is and what it does', async () => {
    await start();
    await get();
    await world.machine.run(90 * second);
    const said = await status();
    expect(said).toMatchObject({
      ...{ v: 1, pid: 42, version: '1.2.3', socket: path, callers: 1, cached: 1, refreshing: 0, planned: 1 },
    });
    expect(said?.uptimeSeconds).toBeGreaterThanOrEqual(90);
    const { issuedAt = 0 } = world.state.list().find(({ kind }) => kind === 'role') ?? {};
    const minutes = (Date.parse(said?.nextRefreshAt ?? '') - issuedAt) / minute;
    expect(minutes).toBeGreaterThan(37);
    expect(minutes).toBeLessThan(41);
  });

  it('keeps fresh what was asked for once, with the network of whoever asked', async () => {
    const running = await start();
    const proxies: (string | undefined)[] = [];
    const { assumeRole } = world.sts;
    world.sts.assumeRole = (request, call) => {
      proxies.push(call.network.httpsProxy instanceof Secret ? call.network.httpsProxy.reveal() : undefined);
      return assumeRole(request, call);
    };
    const first = await get({ HTTPS_PROXY: 'http://proxy:3128' });
    await running.live(45 * minute);
    expect(await get({ HTTPS_PROXY: 'http://proxy:3128' })).not.toBe(first);
    expect(proxies).toEqual(['http://proxy:3128', 'http://proxy:3128']);
  });

  it('has another process refresh what a program must make, once a minute at most', async () => {
    await import('../../src/hops/process.ts'); // real time, of which the machine's clocks know nothing
    const running = await start();
    const recipe = resolveRecipe(parseProfileName('other'), files, {});
    const step = stepsOf(recipe, 'rolekeeper-alice').at(-1);
    if (step === undefined) throw new Error('a recipe with a hop');
    const issuedAt = world.machine.awsMs();
    world.state.publish({ ...{ id: step.id, kind: 'role', profile: recipe.profile }, issuedAt, expiresAt: issuedAt + hour });
    world.state.noteAsked(step.id);
    await running.live(30 * minute);
    expect(startedElsewhere).toEqual([]);
    await running.live(15 * minute);
    expect(startedElsewhere.length).toBeGreaterThan(1);
    expect(startedElsewhere.length).toBeLessThan(8);
    expect(world.state.read(step.id)?.failure).toBeUndefined();
  });

  it('forgets what it has before it says so, and takes in anew what the store has', async () => {
    await start();
    await get();
    expect((await status())?.cached).toBe(1);
    world.store.lock();
    expect(await ask('forget')).toEqual({ kind: 'exit', status: 0, bytes: Buffer.alloc(0) });
    expect((await status())?.cached).toBe(0);
    world.store.unlock();
    await ask('forget');
    await settled();
    expect((await status())?.cached).toBe(1);
    const before = world.sts.attempts.length;
    await get();
    expect(world.sts.attempts).toHaveLength(before);
  });

  it('told to doubt what it has, keeps it while the store is locked', async () => {
    await start();
    const first = await get();
    world.store.lock();
    expect(await ask('doubt')).toEqual({ kind: 'exit', status: 0, bytes: Buffer.alloc(0) });
    expect((await status())?.cached).toBe(1);
    expect(await get()).toBe(first);
  });

  it('knows no other verbs, and no caller of another home', async () => {
    await start();
    expect(await ask('sing')).toEqual({ kind: 'pass', reason: 'verb' });
    expect(await ask('get', 'dev', { HOME: '/home/bob' })).toEqual({ kind: 'pass', reason: 'not-mine' });
  });

  // A user with two homes has one runtime directory: the `agent stop` of one ended the agent of the other, which also heard of its logins.
  it('does nothing for another home or another state directory, whatever they ask', async () => {
    const running = await start({
      ports: {
        placeOf: ({ HOME = '', ROLEKEEPER_STATE_DIR: stateDirectory = '/state' }) => ({
          ...{ home: HOME, stateDirectory, configPath: '/c', credentialsPath: '/k' },
        }),
      },
    });
    const first = await get();
    for (const env of [{ HOME: '/home/bob' }, { ROLEKEEPER_STATE_DIR: '/other' }]) {
      for (const verb of ['get', 'prompt', 'status', 'forget', 'doubt', 'unlock', 'lock', 'stop', 'sing']) {
        expect(await ask(verb, 'dev', env)).toEqual({ kind: 'pass', reason: 'not-mine' });
      }
    }
    expect((await status())?.cached).toBe(1);
    expect(await get()).toBe(first);
    expect(running.left()).toBeUndefined();
  });

  it('answers nobody without the token, where there is one', async () => {
    await start({ ports: { token: 'abc' } });
    for (const verb of ['get', 'status', 'stop', 'forget']) {
      expect(await ask(verb, 'dev')).toEqual({ kind: 'pass', reason: 'not-mine' });
      expect(await ask(verb, 'dev', { ROLEKEEPER_PIPE_TOKEN: 'abd' })).toEqual({ kind: 'pass', reason: 'not-mine' });
    }
    expect(await get({ ROLEKEEPER_PIPE_TOKEN: 'abc' })).toMatch(/^ASIA/);
  });

  // It ended the agent, and with it the memory of all callers.
  it('survives a request that it cannot even place', async () => {
    await start({
      ports: {
        placeOf: ({ HOME = '' }) => {
          if (HOME === '/nowhere') throw new Error('this user is in no database');
          return { home: HOME, stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' };
        },
      },
    });
    expect(await ask('get', 'dev', { HOME: '/nowhere' })).toEqual({ kind: 'pass', reason: 'malformed' });
    expect(await get()).toMatch(/^ASIA/);
    expect(world.events).toContain('request.failed');
  });

  it('survives a ring that goes wrong', async () => {
    const running = await start();
    const { stamp } = world.state;
    world.state.stamp = () => {
      throw new AppError('unexpected', { problem: 'the disk is on fire' });
    };
    await running.ring();
    world.state.stamp = stamp;
    expect(world.events).toContain('ring.failed');
    expect(await get()).toMatch(/^ASIA/);
    expect(running.left()).toBeUndefined();
  });
});

describe('the agent leaves', () => {
  it('when it is told to, having answered who told it, and takes its socket with it', async () => {
    const running = await start();
    expect(await ask('stop')).toEqual({ kind: 'exit', status: 0, bytes: Buffer.alloc(0) });
    await running.stop();
    expect(running.left()).toBe('told');
    expect(existsSync(path)).toBe(false);
    expect(world.store.isClosed).toBe(false); // nobody asked, so none was opened
  });

  it('when it is told to before it has begun', async () => {
    const running = await start({ isTold: true });
    await running.stop();
    expect(running.left()).toBe('told');
    expect(existsSync(path)).toBe(false);
  });

  it('after it has finished what is under way, and begins nothing after that', async () => {
    const running = await start();
    await get();
    await world.machine.run(46 * minute);
    const answering = ask('get', 'dev');
    await settled();
    const stopping = running.stop();
    expect(await answering).toMatchObject({ kind: 'exit', status: 0 });
    await stopping;
    expect(world.store.isClosed).toBe(true);
    const before = world.sts.attempts.length;
    await running.live(hour);
    expect(world.sts.attempts).toHaveLength(before);
  });

  it('when nobody asked for a while and there is nothing to keep fresh', async () => {
    const running = await start({ settings: { idleMs: 30 * minute } });
    await running.live(29 * minute);
    expect(running.left()).toBeUndefined();
    await running.live(2 * minute);
    await running.stop();
    expect(running.left()).toBe('idle');
  });

  it('not for idleness while it keeps something fresh, but once that is unused', async () => {
    const running = await start({ settings: { idleMs: minute, unusedMs: 2 * hour } });
    await get();
    await running.live(hour + 30 * minute);
    expect(running.left()).toBeUndefined();
    await running.live(2 * hour);
    await running.stop();
    expect(running.left()).toBe('idle');
  });

  it('not for idleness when it is a service', async () => {
    const running = await start();
    await running.live(5 * hour);
    expect(running.left()).toBeUndefined();
  });

  it('when the program on the disk is another one', async () => {
    let stamp = 'as it was';
    const running = await start({ ports: { programStamp: () => stamp } });
    await running.live(minute);
    expect(running.left()).toBeUndefined();
    stamp = 'upgraded';
    await running.live(15 * second);
    await running.stop();
    expect(running.left()).toBe('program-changed');
  });

  it('when its socket is gone: nobody would find it any more', async () => {
    const running = await start();
    unlinkSync(path);
    await running.live(15 * second);
    await running.stop();
    expect(running.left()).toBe('socket-gone');
  });
});

describe('the agent with a store that a passphrase opens', () => {
  const isOpen: AgentAnswer = { kind: 'exit', status: 0, bytes: Buffer.alloc(0) };

  async function startLocked(settings: Partial<AgentSettings> = {}): Promise<RunningAgent> {
    const store = passphraseStore(world.store);
    return await start({ settings, ports: { openPorts: async () => ({ ...world.ports, sts: world.sts, store }) } });
  }

  async function refusal(verb: string, argument: string): Promise<readonly [number, string] | undefined> {
    const answer = await ask(verb, argument);
    return answer?.kind === 'exit' ? [answer.status, answer.bytes.toString()] : undefined;
  }

  const lockedWords = 'rolekeeper: the age store is locked\nrolekeeper: hint: run `rolekeeper unlock`\n';

  it('says that it is locked until it is given the identity, and answers from then on', async () => {
    await startLocked();
    expect(await refusal('get', 'dev')).toEqual([5, lockedWords]);
    expect(await ask('unlock', rightIdentity)).toEqual(isOpen);
    expect(await get()).toMatch(/^ASIA/);
    expect(await status()).toMatchObject({ unlocked: true, cached: 1 });
  });

  it('keeps the identity when it is told to forget what it has', async () => {
    await startLocked();
    await ask('unlock', rightIdentity);
    await get();
    await ask('forget');
    expect(await status()).toMatchObject({ unlocked: true });
    expect(await get()).toMatch(/^ASIA/);
  });

  it.each(['AGE-SECRET-KEY-WRONG', '', 'x'.repeat(100_000)])('refuses another identity and keeps nothing', async (identity) => {
    await startLocked();
    expect(await refusal('unlock', identity)).toEqual([5, lockedWords]);
    expect(await status()).not.toHaveProperty('unlocked');
    expect(await refusal('get', 'dev')).toEqual([5, lockedWords]);
  });

  it('takes none from a caller of another home, and none for a store without a passphrase', async () => {
    await startLocked();
    expect(await ask('unlock', rightIdentity, { HOME: '/home/bob' })).toEqual({ kind: 'pass', reason: 'not-mine' });
    expect(await status()).not.toHaveProperty('unlocked');
    await agent?.stop();
    await start();
    expect(await ask('unlock', rightIdentity)).toMatchObject({ kind: 'exit', status: 2 });
  });

  it('forgets the identity and what it opened when it is told to lock', async () => {
    await startLocked();
    await ask('unlock', rightIdentity);
    await get();
    expect(await refusal('lock', '')).toEqual([0, '1']);
    expect(await status()).toMatchObject({ cached: 0 });
    expect(await status()).not.toHaveProperty('unlocked');
    expect(await refusal('get', 'dev')).toEqual([5, lockedWords]);
    expect(await refusal('lock', '')).toEqual([0, '0']);
  });

  it('locked while it looks something up, gives nothing of it', async () => {
    await startLocked();
    await ask('unlock', rightIdentity);
    await get();
    const release = world.store.holdNextRead();
    await ask('forget');
    const answering = refusal('get', 'dev');
    await settled();
    await ask('lock');
    release();
    expect(await answering).toEqual([5, lockedWords]);
    expect(await status()).toMatchObject({ cached: 0 });
  });

  it('locked while it asks AWS, keeps nothing of the answer', async () => {
    await startLocked();
    await ask('unlock', rightIdentity);
    await get();
    await world.machine.run(50 * minute);
    const answering = refusal('get', 'dev');
    await settled();
    await ask('lock');
    await answering;
    expect(await status()).toMatchObject({ cached: 0 });
    expect(await refusal('get', 'dev')).toEqual([5, lockedWords]);
  });

  it('refreshes in the background, and at once after the unlock what had become due', async () => {
    const running = await startLocked();
    await ask('unlock', rightIdentity);
    const first = await get();
    await running.live(45 * minute);
    expect(world.sts.attempts).toHaveLength(2);
    expect(await get()).not.toBe(first);
    await ask('lock');
    await running.live(45 * minute);
    expect(world.sts.attempts).toHaveLength(2);
    await ask('unlock', rightIdentity);
    await world.machine.run(2 * second);
    expect(world.sts.attempts).toHaveLength(3);
  });

  it('does not leave for idleness while it is open, and does so after the lock', async () => {
    const running = await startLocked({ idleMs: minute });
    await ask('unlock', rightIdentity);
    await running.live(3 * hour);
    expect(running.left()).toBeUndefined();
    await ask('lock');
    await running.live(minute);
    await running.stop();
    expect(running.left()).toBe('idle');
  });
});
