import { beforeEach, describe, expect, it } from 'vitest';
import { keyIdOf, keysAccount } from '../../src/config/names.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { toCredentialsItem } from '../../src/credentials/credentials.ts';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { isComfortable } from '../../src/credentials/plan.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { type Chain, logIn, type ObtainPorts, obtain, openChain } from '../../src/refresh/obtain.ts';
import type { Demand } from '../../src/refresh/refresh-one.ts';
import { pause } from '../../src/system/pause.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import {
  corp,
  dev,
  endpoint,
  loggedIn,
  minute,
  recipe,
  role,
  roleHop,
  serial,
  session,
  type World,
  withKeys,
  world,
} from './obtain-world.ts';

function wanting({ clock }: World, more: Partial<Demand> = {}): Demand {
  return { accepts: (life) => isComfortable(life, clock.now()), lockWaitMs: 100, sharesFailures: true, ...more };
}

async function getDev(one: World, demand = wanting(one)) {
  const chain = await openChain(recipe([session, roleHop]), one.ports);
  return obtain(chain, 1, { demand, ports: one.ports });
}

const throttled = new AppError('aws-refused', {
  doing: 'AssumeRole',
  awsCode: 'Throttling',
  words: 'too many',
  hint: 'wait',
  isTransient: true,
});

describe('obtain', () => {
  it('obtain asks AWS once and then answers from the store', async () => {
    const one = await loggedIn(world());
    const first = await getDev(one);
    const second = await getDev(one);
    expect(first.isNew).toBe(true);
    expect(second.isNew).toBe(false);
    expect(second.credentials.accessKeyId).toBe(first.credentials.accessKeyId);
    expect(one.sts.calls.map(({ operation }) => operation)).toEqual(['GetSessionToken', 'AssumeRole']);
  });

  it('obtain makes one call for fifty callers at once, and all get its result', async () => {
    const one = await loggedIn(world());
    const all = await Promise.all(Array.from({ length: 50 }, () => getDev(one)));
    expect(new Set(all.map(({ credentials }) => credentials.accessKeyId)).size).toBe(1);
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it('obtain gives one failure to everybody who waited for it', async () => {
    const one = await loggedIn(world());
    one.sts.failNext(throttled);
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => getDev(one)));
    expect(
      all.every(
        (each) => each.status === 'rejected' && each.reason instanceof AppError && each.reason.message === throttled.message,
      ),
    ).toBe(true);
    expect(one.sts.calls.filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(1);
  });

  it('obtain gives a failure of the last five seconds again, and then asks anew', async () => {
    const one = await loggedIn(world());
    one.sts.failNext(throttled);
    await expect(getDev(one)).rejects.toThrow('too many');
    await one.clock.advance(4_999);
    await expect(getDev(one)).rejects.toThrow('too many');
    await one.clock.advance(1);
    expect((await getDev(one)).isNew).toBe(true);
    expect(one.state.list().find(({ kind }) => kind === 'role')?.failure).toBeUndefined();
  });

  // A corrected HTTPS_PROXY or AWS_CA_BUNDLE was answered with the failure of the wrong one.
  it.each([
    new AppError('network', { endpoint: 'sts.example', problem: 'the proxy does not answer' }),
    new AppError('config-unreadable', { path: '/ca.pem', problem: 'ENOENT' }),
  ])('obtain gives a failure of the way only to those who waited for it: $code', async (failure) => {
    const one = await loggedIn(world());
    one.sts.failNext(failure);
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => getDev(one)));
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    await one.clock.advance(1);
    expect((await getDev(one)).isNew).toBe(true);
  });

  it('obtain asks AWS just after a failure where a person wants to try again', async () => {
    const one = await loggedIn(world());
    one.sts.failNext(throttled);
    await expect(getDev(one)).rejects.toThrow('too many');
    expect((await getDev(one, wanting(one, { sharesFailures: false }))).isNew).toBe(true);
  });

  // Two seconds for each: with both locks left behind by a process that was killed, a caller's time was over before AWS was asked.
  it('obtain waits for the locks of all hops together no longer than for one', async () => {
    const one = await withKeys(world());
    const far = { ...roleHop, request: { ...roleHop.request, roleArn: `${role}Far` } };
    const waits: number[] = [];
    const withLock: ObtainPorts['lock']['withLock'] = async (_name, { waitMs }) => {
      waits.push(waitMs);
      await pause(waitMs);
      return { kind: 'busy' };
    };
    const ports = { ...one.ports, lock: { withLock } };
    const chain = await openChain(recipe([roleHop, far]), ports);
    await obtain(chain, 1, { demand: wanting(one, { lockWaitMs: 200 }), ports });
    expect(waits).toEqual([200, expect.any(Number)]);
    expect(waits[1]).toBeLessThan(20);
  });

  it('obtain signs the role with the session, and the session with the keys', async () => {
    const one = await loggedIn(world());
    await getDev(one);
    const [sessionCall, roleCall] = one.sts.calls;
    expect(sessionCall?.call.caller?.accessKeyId).toBe('AKIA1');
    expect(roleCall?.call.caller?.accessKeyId).toBe('ASIA0001');
    expect(roleCall).toMatchObject({ request: { roleArn: role, roleSessionName: 'alice', durationSeconds: 3600 } });
  });

  // An end in the year 9999 was taken at its word, and what had long ended was given out until somebody logged out.
  it('obtain takes nothing to last longer than any session of AWS', async () => {
    const one = await withKeys(world());
    const endless = { ...roleHop, request: { ...roleHop.request, durationSeconds: 86_400 * 365_000 } };
    const chain = await openChain(recipe([endless]), one.ports);
    const { credentials } = await obtain(chain, 0, { demand: wanting(one), ports: one.ports });
    expect(credentials.expiresAt - one.clock.now()).toBe(36 * 3_600_000);
    expect(one.state.read(chain.steps[0]?.id ?? keyIdOf(''))?.expiresAt).toBe(credentials.expiresAt);
  });

  it('obtain refuses at once when the day has no login yet, and calls nobody', async () => {
    const one = await withKeys(world());
    await expect(getDev(one)).rejects.toMatchObject({ code: 'login-needed', exitStatus: 4, hint: 'run `rolekeeper login corp`' });
    expect(one.sts.calls).toEqual([]);
    expect(one.state.list()).toEqual([]);
  });

  it('obtain says when the session ended', async () => {
    const one = await loggedIn(world());
    await one.clock.advance(12 * 60 * minute);
    await expect(getDev(one)).rejects.toThrow(/needs a new MFA login: the last one ended 2026-01-02/);
  });

  it('obtain signs with no session that ends within a minute', async () => {
    const one = await loggedIn(world());
    await one.clock.advance(12 * 60 * minute - 60_001);
    expect((await getDev(one)).isNew).toBe(true);
    const late = await loggedIn(world());
    await late.clock.advance(12 * 60 * minute - 60_000);
    await expect(getDev(late)).rejects.toThrow(`profile "dev" needs today's MFA login`);
  });

  it('obtain says whose login is missing, where a role takes the code itself', async () => {
    const one = await withKeys(world());
    const ownCode = recipe([{ ...roleHop, mfaSerial: serial }]);
    const chain = await openChain(ownCode, one.ports);
    const refused = () => obtain(chain, 0, { demand: wanting(one), ports: one.ports });
    await expect(refused()).rejects.toThrow('profile "dev" needs an MFA login of its own (its role takes the MFA code itself)');
    await logIn(chain, { index: 0, code: parseMfaCode('123456') }, one.ports);
    await one.clock.advance(60 * minute);
    await expect(refused()).rejects.toThrow(
      /^profile "dev" needs a new MFA login of its own \(its role takes the MFA code itself\): the last one ended 2026-01-02/,
    );
  });

  it('obtain ends with its caller, and leaves no failure behind', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    one.sts.failNext(throttled);
    const demand = wanting(one, { signal: AbortSignal.abort() });
    await expect(obtain(chain, 1, { demand, ports: one.ports })).rejects.toThrow('too many');
    expect(one.sts.calls.at(-1)?.call.signal).toBe(demand.signal);
    expect(one.state.read(chain.steps[1]?.id ?? keyIdOf('none'))).toBeUndefined();
  });

  it('obtain knows only the hops that there are, and that something must sign', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    const get = (which: Chain, index: number) => obtain(which, index, { demand: wanting(one), ports: one.ports });
    await expect(get(chain, 2)).rejects.toThrow('profile "dev" has no hop 2');
    const { caller: _none, ...unsigned } = await openChain(recipe([roleHop]), one.ports);
    await expect(get(unsigned, 0)).rejects.toThrow(`nothing signs for ${role}`);
  });

  it('obtain writes the list of items before the item, and publishes after it', async () => {
    const one = await loggedIn(world());
    const order: string[] = [];
    const { store, state } = one.ports;
    const ports: ObtainPorts = {
      ...one.ports,
      remember: async () => void order.push('index'),
      store: {
        ...store,
        set: async (account, value) => {
          order.push('store');
          await store.set(account, value);
        },
      },
      state: {
        ...state,
        publish: (record) => {
          order.push('publish');
          state.publish(record);
        },
      },
    };
    await obtain(await openChain(recipe([session, roleHop]), ports), 1, { demand: wanting(one), ports });
    expect(order).toEqual(['index', 'store', 'publish']);
  });

  it('obtain gives new credentials even when the store cannot take them, and then publishes nothing', async () => {
    const one = await loggedIn(world());
    const full = new AppError('store-rejected', { store: 'the store', account: 'role/…', problem: 'no space left' });
    const ports: ObtainPorts = { ...one.ports, store: { ...one.store, set: () => Promise.reject(full) } };
    const chain = await openChain(recipe([session, roleHop]), ports);
    const got = await obtain(chain, 1, { demand: wanting(one), ports });
    expect(got).toMatchObject({ isNew: true, notStored: full });
    expect(one.state.read(chain.steps[1]?.id ?? keyIdOf('none'))).toBeUndefined();
  });

  it('obtain gives new credentials when the disk with the state is full', async () => {
    const one = await loggedIn(world());
    one.state.fillDisk();
    expect((await getDev(one)).notStored?.code).toBe('state-unwritable');
    expect((await getDev(one)).isNew).toBe(false);
  });

  it('obtain shows the failure of AWS, not that of the full disk behind it', async () => {
    const one = await loggedIn(world());
    one.state.fillDisk();
    one.sts.failNext(throttled);
    await expect(getDev(one)).rejects.toThrow('too many');
    expect(one.events).toContain('state.unwritable');
  });

  it('obtain takes a broken store item as absent and overwrites it', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    const account = chain.steps[1]?.account ?? keysAccount(corp);
    await one.store.set(account, new Secret('{"v":1,"accessKeyId":""'));
    expect((await getDev(one)).isNew).toBe(true);
    expect(one.events).toContain('item.broken');
    expect((await getDev(one)).isNew).toBe(false);
  });

  it('obtain leaves an item of a newer format alone', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    const account = chain.steps[1]?.account ?? keysAccount(corp);
    await one.store.set(account, new Secret('{"v":2}'));
    await expect(getDev(one)).rejects.toMatchObject({ code: 'format-newer', exitStatus: 5 });
    expect((await one.store.get(account))?.reveal()).toBe('{"v":2}');
  });

  it('obtain goes on without a lock that somebody holds for too long', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    one.lock.hold(chain.steps[1]?.id ?? '');
    expect((await getDev(one)).isNew).toBe(true);
    expect(one.events).toContain('lock.ignored');
  });

  it('obtain goes on without a lock where there is no place for one', async () => {
    const one = await loggedIn(world());
    const unwritable = new AppError('state-unwritable', { path: '/state', problem: 'the file system is read-only' });
    const ports = { ...one.ports, lock: { withLock: () => Promise.reject(unwritable) } };
    const chain = await openChain(recipe([session, roleHop]), ports);
    expect((await obtain(chain, 1, { demand: wanting(one), ports })).isNew).toBe(true);
  });

  it('obtain keeps the later credentials when its lock was lost meanwhile', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    const step = chain.steps[1];
    if (step === undefined) throw new Error('two steps');
    const later = {
      accessKeyId: 'LATER',
      secretAccessKey: new Secret('s'),
      sessionToken: new Secret('t'),
      issuedAt: one.clock.now(),
      expiresAt: one.clock.now() + 9 * 60 * minute,
    };
    const open = one.sts.hang();
    one.lock.loseNext();
    const waiting = getDev(one);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    await one.store.set(step.account, toCredentialsItem(later, step.account));
    open();
    await waiting;
    expect((await getDev(one)).credentials.accessKeyId).toBe('LATER');
  });

  describe('and the network of the caller that last asked', () => {
    const proxied = { caBundle: '/ca.pem', httpsProxy: new Secret('http://user:pw@proxy:3128'), noProxy: 'localhost' };
    const over = (network: Recipe['network']) => ({ ...recipe([session, roleHop]), network });
    let one: World;
    beforeEach(async () => {
      one = await loggedIn(world());
      await obtain(await openChain(over(proxied), one.ports), 1, { demand: wanting(one), ports: one.ports });
    });

    /** What AWS is called over once that is due. */
    async function next(network: Recipe['network'], more: Partial<Demand> = {}) {
      await one.clock.advance(50 * minute);
      await obtain(await openChain(over(network), one.ports), 1, { demand: wanting(one, more), ports: one.ports });
      const used = one.sts.calls.at(-1)?.call.network;
      return { ...used, ...(used?.httpsProxy === undefined ? {} : { httpsProxy: used.httpsProxy.reveal() }) };
    }
    const shown = { ...proxied, httpsProxy: 'http://user:pw@proxy:3128' };

    it('obtain goes over it where no caller is known, again and again', async () => {
      expect(await next({}, { recallsNetwork: true })).toEqual(shown);
      expect(await next({ noProxy: 'here' }, { recallsNetwork: true })).toEqual({ ...shown, noProxy: 'here' });
    });

    // Who was at home again was sent over the proxy of the office for ever.
    it('obtain goes over none for a caller that has none, and that is what is remembered', async () => {
      expect(await next({})).toEqual({});
      expect(await next({}, { recallsNetwork: true })).toEqual({});
    });

    it('a login goes over none either', async () => {
      await logIn(await openChain(over(proxied), one.ports), { index: 0, code: parseMfaCode('111111') }, one.ports);
      await logIn(await openChain(over({}), one.ports), { index: 0, code: parseMfaCode('222222') }, one.ports);
      expect(one.sts.calls.at(-1)).toMatchObject({ operation: 'GetSessionToken' });
      expect(one.sts.calls.at(-1)?.call.network).toEqual({});
    });
  });
});

describe('what obtain says of the caller, for the words of a refusal', () => {
  const chained = { ...roleHop, request: { ...roleHop.request, roleArn: 'arn:aws:iam::222233334444:role/Next' } };
  const contexts = ({ sts }: World) => sts.calls.map(({ call }) => call.context);
  const whose = { profile: dev, loginTarget: corp };

  it('is the user behind the session, and its MFA device', async () => {
    const one = await loggedIn(world());
    await getDev(one);
    expect(contexts(one)).toStrictEqual([
      { ...whose, callerArn: aliceArn, callerKind: 'keys' },
      { ...whose, callerArn: aliceArn, callerKind: 'session', sessionMfaSerial: serial },
    ]);
  });

  it('is the role before it, by its own ARN', async () => {
    const one = await withKeys(world());
    const chain = await openChain(recipe([roleHop, chained]), one.ports);
    await obtain(chain, 1, { demand: wanting(one), ports: one.ports });
    expect(contexts(one)).toStrictEqual([
      { ...whose, callerArn: aliceArn, callerKind: 'keys' },
      { ...whose, callerArn: role, callerKind: 'role' },
    ]);
  });

  it.each([
    [{ kind: 'process', command: 'p', namedIn: '/config' } as const, {}],
    [
      { kind: 'web-identity', token: { kind: 'file', path: '/t' }, request: roleHop.request, endpoint } as const,
      { callerArn: role },
    ],
  ])('is the role of another way in, where that names one: %j', async (hop, more) => {
    const one = world();
    const { keys: _none, ...withoutKeys } = recipe([hop, chained]);
    const chain = await openChain(withoutKeys, one.ports);
    const [entry] = chain.steps;
    if (entry === undefined) throw new Error('it has two hops');
    const entered = {
      accessKeyId: 'ENTERED',
      secretAccessKey: new Secret('s'),
      issuedAt: one.clock.now(),
      expiresAt: one.clock.now() + 60 * minute,
    };
    await one.store.set(entry.account, toCredentialsItem(entered, entry.account));
    await obtain(chain, 1, { demand: wanting(one), ports: one.ports });
    expect(contexts(one)).toStrictEqual([{ ...whose, callerKind: 'role', ...more }]);
  });

  it('has what stands in the recipe and is not sent', async () => {
    const one = await withKeys(world());
    const unused = ['"externalid" in [rolekeeper dev]'];
    const chain = await openChain({ ...recipe([roleHop]), unused }, one.ports);
    await obtain(chain, 0, { demand: wanting(one), ports: one.ports });
    expect(contexts(one)).toMatchObject([{ unused }]);
  });
});

describe('logIn', () => {
  it('logIn sends a code once, also when AWS refuses it, and keeps the old session', async () => {
    const one = await loggedIn(world());
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    one.sts.failNext(new AppError('mfa-refused', { serial, words: 'wrong', hint: 'wait' }));
    await expect(logIn(chain, { index: 0, code: parseMfaCode('999999') }, one.ports)).rejects.toMatchObject({
      code: 'mfa-refused',
    });
    expect(one.sts.calls.filter(({ operation }) => operation === 'GetSessionToken')).toHaveLength(2);
    expect((await getDev(one)).isNew).toBe(true);
  });

  it('logIn replaces a session that is still good', async () => {
    const one = await loggedIn(world());
    await one.clock.advance(minute);
    const chain = await openChain(recipe([session, roleHop]), one.ports);
    const got = await logIn(chain, { index: 0, code: parseMfaCode('654321') }, one.ports);
    expect(got.isNew).toBe(true);
    expect(one.sts.calls.at(-1)).toMatchObject({ request: { mfa: { serial, code: '654321' } } });
  });

  it('logIn gives the code to the role itself where the recipe says so', async () => {
    const one = await withKeys(world());
    const direct = recipe([{ ...roleHop, mfaSerial: serial, request: { ...roleHop.request, durationSeconds: 43_200 } }]);
    await logIn(await openChain(direct, one.ports), { index: 0, code: parseMfaCode('123456') }, one.ports);
    expect(one.sts.calls).toMatchObject([{ operation: 'AssumeRole', request: { durationSeconds: 43_200, mfa: { serial } } }]);
  });
});
