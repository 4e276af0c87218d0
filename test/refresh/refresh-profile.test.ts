import { describe, expect, it } from 'vitest';
import { dueAt } from '../../src/credentials/plan.ts';
import { AppError } from '../../src/errors.ts';
import { openChain } from '../../src/refresh/obtain.ts';
import { type RefreshMode, refreshProfile } from '../../src/refresh/refresh-profile.ts';
import { dev, loggedIn, minute, recipe, roleHop, session, type World, withKeys, world } from './obtain-world.ts';

const throughSession = recipe([session, roleHop]);
const direct = recipe([roleHop]);
const down = new AppError('network', { endpoint: 'sts', problem: 'refused' });

function refresh(one: World, mode: RefreshMode, which = direct) {
  return refreshProfile(which, mode, one.ports);
}

function roleCalls({ sts }: World): number {
  return sts.calls.filter(({ operation }) => operation === 'AssumeRole').length;
}

async function roleId({ ports }: World) {
  const id = (await openChain(direct, ports)).steps.at(-1)?.id;
  if (id === undefined) throw new Error('it has one hop');
  return id;
}

describe('refreshProfile', () => {
  it.each(['due', 'named', 'forced'] as const)('makes what is absent, where it is asked for as %s', async (mode) => {
    const one = await withKeys(world());
    expect(await refresh(one, mode)).toMatchObject({ profile: dev, kind: 'refreshed', credentials: { accessKeyId: 'ASIA0001' } });
  });

  it.each([
    ['due', 'not-due', 1],
    ['named', 'not-due', 1],
    ['forced', 'refreshed', 2],
  ] as const)('what is fresh, and asked for as %s, is %s', async (mode, kind, calls) => {
    const one = await withKeys(world());
    await refresh(one, 'named');
    await one.clock.advance(1);
    expect(await refresh(one, mode)).toMatchObject({ profile: dev, kind, credentials: { accessKeyId: `ASIA000${calls}` } });
    expect(roleCalls(one)).toBe(calls);
  });

  it('is due from the due time on, and not before', async () => {
    const one = await withKeys(world());
    await refresh(one, 'due');
    const { issuedAt = 0, expiresAt = 0 } = one.state.read(await roleId(one)) ?? {};
    const leftMs = dueAt({ issuedAt, expiresAt }) - one.clock.now();
    await one.clock.advance(Math.floor(leftMs));
    expect(await refresh(one, 'due')).toMatchObject({ kind: 'not-due' });
    await one.clock.advance(1);
    expect(await refresh(one, 'due')).toMatchObject({ kind: 'refreshed' });
  });

  it('carries a role past the end of its session, which is sooner than its own due time', async () => {
    const one = await loggedIn(world());
    await one.clock.advance(11 * 60 * minute + 30 * minute);
    await refresh(one, 'named', throughSession);
    await one.clock.advance(24 * minute);
    expect(await refresh(one, 'due', throughSession)).toMatchObject({ kind: 'not-due' });
    await one.clock.advance(minute);
    expect(await refresh(one, 'due', throughSession)).toMatchObject({ kind: 'refreshed' });
  });

  it('says what went wrong, and in the background lets it be until its back-off is over', async () => {
    const one = await withKeys(world());
    one.sts.failNext(down);
    expect(await refresh(one, 'due')).toEqual({ profile: dev, kind: 'failed', error: down });
    const { retryAt = 0 } = one.state.read(await roleId(one))?.failure ?? {};
    expect(await refresh(one, 'due')).toEqual({ profile: dev, kind: 'backing-off', retryAt });
    expect(await refresh(one, 'named')).toMatchObject({ kind: 'refreshed' });
  });

  it.each([
    ['due', false],
    ['named', true],
    ['forced', true],
  ] as const)('notes that somebody wants it, where it is asked for as %s: %s', async (mode, isNoted) => {
    const one = await withKeys(world());
    await refresh(one, mode);
    expect(one.state.askedAt(await roleId(one)) !== undefined).toBe(isNoted);
  });

  it('has nothing to do for keys that are printed as they are', async () => {
    const one = await withKeys(world());
    expect(await refresh(one, 'forced', recipe([]))).toEqual({ profile: dev, kind: 'keys' });
  });

  it('says that the store could not take them', async () => {
    const one = await withKeys(world());
    const full = new AppError('store-rejected', { store: 'the store', account: 'role/…', problem: 'no space left' });
    const ports = { ...one.ports, store: { ...one.store, set: () => Promise.reject(full) } };
    expect(await refreshProfile(direct, 'named', ports)).toEqual({ profile: dev, kind: 'failed', error: full });
  });

  it('says that only a login can go on, and throws nothing', async () => {
    const one = await withKeys(world());
    expect(await refresh(one, 'due', throughSession)).toMatchObject({ kind: 'failed', error: { code: 'login-needed' } });
  });
});
