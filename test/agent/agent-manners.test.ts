// What the agent says of itself, whom it takes for its own, and when it may leave, to the letter and the millisecond.

import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentPorts } from '../../src/agent/agent.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { dueAt } from '../../src/credentials/plan.ts';
import { AppError } from '../../src/errors.ts';
import { settled } from '../fakes/fake-machine.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { type AgentWorld, corp, hour, lastStep, minute, roleRecipe, second } from './agent-world.ts';
import { filesOf, type House, openHouse } from './running-agent.ts';

let house: House;
let world: AgentWorld;
let start: House['start'];
let ask: House['ask'];
let status: House['status'];
beforeEach(async () => {
  house = await openHouse();
  ({ world, start, ask, status } = house);
});
afterEach(async () => await house.close());

describe('the status', () => {
  it('is whole, with and without a plan', async () => {
    await start();
    const { path } = house;
    const idle = { v: 1, pid: 42, version: '1.2.3', socket: path, callers: 1, refreshing: 0 };
    expect(await status()).toStrictEqual({ ...idle, uptimeSeconds: 0, cached: 0, planned: 0, profiles: [] });
    await house.getOf('dev');
    await world.machine.run(90.5 * second);
    const { issuedAt = 0, expiresAt = 0 } = world.state.read(lastStep(roleRecipe()).id) ?? {};
    const nextRefreshAt = new Date(dueAt({ issuedAt, expiresAt })).toISOString();
    const busy = { uptimeSeconds: expect.any(Number), cached: 1, planned: 1, profiles: ['dev'], nextRefreshAt };
    const said = await status();
    expect(said).toStrictEqual({ ...idle, ...busy });
    expect([90, 91]).toContain(said?.uptimeSeconds);
  });

  it('says what is under way and what a person has unlocked', async () => {
    const store = passphraseStore(world.store);
    await start({ ports: { openPorts: async () => ({ ...world.ports, store }) } });
    await ask('unlock', rightIdentity);
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { assumeRole } = world.sts;
    world.sts.assumeRole = async (...call) => {
      await gate;
      return await assumeRole(...call);
    };
    expect(await ask('get', 'dev')).toMatchObject({ kind: 'exit', status: 7 });
    expect(await status()).toMatchObject({ refreshing: 1, unlocked: true });
    release();
    await world.machine.run(second);
    expect(await status()).toMatchObject({ refreshing: 0, unlocked: true });
    await ask('lock');
    expect(await status()).not.toHaveProperty('unlocked');
  });

  it('names a hundred profiles at most, and counts all', async () => {
    const names = Array.from({ length: 102 }, (_, n) => `role-${100 + n}`);
    const sections = names.map(
      (name) => `[profile ${name}]\nrole_arn = arn:aws:iam::222233334444:role/${name}\nsource_profile = corp\n`,
    );
    const files = filesOf(`[profile corp]\nregion = eu-west-1\n${sections.join('')}`);
    world.state.rememberPrincipal(corp, aliceArn);
    for (const name of names) {
      const recipe = resolveRecipe(parseProfileName(name), files, {});
      const { id } = lastStep(recipe);
      const issuedAt = world.machine.awsMs();
      world.state.publish({ id, kind: 'role', profile: recipe.profile, issuedAt, expiresAt: issuedAt + hour });
      world.state.noteAsked(id);
    }
    await start({ ports: { readFiles: () => files } });
    expect(await status()).toMatchObject({ planned: 102, profiles: names.slice(0, 100) });
  });
});

describe('the log', () => {
  it('has where it listens, and why it leaves', async () => {
    const running = await start();
    await running.stop();
    expect([world.linesOf('agent.listening'), world.linesOf('agent.leaving')]).toEqual([
      [{ socket: house.path }],
      [{ why: 'told' }],
    ]);
  });

  it('has what went wrong with a ring, in words', async () => {
    const running = await start();
    world.state.stamp = () => {
      throw new AppError('unexpected', { problem: 'the disk is on fire' });
    };
    await running.ring();
    world.state.stamp = () => '';
    expect(world.linesOf('ring.failed')).toEqual([{ problem: 'unexpected failure: the disk is on fire' }]);
  });

  it('has what went wrong with a request, and with which', async () => {
    const placeOf: AgentPorts['placeOf'] = ({ HOME = '' }) => {
      if (HOME === '/nowhere') throw new Error('this user is in no database');
      return { home: HOME, stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' };
    };
    await start({ ports: { placeOf } });
    await ask('unlock', 'secret', { HOME: '/nowhere' });
    expect(world.linesOf('request.failed')).toEqual([
      { verb: 'unlock', problem: 'unexpected failure: this user is in no database' },
    ]);
  });
});

describe('a caller', () => {
  const placed: { readonly cwd: string; readonly names: readonly string[] }[] = [];
  const placeOf: AgentPorts['placeOf'] = (env, cwd) => {
    placed.push({ cwd, names: Object.keys(env).sort() });
    const { HOME = '', XDG_STATE_HOME = '/state' } = env;
    return { home: HOME, stateDirectory: XDG_STATE_HOME, configPath: '/c', credentialsPath: '/k' };
  };

  it.each([
    ['home', { HOME: '/home/bob' }],
    ['state directory', { XDG_STATE_HOME: '/other' }],
  ])('of another %s is not its own, whatever it asks for', async (_what, env) => {
    await start({ ports: { placeOf } });
    const notMine = { kind: 'pass', reason: 'not-mine' };
    for (const verb of ['get', 'prompt', 'unlock']) expect(await ask(verb, 'dev', env)).toEqual(notMine);
    expect(await ask('prompt', 'dev')).toEqual({ kind: 'exit', status: 0, bytes: Buffer.alloc(0) });
  });

  it('is the agent itself, too: with what it would be sent, and at no place of its own', async () => {
    placed.length = 0;
    await start({ ports: { placeOf, env: { HOME: '/home/alice', PATH: '/bin', AWS_CONFIG_FILE: 'config' } } });
    expect(placed).toEqual([{ cwd: '/', names: ['AWS_CONFIG_FILE', 'HOME'] }]);
  });

  it('that has less time gets its answer sooner', async () => {
    await start();
    await house.getOf('dev');
    await world.machine.run(2 * hour);
    let release: () => void = () => undefined;
    world.sts.assumeRole = () =>
      new Promise((_resolve, reject) => {
        release = () => reject(new AppError('network', { endpoint: 'https://sts', problem: 'no route' }));
      });
    const answer = await ask('get', 'dev', {}, 1_200);
    expect(answer?.kind === 'exit' && answer.bytes.toString().split('\n')[0]).toBe(
      'rolekeeper: getting credentials for "dev" took longer than 1.2 s',
    );
    release();
  });
});

describe('the agent leaves for idleness', () => {
  it('at the very millisecond, of which only a get begins the count anew', async () => {
    const clocks = { ...world.machine.readClocks(), uptimeMs: 5_000 };
    const idleMs = 30 * minute;
    const running = await start({ settings: { idleMs }, ports: { readClocks: () => ({ ...clocks }) } });
    clocks.uptimeMs += 10 * minute;
    expect(await ask('get', 'nobody')).toEqual({ kind: 'pass', reason: 'config' });
    clocks.uptimeMs += idleMs - 1;
    for (const verb of ['status', 'prompt', 'doubt', 'forget', 'lock', 'sing']) await ask(verb, 'dev');
    await running.ring();
    expect(running.left()).toBeUndefined();
    clocks.uptimeMs += 1;
    await running.ring();
    await settled();
    await running.stop();
    expect(running.left()).toBe('idle');
  });

  it('not while a refresh is under way', async () => {
    const running = await start({ settings: { idleMs: minute } });
    let release: () => void = () => undefined;
    world.sts.assumeRole = () =>
      new Promise((_resolve, reject) => {
        release = () => reject(new AppError('network', { endpoint: 'https://sts', problem: 'no route' }));
      });
    expect(await ask('get', 'dev')).toMatchObject({ kind: 'exit', status: 7 });
    await running.live(5 * minute);
    expect([running.left(), await status()]).toEqual([undefined, expect.objectContaining({ planned: 0, refreshing: 1 })]);
    world.state.askedAt = () => undefined;
    release();
    await running.live(minute);
    await running.stop();
    expect(running.left()).toBe('idle');
  });

  it('and listens no more to who would tell it', async () => {
    const running = await start({ settings: { idleMs: 10 * second } });
    expect(getEventListeners(running.signal, 'abort')).toHaveLength(1);
    await running.live(30 * second);
    expect([running.left(), getEventListeners(running.signal, 'abort')]).toEqual(['idle', []]);
  });
});
