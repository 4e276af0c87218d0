// What the agent does while nobody asks: for whom it refreshes, what it takes into memory, whose rotations it ends, what it warns of.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeyId, parseProfileName } from '../../src/config/names.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import { lastStepOf, type Recipe } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { type Credentials, toCredentialsItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type { Warning } from '../../src/credentials/warnings.ts';
import { AppError } from '../../src/errors.ts';
import type { ObtainPorts } from '../../src/refresh/obtain.ts';
import { settled } from '../fakes/fake-machine.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { type AgentWorld, corp, hour, lastStep, minute, roleRecipe, second } from './agent-world.ts';
import { filesOf, type House, openHouse, usualConfig } from './running-agent.ts';

let house: House;
let world: AgentWorld;
beforeEach(async () => {
  house = await openHouse();
  world = house.world;
});
afterEach(async () => await house.close());

const dev = roleRecipe('dev');
const offline = new AppError('network', { endpoint: 'https://sts', problem: 'no route' });
const oneProxy = { HTTPS_PROXY: 'http://one:1' };
const otherProxy = { HTTPS_PROXY: 'http://other:2' };

const twoRoles = filesOf(
  `${usualConfig}[profile ops]\nrole_arn = arn:aws:iam::222233334444:role/ops\nsource_profile = corp\n` +
    '[profile alias]\nrole_arn = arn:aws:iam::222233334444:role/dev\nsource_profile = corp\n',
);

/** Somebody asked for it in an earlier life of the agent: the state and the store have it, the memory has not. */
async function keepFromBefore(
  recipe: Recipe,
  { left = hour, isStored = true, network = {} }: { left?: number; isStored?: boolean; network?: Credentials['network'] } = {},
): Promise<KeyId> {
  const { id, account } = lastStep(recipe);
  const expiresAt = world.machine.awsMs() + left;
  const issuedAt = expiresAt - hour;
  const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
  const credentials = { accessKeyId: `STORED-${recipe.profile}`, secretAccessKey, sessionToken, issuedAt, expiresAt, network };
  if (isStored) await world.store.set(account, toCredentialsItem(credentials, account));
  world.state.publish({ id, kind: 'role', profile: recipe.profile, issuedAt, expiresAt });
  world.state.noteAsked(id);
  world.state.rememberPrincipal(corp, aliceArn);
  return id;
}

/** Reads of role items, of which each may be refused. */
function countReads(refusal: () => Error | undefined = () => undefined): { readonly count: () => number } {
  const { get } = world.store;
  let reads = 0;
  world.store.get = async (account) => {
    if (account.startsWith('role/')) reads += 1;
    const error = account.startsWith('role/') ? refusal() : undefined;
    if (error !== undefined) throw error;
    return await get(account);
  };
  return { count: () => reads };
}

/** The proxies that AssumeRole was called over, by role. */
function proxiesUsed(): readonly string[] {
  const used: string[] = [];
  const { assumeRole } = world.sts;
  world.sts.assumeRole = (request, call) => {
    const { httpsProxy } = call.network;
    used.push(`${request.roleArn.split('/').at(-1)} ${httpsProxy instanceof Secret ? httpsProxy.reveal() : 'none'}`);
    return assumeRole(request, call);
  };
  return used;
}

describe('whoever asked last', () => {
  it('is whose network a refresh goes over, each for what it asked for', async () => {
    const running = await house.start({ ports: { readFiles: () => twoRoles } });
    await house.getOf('dev', oneProxy);
    await house.getOf('ops', otherProxy);
    const used = proxiesUsed();
    await running.live(45 * minute);
    expect([...used].sort()).toEqual(['dev http://one:1', 'ops http://other:2']);
    await house.getOf('dev', otherProxy);
    await running.live(40 * minute);
    expect(used.slice(2).sort()).toEqual(['dev http://other:2', 'ops http://other:2']);
    expect(house.startedElsewhere).toEqual([]);
  });

  it('is whose network it is as soon as that is another', async () => {
    const running = await house.start();
    await house.getOf('dev', oneProxy);
    await house.getOf('dev', otherProxy);
    const used = proxiesUsed();
    await running.live(45 * minute);
    expect(used).toEqual(['dev http://other:2']);
  });

  // Yesterday's proxy was forced on whoever had none, for ever.
  it('is whose network it is, and not what the store remembers of an earlier one', async () => {
    const httpsProxy = new Secret('http://office:1');
    await keepFromBefore(dev, { left: 20 * minute, network: { httpsProxy } });
    const running = await house.start();
    const used = proxiesUsed();
    await house.getOf('dev');
    await running.live(45 * minute);
    expect(used).toEqual(['dev none', 'dev none']);
  });

  it('is asked of the store where nobody has asked this agent', async () => {
    await keepFromBefore(dev, { left: 20 * minute, network: { httpsProxy: new Secret('http://office:1') } });
    const used = proxiesUsed();
    const running = await house.start();
    await running.live(minute);
    expect(used).toEqual(['dev http://office:1']);
    await running.live(45 * minute);
    expect(used).toEqual(['dev http://office:1', 'dev http://office:1']);
    await world.machine.run(2 * hour); // and over, with no ring in between
    await house.getOf('dev');
    expect(used.at(-1)).toBe('dev none');
  });

  it('of one is known on when another is asked for', async () => {
    await house.start({ ports: { readFiles: () => twoRoles } });
    for (const profile of ['dev', 'alias', 'ops']) await house.getOf(profile);
    await house.ask('forget');
    expect(await house.status()).toMatchObject({ planned: 2, profiles: ['alias', 'ops'] });
  });

  it('is by which name a profile is planned, when two names are one recipe', async () => {
    await house.start({ ports: { readFiles: () => twoRoles } });
    await house.getOf('dev');
    expect(await house.status()).toMatchObject({ planned: 1, profiles: ['dev'] });
    await house.getOf('alias');
    await house.ask('forget');
    expect(await house.status()).toMatchObject({ planned: 1, profiles: ['alias'] });
  });

  it('is noted once in ten minutes, whoever that is', async () => {
    const clocks = { ...world.machine.readClocks() };
    const notes: KeyId[] = [];
    const state = { ...world.state, noteAsked: (id: KeyId) => void notes.push(id) }; // a look into the store notes it for itself
    await house.start({ ports: { state, readClocks: () => ({ ...clocks }) } });
    const begunMs = clocks.uptimeMs;
    const at = async (ms: number, env: Readonly<Record<string, string>>) => {
      clocks.uptimeMs = begunMs + ms;
      await house.getOf('dev', env);
      return notes.length;
    };
    expect([await at(0, oneProxy), await at(0, oneProxy), await at(5 * minute, otherProxy)]).toEqual([1, 1, 1]);
    expect([await at(10 * minute - 1, otherProxy), await at(10 * minute, otherProxy)]).toEqual([1, 2]);
    expect([await at(20 * minute - 1, oneProxy), await at(20 * minute, oneProxy)]).toEqual([2, 3]);
  });

  it('is whom a program is run for elsewhere', async () => {
    await import('../../src/hops/process.ts'); // real time, of which the machine's clocks know nothing
    const running = await house.start();
    expect(await house.ask('get', 'other', oneProxy)).toEqual({ kind: 'pass', reason: 'not-mine' });
    expect(house.elsewhereFor).toEqual([]);
    const { profile, hops } = resolveRecipe(parseProfileName('other'), filesOf(usualConfig), {});
    const { id } = lastStepOf({ ...dev, hops }, 'rolekeeper-alice') ?? lastStep(dev);
    const issuedAt = world.machine.awsMs() - 45 * minute;
    world.state.publish({ id, kind: 'role', profile, issuedAt, expiresAt: issuedAt + hour });
    await running.ring();
    expect(house.startedElsewhere).toEqual(['other']);
    expect(house.elsewhereFor[0]?.env['HTTPS_PROXY']).toBe('http://one:1');
    expect(house.elsewhereFor[0]?.env).not.toHaveProperty('ROLEKEEPER_UNASKED');
  });
});

describe('what is kept fresh', () => {
  it('is taken into memory at the start, once', async () => {
    await keepFromBefore(dev);
    const reads = countReads();
    const running = await house.start();
    expect(await house.status()).toMatchObject({ cached: 1, planned: 1, profiles: ['dev'] });
    await running.live(2 * minute);
    expect(reads.count()).toBe(1);
    world.store.lock();
    expect(await house.getOf('dev')).toBe('STORED-dev');
  });

  // The state said whose keys these are only until it was lost, and the store was locked by then.
  it('is given from memory when state and store are gone before anybody has asked', async () => {
    await keepFromBefore(dev);
    await house.start();
    world.state.principal = () => undefined;
    world.store.lock();
    expect(await house.getOf('dev')).toBe('STORED-dev');
  });

  it('is looked for once where the store has it not', async () => {
    await keepFromBefore(dev, { isStored: false });
    const reads = countReads();
    const running = await house.start();
    await running.live(2 * minute);
    expect([reads.count(), (await house.status())?.cached, world.linesOf('ring.failed')]).toEqual([1, 0, []]);
  });

  it('is not looked for when it has ended', async () => {
    await keepFromBefore(dev, { left: -minute });
    world.sts.cut(true);
    const release = world.lock.hold(lastStep(dev).id);
    const reads = countReads();
    world.state.principal = () => undefined;
    const running = await house.start();
    await running.live(minute);
    release();
    expect(reads.count()).toBe(0);
  });

  it('is not looked for when memory has it already', async () => {
    const running = await house.start();
    await house.getOf('dev');
    await world.machine.run(20 * second);
    const reads = countReads();
    await running.live(minute);
    expect(reads.count()).toBe(0);
  });

  it.each([
    new AppError('store-locked', { store: 'the store', hint: 'unlock it' }),
    new AppError('store-unavailable', { store: 'the store', problem: 'gone', hint: 'look' }),
  ])('is asked for with one question at each ring while the store does not answer: $code', async (error) => {
    let refusal: Error | undefined = error;
    await keepFromBefore(dev);
    await keepFromBefore(roleRecipe('ops'));
    const reads = countReads(() => refusal);
    const running = await house.start({ ports: { readFiles: () => twoRoles } });
    await running.ring();
    expect([reads.count(), world.linesOf('ring.failed')]).toEqual([2, []]);
    refusal = undefined;
    await running.ring();
    expect([reads.count(), (await house.status())?.cached]).toEqual([4, 2]);
  });

  it('fails a ring, and no more, where the store fails in another way', async () => {
    await keepFromBefore(dev);
    const running = await house.start();
    expect(world.linesOf('ring.failed')).toEqual([]);
    await house.stop();
    countReads(() => new AppError('format-newer', { what: 'the item', version: 9 }));
    const again = await house.start();
    expect(world.linesOf('ring.failed')).toHaveLength(1);
    expect([running.left(), again.left()]).toEqual(['told', undefined]);
  });

  it('is looked for anew after a sleep', async () => {
    const running = await house.start();
    await house.getOf('dev');
    await running.ring();
    await keepFromBefore(dev);
    world.machine.sleep(6 * second);
    await running.ring();
    expect(await house.getOf('dev')).toBe('STORED-dev');
  });

  it('needs no look into the store for fifteen seconds', async () => {
    await keepFromBefore(dev);
    const reads = countReads();
    await house.start();
    for (let calls = 0; calls < 3; calls++) await house.getOf('dev');
    expect(reads.count()).toBe(1);
    await world.machine.run(15 * second);
    await house.getOf('dev');
    expect(reads.count()).toBe(2);
  });

  it('is what the files say, as they are now', async () => {
    await keepFromBefore(dev);
    let files: ConfigFiles = twoRoles;
    await house.start({ ports: { readFiles: () => files } });
    expect((await house.status())?.planned).toBe(1);
    files = filesOf('[profile corp]\nregion = eu-west-1\n');
    expect((await house.status())?.planned).toBe(0);
    files = twoRoles;
    expect((await house.status())?.planned).toBe(1);
  });

  it('is not what only another caller could make', async () => {
    world.sts.cut(true);
    const running = await house.start();
    await house.ask('get', 'dev');
    await running.live(10 * minute);
    expect([house.startedElsewhere, world.linesOf('refresh.failed').length > 1]).toEqual([[], true]);
  });
});

describe('rotations', () => {
  interface Ended {
    readonly proxy: string | undefined;
    readonly files: ConfigFiles;
    readonly open: () => Promise<ObtainPorts>;
  }

  function endings() {
    const clocks = { ...world.machine.readClocks() };
    const begunMs = clocks.uptimeMs;
    const ended: Ended[] = [];
    const endRotations = async (
      { env, files }: { readonly env: Readonly<Record<string, string | undefined>>; readonly files: ConfigFiles },
      open: () => Promise<ObtainPorts>,
    ) => {
      ended.push({ proxy: env['HTTPS_PROXY'], files, open });
    };
    return { clocks, begunMs, ended, ports: { endRotations, readClocks: () => ({ ...clocks }), readFiles: () => twoRoles } };
  }

  it('are ended for each caller that is known, every ten minutes', async () => {
    const { clocks, begunMs, ended, ports } = endings();
    const running = await house.start({ ports });
    const proxies = () => ended.splice(0).map(({ proxy }) => proxy);
    expect(proxies()).toEqual([undefined]);
    await house.getOf('dev', oneProxy);
    await house.getOf('ops', oneProxy);
    clocks.uptimeMs = begunMs + 10 * minute - 1;
    await running.ring();
    expect(proxies()).toEqual([]);
    clocks.uptimeMs += 1;
    await running.ring();
    expect(proxies()).toEqual([undefined, 'http://one:1']);
    await running.ring();
    expect(proxies()).toEqual([]);
    await house.ask('forget');
    await settled();
    expect(proxies()).toEqual([undefined, 'http://one:1']);
  });

  it("are ended with the caller's files and store", async () => {
    const { ended, ports } = endings();
    await house.start({ ports });
    expect(ended.map(({ files }) => files)).toStrictEqual([twoRoles]);
    expect((await ended[0]?.open())?.store).toBe(world.store);
  });

  it('that fail for one caller are ended for the others, and the log says so', async () => {
    const { ended, ports } = endings();
    let fails = true;
    const endRotations: typeof ports.endRotations = async (config, open) => {
      await ports.endRotations(config, open);
      if (fails) throw offline;
    };
    await house.start({ ports: { ...ports, endRotations } });
    await house.getOf('dev', oneProxy);
    await house.ask('forget');
    await settled();
    fails = false;
    expect(ended.map(({ proxy }) => proxy)).toEqual([undefined, undefined, 'http://one:1']);
    expect(world.linesOf('rotation.failed')).toEqual([{ code: 'network' }, { code: 'network' }, { code: 'network' }]);
    expect(world.linesOf('ring.failed')).toEqual([]);
  });

  it('that fail for a reason that nobody has thought of fail the ring', async () => {
    const { ports } = endings();
    const endRotations = async () => {
      throw new TypeError('a slip');
    };
    await house.start({ ports: { ...ports, endRotations } });
    expect([world.linesOf('rotation.failed'), world.linesOf('ring.failed')]).toEqual([
      [],
      [{ problem: 'unexpected failure: a slip' }],
    ]);
  });
});

describe('a person at the desktop', () => {
  const mfaFiles = filesOf(
    '[profile corp]\nregion = eu-west-1\nmfa_serial = arn:aws:iam::123456789012:mfa/alice\n' +
      '[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/dev\nsource_profile = corp\n',
  );

  it.each([
    ['by day', false, 12, 1],
    ['at night', false, 23, 0],
    ['at night, who wants that', true, 23, 1],
  ])('is warned %s of what is kept fresh', async (_when, warnsAtNight, hourOfDay, count) => {
    await world.logIn();
    await world.machine.run(11.75 * hour);
    await keepFromBefore(roleRecipe('dev', { needsLogin: true }));
    const { machine } = world;
    machine.setWallClock((hourOfDay - new Date(machine.readClocks().wallMs).getHours()) * hour);
    machine.clock.learn(machine.awsMs());
    const told: Warning[] = [];
    const notifier = { tell: (warning: Warning) => void told.push(warning), settled: async () => undefined };
    await house.start({ settings: { warnsAtNight }, ports: { notifier, readFiles: () => mfaFiles } });
    expect(told.map(({ title }) => title)).toEqual(Array(count).fill('AWS session of "corp" ends in 15 min'));
  });
});
