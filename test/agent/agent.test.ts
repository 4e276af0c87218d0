// The whole agent on a real socket, with everything behind it fake. tests/end-to-end has the built one.

import { existsSync, unlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentSettings } from '../../src/agent/agent.ts';
import type { AgentAnswer } from '../../src/agent/wire.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { settled } from '../fakes/fake-machine.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { type AgentWorld, hour, minute, second } from './agent-world.ts';
import { filesOf, type House, openHouse, type RunningAgent, usualConfig } from './running-agent.ts';

let house: House;
let world: AgentWorld;
let path: string;
let start: House['start'];
let ask: House['ask'];
let status: House['status'];
beforeEach(async () => {
  house = await openHouse();
  ({ world, path, start, ask, status } = house);
});
afterEach(async () => await house.close());

async function get(env: Readonly<Record<string, string>> = {}): Promise<string> {
  return await house.getOf('dev', env);
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
    expect(house.noted.map(({ pid }) => pid)).toEqual([41, 42, undefined, Number.NaN]);
    expect(house.noted.every(({ names }) => !names.includes('ROLEKEEPER_CALLER_PID'))).toBe(true);
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
    const recipe = resolveRecipe(parseProfileName('other'), filesOf(usualConfig), {});
    const step = stepsOf(recipe, 'rolekeeper-alice').at(-1);
    if (step === undefined) throw new Error('a recipe with a hop');
    const issuedAt = world.machine.awsMs();
    world.state.publish({ ...{ id: step.id, kind: 'role', profile: recipe.profile }, issuedAt, expiresAt: issuedAt + hour });
    world.state.noteAsked(step.id);
    await running.live(30 * minute);
    expect(house.startedElsewhere).toEqual([]);
    await running.live(15 * minute);
    expect(house.startedElsewhere.length).toBeGreaterThan(1);
    expect(house.startedElsewhere.length).toBeLessThan(8);
    // Nobody has asked this agent: the network of whoever did before must do.
    expect(house.elsewhereFor.every(({ env }) => env['ROLEKEEPER_UNASKED'] === '1')).toBe(true);
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

  it('that wants no token answers who sends one', async () => {
    await start();
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
    await house.stop();
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
