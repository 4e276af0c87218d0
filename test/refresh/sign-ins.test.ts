// The access token of a sign-in: what happens when AWS, the store or another process is not as it should be.

import { describe, expect, it } from 'vitest';
import { type KeyId, parseProfileName, signInAccount } from '../../src/config/names.ts';
import { describeSignIn, type SignIn, signInIdOf } from '../../src/config/sign-in.ts';
import { localMinute } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { type SignInTokens, toSignInItem } from '../../src/credentials/sign-in-tokens.ts';
import { AppError } from '../../src/errors.ts';
import type { AccessToken, SignInService, TokenOutcome } from '../../src/ports/identity-center.ts';
import type { Lock } from '../../src/ports/lock.ts';
import { createSignIns } from '../../src/refresh/sign-ins.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { fakeLock } from '../fakes/fake-lock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { faultyStore } from '../fakes/faulty-store.ts';

const minute = 60_000;
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false };
const signIn: SignIn = {
  sessionName: 'corp',
  startUrl: 'https://corp.awsapps.com/start',
  scopes: ['sso:account:access'],
  oidc: endpoint,
  portal: endpoint,
};
const id: KeyId = signInIdOf(signIn);
const call = { network: {}, context: { profile: 'dev', loginTarget: 'dev' } };
const noNetwork = new AppError('network', { endpoint: 'oidc', problem: 'there is no network' });

interface World {
  /** What the service answers a refresh token with, or throws. */
  readonly answer: (refreshToken: string) => Promise<TokenOutcome>;
  readonly foreign?: AccessToken;
  /** Present: the lock is never got, and while it is waited for, this happens. */
  readonly meanwhile?: () => unknown;
  /** And this when it was waited for in vain. */
  readonly afterwards?: () => unknown;
}

async function world({ answer, foreign, meanwhile, afterwards }: World) {
  const clock = fakeClock();
  const [store, state, lock] = [faultyStore(), fakeState(), fakeLock()];
  const asked: string[] = [];
  const remembered: string[] = [];
  const lines: string[] = [];
  const refuse = () => Promise.reject(new Error('nobody signs in here'));
  const service: SignInService = {
    register: refuse,
    startDevice: refuse,
    authorizeUrl: () => 'https://nowhere.example',
    exchange: async (grant) => {
      if (grant.kind !== 'refresh') throw new Error('only a refresh token is exchanged here');
      const token = grant.refreshToken.reveal();
      asked.push(token);
      return await answer(token);
    },
  };
  const withLock: Lock['withLock'] = async (_name, wait) => {
    await meanwhile?.();
    const value = await wait.meanwhile?.();
    await afterwards?.();
    return value === undefined ? { kind: 'busy' } : { kind: 'overtaken', value };
  };
  const signIns = createSignIns({
    ...{
      clock,
      store,
      state,
      lock: meanwhile === undefined ? lock : { withLock },
      service,
      random: () => 1,
      remember: async (account) => void remembered.push(account),
    },
    log: {
      event: (name, details) => void lines.push([name, ...Object.entries(details ?? {}).map((pair) => pair.join('='))].join(' ')),
    },
    foreign: { read: () => foreign },
  });
  const tokens = (accessLeftMs: number, refreshToken?: string): SignInTokens => ({
    startUrl: signIn.startUrl,
    portal: endpoint,
    client: { clientId: 'c', clientSecret: new Secret('s'), expiresAt: clock.now() + 90 * 24 * 60 * minute, flow: 'browser' },
    accessToken: new Secret('first'),
    accessExpiresAt: clock.now() + accessLeftMs,
    ...(refreshToken === undefined ? {} : { refreshToken: new Secret(refreshToken) }),
    signedInAt: clock.now(),
  });
  const account = signInAccount(id);
  return {
    ...{ clock, store, state, lock, asked, remembered, lines, signIns },
    put: (accessLeftMs: number, refreshToken?: string) =>
      store.set(account, toSignInItem(tokens(accessLeftMs, refreshToken), account)),
    value: async (refused?: AccessToken) => (await signIns.accessToken(signIn, call, refused)).value.reveal(),
  };
}

function issued(accessToken: string, expiresAt: number): TokenOutcome {
  return {
    kind: 'issued',
    tokens: { accessToken: new Secret(accessToken), accessExpiresAt: expiresAt, refreshToken: new Secret('next') },
  };
}

const never = async (): Promise<TokenOutcome> => {
  throw new Error('the service must not be asked');
};
const refused: TokenOutcome = { kind: 'refused', awsCode: 'InvalidGrantException', words: 'over' };

describe('accessToken', () => {
  it('is the stored one while a quarter of an hour is left', async () => {
    const { put, value } = await world({ answer: never });
    await put(16 * minute, 'r');
    expect(await value()).toBe('first');
  });

  it('is made anew, once for all who ask, and the next refresh token is kept', async () => {
    const { put, value, asked, clock, signIns, state } = await world({
      answer: async () => issued('second', clock.now() + 60 * minute),
    });
    await put(10 * minute, 'r');
    expect(await Promise.all([value(), value(), value()])).toEqual(['second', 'second', 'second']);
    expect(asked).toEqual(['r']);
    expect((await signIns.stored(id))?.refreshToken?.reveal()).toBe('next');
    expect(state.read(id)).toMatchObject({ kind: 'sign-in', profile: 'dev', refreshesItself: true });
  });

  it('is the old one while it is good, when AWS cannot be reached; then the failure', async () => {
    const { put, value, clock } = await world({ answer: () => Promise.reject(noNetwork) });
    await put(10 * minute, 'r');
    expect(await value()).toBe('first');
    await clock.advance(10 * minute);
    await expect(value()).rejects.toBe(noNetwork);
  });

  it('is used even when it cannot be stored', async () => {
    const { put, value, store, clock } = await world({ answer: async () => issued('second', clock.now() + 60 * minute) });
    await put(minute / 2, 'r');
    store.refuseWrites();
    expect(await value()).toBe('second');
  });

  it('a refused refresh token is not tried again, and the state knows that the sign-in is over', async () => {
    const { put, value, asked, state, clock } = await world({ answer: async () => refused });
    await put(-minute, 'r');
    await expect(value()).rejects.toMatchObject({ code: 'login-needed', details: { target: 'dev' } });
    await expect(value()).rejects.toMatchObject({ code: 'login-needed' });
    expect(asked).toEqual(['r']);
    expect(state.read(id)?.expiresAt).toBeLessThanOrEqual(clock.now());
    expect(state.read(id)?.refreshesItself).toBeUndefined();
  });

  it('a refresh token that another process has spent meanwhile is no end: its tokens are taken', async () => {
    const { put, value } = await world({
      answer: async () => {
        await put(50 * minute, 'of another process');
        return refused;
      },
    });
    await put(-minute, 'r');
    expect(await value()).toBe('first');
  });

  // A background refresh wrote the tokens of yesterday's sign-in over those of this minute's.
  it('of an old sign-in does not take the place of one that was made meanwhile', async () => {
    const one = await world({
      answer: async () => {
        const yesterday = await one.signIns.stored(id);
        if (yesterday === undefined) throw new Error('it was put there');
        await one.signIns.keep(signIn, { ...yesterday, accessToken: new Secret('new'), signedInAt: one.clock.now() + 1 }, call);
        return issued('of the old one', one.clock.now() + 60 * minute);
      },
    });
    await one.put(10 * minute, 'r');
    await one.value();
    expect((await one.signIns.stored(id))?.accessToken.reveal()).toBe('new');
  });

  it('goes on without the lock when its holder keeps it', async () => {
    const { put, value, lock, clock, asked } = await world({ answer: async () => issued('second', clock.now() + 60 * minute) });
    await put(-minute, 'r');
    lock.hold(id);
    expect(await value()).toBe('second');
    expect(asked).toEqual(['r']);
  });

  it('is not refused for a failure whose time lies in the future, since the clock was set back', async () => {
    const { put, value, lock, state, clock } = await world({ answer: async () => issued('second', clock.now() + 60 * minute) });
    await put(-minute, 'r');
    const at = clock.now() + 60 * minute;
    const failure = { error: noNetwork.toStored(), at, count: 1, retryAt: at };
    state.publish({ id, kind: 'sign-in', profile: parseProfileName('dev'), failure });
    lock.hold(id);
    expect(await value()).toBe('second');
  });

  it('that the portal refused is not given again', async () => {
    const { put, value, clock } = await world({ answer: async () => issued('second', clock.now() + 60 * minute) });
    await put(30 * minute, 'r');
    expect(await value({ value: new Secret('first'), expiresAt: clock.now() + 30 * minute })).toBe('second');
  });

  it('the state knows that a sign-in is over whose token the portal refused', async () => {
    const { put, value, state, clock, signIns } = await world({ answer: never });
    await put(50 * minute);
    const stored = await signIns.stored(id);
    if (stored === undefined) throw new Error('it was put there');
    await signIns.keep(signIn, stored, call);
    expect(state.read(id)?.expiresAt).toBe(clock.now() + 50 * minute);
    const token = { value: new Secret('first'), expiresAt: clock.now() + 50 * minute };
    await expect(value(token)).rejects.toMatchObject({ code: 'login-needed' });
    expect(state.read(id)?.expiresAt).toBe(clock.now());
  });

  it('of another program is used where there is none, and the background is told until when', async () => {
    const foreign = { value: new Secret('foreign'), expiresAt: Date.now() + 1e9 };
    const { value, state } = await world({ answer: never, foreign });
    expect(await value()).toBe('foreign');
    expect(state.read(id)).toMatchObject({ kind: 'sign-in', expiresAt: foreign.expiresAt });
    await expect(value(foreign)).rejects.toMatchObject({ code: 'login-needed' });
  });

  it('a broken item is none, and is named in the log', async () => {
    const { value, store, lines } = await world({ answer: never });
    await store.set(signInAccount(id), new Secret('{"v":1}'));
    await expect(value()).rejects.toMatchObject({ code: 'login-needed' });
    expect(lines[0]).toMatch(/^item\.broken account=sso\/\S+ problem=/);
  });

  it.each([
    ['a quarter of an hour', 15, ['r']],
    ['more than that', 16, []],
  ])('is made anew before the last %s', async (_what, minutes, expected) => {
    const { put, value, asked, clock } = await world({ answer: async () => issued('second', clock.now() + 60 * minute) });
    await put(minutes * minute, 'r');
    await value();
    expect(asked).toEqual(expected);
  });

  it.each([
    [61_000, 'first'],
    [60_000, 'login-needed'],
  ])('is used to its last minute where nothing makes another one: %d ms left', async (leftMs, expected) => {
    const { put, value } = await world({ answer: never });
    await put(leftMs);
    expect(await value().catch(({ code }: AppError) => code)).toBe(expected);
  });

  it('is not made anew by a registration that is over', async () => {
    const { put, value, clock } = await world({ answer: never });
    await put(90 * 24 * 60 * minute + 30 * minute, 'r');
    await clock.advance(90 * 24 * 60 * minute + 20 * minute);
    expect(await value()).toBe('first');
    await clock.advance(10 * minute);
    await expect(value()).rejects.toMatchObject({ code: 'login-needed' });
  });

  it('its failure is known to the state, and given to those who waited for the lock', async () => {
    const { put, value, state, clock, asked, lines } = await world({ answer: () => Promise.reject(noNetwork) });
    await put(-minute, 'r');
    const all = await Promise.allSettled([value(), value()]);
    expect(all.map((one) => one.status === 'rejected' && one.reason.message)).toEqual(Array(2).fill(noNetwork.message));
    expect(asked).toEqual(['r']);
    const failure = { error: noNetwork.toStored(), at: clock.now(), count: 1, retryAt: clock.now() + 2_000 };
    expect(state.read(id)).toEqual({ id, kind: 'sign-in', profile: 'dev', failure });
    expect(lines).toEqual([]);
  });

  it("a caller's own end is no failure of the sign-in", async () => {
    const { put, state, signIns } = await world({ answer: () => Promise.reject(noNetwork) });
    await put(-minute, 'r');
    await expect(signIns.accessToken(signIn, { ...call, signal: AbortSignal.abort() })).rejects.toBe(noNetwork);
    expect(state.read(id)).toBeUndefined();
  });

  it('ends with its caller where it waits for the lock in vain', async () => {
    const { put, lock, signIns } = await world({ answer: never });
    await put(-minute, 'r');
    lock.hold(id);
    const gone = { ...call, signal: AbortSignal.abort(new Error('gone')) };
    await expect(signIns.accessToken(signIn, gone)).rejects.toThrow('gone');
  });

  it('of another process is taken as soon as it is published', async () => {
    const { put, value, lock, state, clock } = await world({ answer: never });
    await put(-minute, 'r');
    lock.hold(id);
    const waiting = value();
    await put(50 * minute, 'of another process');
    state.publish({ id, kind: 'sign-in', profile: parseProfileName('ops'), issuedAt: clock.now() });
    expect(await waiting).toBe('first');
  });

  it.each<[string, number | undefined, number, string]>([
    ['published just now', 0, 16, 'first'],
    ['published before it was waited for', -1, 16, 'second'],
    ['that nobody has published', undefined, 16, 'second'],
    ['that lasts too short', 0, 15, 'second'],
  ])('of another process, %s, is taken or passed over', async (_which, publishedMs, leftMinutes, given) => {
    const one = await world({
      answer: async () => issued('second', one.clock.now() + 60 * minute),
      meanwhile: async () => {
        await one.put(leftMinutes * minute, 'of another process');
        const issuedAt = one.clock.now() + (publishedMs ?? 0);
        if (publishedMs !== undefined) one.state.publish({ id, kind: 'sign-in', profile: parseProfileName('ops'), issuedAt });
      },
      afterwards: () => one.put(-minute, 'r'),
    });
    await one.put(-minute, 'r');
    expect(await one.value()).toBe(given);
  });

  it('is refused with the failure that another process publishes, and not with the one from before', async () => {
    const before = {
      error: { code: 'network', details: { endpoint: 'oidc', problem: 'before' } },
      at: 1,
      count: 1,
      retryAt: 2,
    } as const;
    const old = await world({ answer: async () => issued('second', old.clock.now() + 60 * minute), meanwhile: () => undefined });
    await old.put(-minute, 'r');
    old.state.publish({ id, kind: 'sign-in', profile: parseProfileName('ops'), failure: before });
    expect(await old.value()).toBe('second');
    const one = await world({
      answer: never,
      meanwhile: () => {
        const failure = { error: noNetwork.toStored(), at: one.clock.now(), count: 1, retryAt: one.clock.now() };
        one.state.publish({ id, kind: 'sign-in', profile: parseProfileName('ops'), failure });
      },
    });
    await one.put(-minute, 'r');
    one.state.publish({ id, kind: 'sign-in', profile: parseProfileName('ops'), failure: before });
    await expect(one.value()).rejects.toMatchObject({ message: noNetwork.message });
  });

  it('without the lock, leaves tokens in the store that last longer', async () => {
    const { put, value, lock, clock, signIns } = await world({
      answer: async () => {
        await put(90 * minute, 'of another process');
        return issued('second', clock.now() + 60 * minute);
      },
    });
    await put(-minute, 'r');
    lock.hold(id);
    expect(await value()).toBe('second');
    expect((await signIns.stored(id))?.refreshToken?.reveal()).toBe('of another process');
  });

  it('says what cannot be written, and is given all the same', async () => {
    const { put, value, state, store, clock, lines } = await world({
      answer: async () => issued('second', clock.now() + 60 * minute),
    });
    await put(-minute, 'r');
    state.fillDisk();
    expect(await value()).toBe('second');
    store.refuseWrites();
    await clock.advance(50 * minute);
    expect(await value()).toBe('second');
    expect(lines).toEqual([
      expect.stringMatching(/^state\.unwritable problem=/),
      expect.stringMatching(/^sign-in\.not-stored id=[0-9a-f]+ code=store-/),
    ]);
  });

  it('is refused with the place to sign in, and when the last sign-in began', async () => {
    const { put, value, clock } = await world({ answer: never });
    const place = `IAM Identity Center ${describeSignIn(signIn)}`;
    const words = () => value().catch(({ message }: AppError) => message);
    expect(await words()).toBe(`profile "dev" needs a sign-in to ${place}`);
    await put(minute);
    expect(await words()).toBe(`the sign-in to ${place} is over (it began ${localMinute(clock.now())})`);
  });

  it('names the sign-in where nobody says which profile asks', async () => {
    const { signIns } = await world({ answer: never });
    await expect(signIns.accessToken(signIn, { network: {} })).rejects.toMatchObject({
      details: { profile: 'corp', target: 'corp' },
    });
    const { sessionName: _none, ...unnamed } = signIn;
    await expect(signIns.accessToken(unnamed, { network: {} })).rejects.toMatchObject({ details: { profile: 'default' } });
  });

  it('of another program is told to the state once', async () => {
    const foreign = { value: new Secret('foreign'), expiresAt: Date.UTC(2026, 0, 2, 9) };
    const { value, state } = await world({ answer: never, foreign });
    await value();
    const stamp = state.stamp();
    expect(await value()).toBe('foreign');
    expect(state.stamp()).toBe(stamp);
  });
});

describe('keep', () => {
  it('lists the item, stores it, and publishes until when it makes credentials by itself', async () => {
    const { put, signIns, state, clock, remembered } = await world({ answer: never });
    await put(60 * minute, 'r');
    const tokens = await signIns.stored(id);
    if (tokens === undefined) throw new Error('it was put there');
    await signIns.keep(signIn, tokens, call);
    expect(remembered).toEqual([signInAccount(id)]);
    const expiresAt = clock.now() + 90 * 24 * 60 * minute;
    expect(state.read(id)).toEqual({
      id,
      kind: 'sign-in',
      profile: 'dev',
      issuedAt: clock.now(),
      expiresAt,
      refreshesItself: true,
    });
  });
});
