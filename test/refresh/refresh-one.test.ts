import { describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/credentials/credentials.ts';
import { toCredentialsItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { StateRecord } from '../../src/ports/state.ts';
import { openChain } from '../../src/refresh/obtain.ts';
import {
  type Demand,
  isOfTheWay,
  patientDemand,
  type Refresh,
  type RefreshPorts,
  refreshOne,
} from '../../src/refresh/refresh-one.ts';
import { pause } from '../../src/system/pause.ts';
import { corp, dev, minute, recipe, role, roleHop, withKeys, world } from './obtain-world.ts';

const down = new AppError('network', { endpoint: 'sts', problem: 'refused' });
const denied = new AppError('aws-refused', {
  ...{ doing: 'AssumeRole', awsCode: 'AccessDenied', words: 'no', hint: 'ask' },
  isTransient: false,
});
const loginNeeded = new AppError('login-needed', { profile: dev, target: corp, why: 'no session' });

/** A role whose AWS answers as it is told. */
async function opened() {
  const one = await withKeys(world());
  const [step] = (await openChain(recipe([roleHop]), one.ports)).steps;
  if (step === undefined) throw new Error('it has one hop');
  const lines: string[] = [];
  const log: RefreshPorts['log'] = {
    event: (name, details) => void lines.push([name, ...Object.entries(details ?? {}).map((pair) => pair.join('='))].join(' ')),
  };
  const made = (accessKeyId: string, endsInMs = 60 * minute): Credentials => ({
    ...{ accessKeyId, secretAccessKey: new Secret('s'), sessionToken: new Secret('t') },
    issuedAt: one.clock.now(),
    expiresAt: one.clock.now() + endsInMs,
  });
  const demand: Demand = {
    accepts: ({ expiresAt }) => expiresAt > one.clock.now() + minute,
    lockWaitMs: 0,
    sharesFailures: true,
  };
  const ports = { ...one.ports, log };
  const refresh = (issue: Refresh['issue'], more: Partial<Demand> = {}, others: Partial<RefreshPorts> = {}) =>
    refreshOne({ profile: dev, step, demand: { ...demand, ...more }, issue }, { ...ports, ...others });
  const put = (credentials: Credentials) => one.store.set(step.account, toCredentialsItem(credentials, step.account));
  return { ...one, step, lines, made, refresh, put, record: () => one.state.read(step.id) };
}

const mustNotAsk = () => Promise.reject(new Error('AWS must not be asked'));

describe('refreshOne', () => {
  it('stores what AWS gives, publishes it, and says so in one line', async () => {
    const { refresh, made, record, lines, remembered, step } = await opened();
    const credentials = made('NEW');
    expect(await refresh(async () => credentials)).toStrictEqual({ credentials, isNew: true });
    const { issuedAt, expiresAt } = credentials;
    expect(record()).toStrictEqual({ id: step.id, kind: 'role', profile: dev, issuedAt, expiresAt });
    expect(remembered).toEqual([step.account]);
    expect(lines).toEqual([`refresh.done profile=dev hop=${role} expires=2026-01-02T09:00:00Z`]);
  });

  it('looks once more, under the lock, and asks for nothing that is there', async () => {
    const { refresh, made, put } = await opened();
    await put(made('THERE'));
    expect(await refresh(mustNotAsk)).toMatchObject({ credentials: { accessKeyId: 'THERE' }, isNew: false });
  });

  it('hands what the store has, and will not do, to who asks AWS', async () => {
    const { refresh, made, put, step, ports } = await opened();
    await put(made('SHORT', 1_000));
    let given: Credentials | undefined;
    const demand = { ...patientDemand(() => false) };
    const issue = async (stored: Credentials | undefined) => {
      given = stored;
      return made('NEW');
    };
    await refreshOne({ profile: dev, step, demand, issue }, ports);
    expect(given?.accessKeyId).toBe('SHORT');
    expect(await refresh(mustNotAsk)).toMatchObject({ credentials: { accessKeyId: 'NEW' } });
  });

  it('publishes a failure beside what is still good, says so, and counts', async () => {
    const { refresh, made, put, record, lines, clock, state, step } = await opened();
    await put(made('OLD', 1_000));
    const life = { issuedAt: clock.now(), expiresAt: clock.now() + 1_000 };
    state.publish({ id: step.id, kind: 'role', profile: corp, ...life });
    await expect(refresh(() => Promise.reject(denied))).rejects.toBe(denied);
    const failure = { error: denied.toStored(), at: clock.now(), count: 1, retryAt: clock.now() + minute };
    expect(record()).toEqual({ id: step.id, kind: 'role', profile: dev, ...life, failure });
    await clock.advance(5_000);
    await expect(refresh(() => Promise.reject(denied))).rejects.toBe(denied);
    expect(lines).toEqual([1, 2].map((count) => `refresh.failed profile=dev hop=${role} code=aws-refused count=${count}`));
  });

  it('takes a login that is missing for the end of the failure before it, and for none of its own', async () => {
    const { refresh, record, lines } = await opened();
    await expect(refresh(() => Promise.reject(loginNeeded))).rejects.toBe(loginNeeded);
    expect([record(), lines]).toEqual([undefined, []]);
    await expect(refresh(() => Promise.reject(denied))).rejects.toBe(denied);
    await expect(refresh(() => Promise.reject(loginNeeded), { sharesFailures: false })).rejects.toBe(loginNeeded);
    expect(record()).toBeDefined();
    expect(record()?.failure).toBeUndefined();
  });

  it.each([
    new AppError('program-needed', { setting: 'credential_process', profile: dev }),
    new AppError('environment-lacks', { profile: dev, what: 'w', problem: 'p', hint: 'h' }),
  ])('publishes nothing of what says nothing of the hop: $code', async (error) => {
    const { refresh, record } = await opened();
    await expect(refresh(() => Promise.reject(error))).rejects.toBe(error);
    expect(record()).toBeUndefined();
  });

  it('names what was thrown and is no error of ours', async () => {
    const { refresh, record } = await opened();
    await expect(refresh(() => Promise.reject(new TypeError('a bug')))).rejects.toMatchObject({ code: 'unexpected' });
    expect(record()?.failure?.error.code).toBe('unexpected');
  });

  it('shares a refusal that it did not wait for, but not a failure of the way', async () => {
    const { refresh, made, clock } = await opened();
    await expect(refresh(() => Promise.reject(denied))).rejects.toBe(denied);
    await clock.advance(1);
    await expect(refresh(mustNotAsk)).rejects.toMatchObject({ code: 'aws-refused', message: denied.message });
    await clock.advance(5_000);
    await expect(refresh(() => Promise.reject(down))).rejects.toBe(down);
    await clock.advance(1);
    expect(await refresh(async () => made('NEW'))).toMatchObject({ isNew: true });
  });

  it('takes what another process published while it waited for the lock', async () => {
    const { refresh, made, put, state, step, lock } = await opened();
    lock.hold(step.id);
    const other = made('OTHER');
    await put(other);
    state.publish({ id: step.id, kind: 'role', profile: dev, issuedAt: other.issuedAt, expiresAt: other.expiresAt });
    expect(await refresh(mustNotAsk)).toMatchObject({ credentials: { accessKeyId: 'OTHER' }, isNew: false });
  });

  it('takes the failure that another process published while it waited, of the way as well', async () => {
    const { refresh } = await opened();
    const first = refresh(() => Promise.reject(down));
    const second = refresh(mustNotAsk);
    await expect(first).rejects.toBe(down);
    await expect(second).rejects.toMatchObject({ code: 'network', message: down.message });
  });

  it('goes on without a lock that it does not get, and says so', async () => {
    const { refresh, made, lock, step, lines } = await opened();
    lock.hold(step.id);
    expect(await refresh(async () => made('NEW'))).toMatchObject({ isNew: true });
    expect(lines[0]).toBe(`lock.ignored profile=dev hop=${role}`);
  });

  it('goes on without a lock no more when its caller has gone', async () => {
    const { refresh, lock, step } = await opened();
    lock.hold(step.id);
    await expect(refresh(mustNotAsk, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  });

  it.each([
    ['later', 90, 'OTHER'],
    ['of the same end', 60, 'OTHER'],
    ['earlier', 59, 'NEW'],
  ])('without the lock, leaves credentials in the store that are %s', async (_which, minutes, kept) => {
    const { refresh, made, put, lock, step, store } = await opened();
    lock.hold(step.id);
    const issue = async () => {
      await put(made('OTHER', minutes * minute));
      return made('NEW');
    };
    expect(await refresh(issue)).toMatchObject({ credentials: { accessKeyId: 'NEW' }, isNew: true });
    expect((await store.get(step.account))?.reveal()).toContain(`"${kept}"`);
  });

  it('with the lock, stores what it got', async () => {
    const { refresh, made, put, step, store } = await opened();
    const issue = async () => {
      await put(made('OTHER', 90 * minute));
      return made('NEW');
    };
    await refresh(issue);
    expect((await store.get(step.account))?.reveal()).toContain('"NEW"');
  });

  it('says why new credentials are not in the store, and hides no fault of the program', async () => {
    const { refresh, made, store, lines } = await opened();
    const full = new AppError('store-rejected', { store: 'the store', account: 'role/…', problem: 'no space left' });
    const failing = (error: Error) => ({ store: { ...store, set: () => Promise.reject(error) } });
    expect(await refresh(async () => made('NEW'), {}, failing(full))).toMatchObject({ isNew: true, notStored: full });
    expect(lines[0]).toBe(`refresh.not-stored profile=dev hop=${role} code=store-rejected`);
    const fault = new TypeError('a bug');
    await expect(refresh(async () => made('NEW'), {}, failing(fault))).rejects.toBe(fault);
  });

  it('hides no fault of the program behind a failure of AWS', async () => {
    const { refresh, state } = await opened();
    const fault = new TypeError('a bug');
    const publish = () => {
      throw fault;
    };
    await expect(refresh(() => Promise.reject(denied), {}, { state: { ...state, publish } })).rejects.toBe(fault);
  });
});

describe('refreshOne, as it waits for its lock', () => {
  type Opened = Awaited<ReturnType<typeof opened>>;

  /** The lock is never got; while it is waited for, this happens, and then the wait looks whether that will do. */
  function waitingWhile(happening: () => unknown): Partial<RefreshPorts> {
    const withLock: RefreshPorts['lock']['withLock'] = async (_name, wait) => {
      await happening();
      const value = await wait.meanwhile?.();
      return value === undefined ? { kind: 'busy' } : { kind: 'overtaken', value };
    };
    return { lock: { withLock } };
  }

  function failureOf(error: AppError, at: number) {
    return { error: error.toStored(), at, count: 1, retryAt: at + minute };
  }

  function publish({ state, step }: Opened, more: Partial<StateRecord>): void {
    state.publish({ id: step.id, kind: 'role', profile: corp, ...more });
  }

  it.each<[string, (one: Opened) => unknown, string]>([
    ['nothing is published', () => undefined, 'NEW'],
    ['a record comes without its credentials', (one) => publish(one, lifeOf(one.made('OTHER'))), 'NEW'],
    ['a record comes that has no end', (one) => publish(one, { issuedAt: one.clock.now() }), 'NEW'],
    ['a record comes that has no beginning', (one) => publish(one, { expiresAt: one.clock.now() + minute * 60 }), 'NEW'],
  ])('asks AWS where %s', async (_what, happening, given) => {
    const one = await opened();
    const { credentials, isNew } = await one.refresh(
      async () => one.made('NEW'),
      {},
      waitingWhile(() => happening(one)),
    );
    expect([credentials.accessKeyId, isNew, one.lines[0]]).toEqual([given, true, `lock.ignored profile=dev hop=${role}`]);
  });

  it.each([
    ['are what it needs', 60 * minute, 60 * minute, 'OTHER'],
    ['end too soon, whatever the state says', 60 * minute, minute, 'NEW'],
  ])('takes credentials of another process that %s', async (_what, publishedMs, storedMs, given) => {
    const one = await opened();
    const happening = async () => {
      publish(one, lifeOf(one.made('OTHER', publishedMs)));
      await one.put(one.made('OTHER', storedMs));
    };
    const { credentials } = await one.refresh(async () => one.made('NEW'), {}, waitingWhile(happening));
    expect([credentials.accessKeyId, one.lines.length]).toEqual([given, given === 'NEW' ? 2 : 0]);
  });

  it('looks into no store for what the state says will not do', async () => {
    const one = await opened();
    let looks = 0;
    const get: typeof one.store.get = async (account) => {
      looks += 1;
      return await one.store.get(account);
    };
    const happening = () => publish(one, lifeOf(one.made('OTHER', minute)));
    await one.refresh(async () => one.made('NEW'), {}, { ...waitingWhile(happening), store: { ...one.store, get } });
    expect(looks).toBe(2); // without the lock: before the call, and before its result is stored
  });

  it('is given the failure that is published meanwhile, and not the one from before', async () => {
    const one = await opened();
    const before = failureOf(denied, one.clock.now() - 10_000);
    publish(one, { failure: before });
    expect(
      await one.refresh(
        async () => one.made('NEW'),
        {},
        waitingWhile(() => undefined),
      ),
    ).toMatchObject({ isNew: true });
    const other = await opened();
    publish(other, { failure: before });
    const happening = () => publish(other, { failure: failureOf(down, other.clock.now()) });
    await expect(other.refresh(mustNotAsk, {}, waitingWhile(happening))).rejects.toMatchObject({ message: down.message });
    expect(other.lines).toEqual([]);
  });

  it('is given a failure that only a later version knows by its code', async () => {
    const one = await opened();
    const failure = { ...failureOf(down, one.clock.now()), error: { code: 'from-the-future', details: {} } };
    const happening = () => publish(one, { failure: JSON.parse(JSON.stringify(failure)) });
    await expect(one.refresh(mustNotAsk, {}, waitingWhile(happening))).rejects.toMatchObject({
      code: 'unexpected',
      details: { problem: 'from-the-future' },
    });
  });

  it('waits as long as it was told, by the name of the hop and with its own signal', async () => {
    const one = await opened();
    const waits: unknown[] = [];
    const withLock: RefreshPorts['lock']['withLock'] = async (name, { waitMs, signal }) => {
      waits.push([name, waitMs, signal]);
      return { kind: 'busy' };
    };
    const { signal } = new AbortController();
    await one.refresh(async () => one.made('NEW'), { lockWaitMs: 7, signal }, { lock: { withLock } });
    await one.refresh(async () => one.made('NEW'), { accepts: () => false }, { lock: { withLock } });
    expect(waits).toEqual([
      [one.step.id, 7, signal],
      [one.step.id, 0, undefined],
    ]);
  });

  it('leaves to the hops before what it has not waited for its own lock', async () => {
    const one = await opened();
    const left: number[] = [];
    const issue: Refresh['issue'] = async (_stored, lockWaitMs) => {
      left.push(lockWaitMs);
      return one.made('NEW');
    };
    const withLock: RefreshPorts['lock']['withLock'] = async (_name, { waitMs }) => {
      await pause(waitMs);
      return { kind: 'busy' };
    };
    await one.refresh(issue, { lockWaitMs: 100 }, { lock: { withLock } });
    await one.refresh(issue, { lockWaitMs: 60_000, accepts: () => false });
    expect(left[0]).toBeLessThan(10);
    expect(left[1]).toBeGreaterThan(30_000);
  });

  function lifeOf({ issuedAt, expiresAt }: Credentials) {
    return { issuedAt, expiresAt };
  }
});

describe('isOfTheWay', () => {
  it.each([
    [down, true],
    [new AppError('deadline', { doing: 'it', seconds: 1 }), true],
    [new AppError('config-unreadable', { path: '/ca.pem', problem: 'ENOENT' }), true],
    [new AppError('machine-failed', { service: 's', problem: 'p', hint: 'h' }), true],
    [new AppError('certificate-unusable', { path: '/c', problem: 'p', hint: 'h' }), true],
    [denied, false],
    [loginNeeded, false],
  ])('of $code is known', (error, expected) => {
    expect(isOfTheWay({ error: error.toStored(), at: 0, count: 1, retryAt: 0 })).toBe(expected);
  });
});

describe('patientDemand', () => {
  it('waits for a lock as long as AWS may take, and shares no failure', () => {
    const accepts = () => true;
    expect(patientDemand(accepts)).toEqual({ accepts, lockWaitMs: 12_000, sharesFailures: false });
  });
});
