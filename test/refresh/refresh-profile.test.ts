import { describe, expect, it } from 'vitest';
import { toCredentialsItem } from '../../src/credentials/credentials.ts';
import { dueAt } from '../../src/credentials/plan.ts';
import { Secret } from '../../src/credentials/secret.ts';
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
  it.each(['due', 'named', 'forced', 'unasked'] as const)('makes what is absent, where it is asked for as %s', async (mode) => {
    const one = await withKeys(world());
    expect(await refresh(one, mode)).toMatchObject({ profile: dev, kind: 'refreshed', credentials: { accessKeyId: 'ASIA0001' } });
  });

  it.each([
    ['due', 'not-due', 1],
    ['named', 'not-due', 1],
    ['unasked', 'not-due', 1],
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
    ['unasked', false],
  ] as const)('notes that somebody wants it, where it is asked for as %s: %s', async (mode, isNoted) => {
    const one = await withKeys(world());
    await refresh(one, mode);
    expect(one.state.askedAt(await roleId(one)) !== undefined).toBe(isNoted);
  });

  it.each([
    ['due', '/ca.pem'],
    ['unasked', '/ca.pem'],
    ['named', undefined],
    ['forced', undefined],
  ] as const)('where it is asked for as %s, the last network is %s', async (mode, caBundle) => {
    const one = await withKeys(world());
    await refresh(one, 'named', { ...direct, network: { caBundle: '/ca.pem' } });
    await one.clock.advance(50 * minute);
    await refresh(one, mode);
    expect([roleCalls(one), one.sts.calls.at(-1)?.call.network.caBundle]).toEqual([2, caBundle]);
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

describe('refreshProfile, when another process is first', () => {
  /** Between the look into the store and the refresh, it stores credentials that began and end so long from now. */
  async function overtaken(
    mode: RefreshMode,
    { begunMs, endsMs }: { readonly begunMs: number; readonly endsMs: number },
    one: World,
  ) {
    const now = one.clock.now();
    const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
    const other = { accessKeyId: 'OTHER', secretAccessKey, sessionToken, issuedAt: now + begunMs, expiresAt: now + endsMs };
    let looks = 0;
    const get: World['store']['get'] = async (account) => {
      if (!account.startsWith('role/')) return await one.store.get(account);
      looks += 1;
      return looks === 1 ? await one.store.get(account) : toCredentialsItem(other, account);
    };
    const report = await refreshProfile(direct, mode, { ...one.ports, store: { ...one.store, get } });
    return report.kind === 'refreshed' ? report.credentials.accessKeyId : report.kind;
  }

  it.each([
    ['named', 'later than those it found', { begunMs: -50 * minute + 1, endsMs: minute }, 'OTHER'],
    ['named', 'when those that it found began', { begunMs: -50 * minute, endsMs: minute }, 'ASIA0002'],
    ['named', 'later, and have ended', { begunMs: -50 * minute + 1, endsMs: 0 }, 'ASIA0002'],
    ['forced', 'after it was told to', { begunMs: 1, endsMs: minute }, 'OTHER'],
    ['forced', 'when it was told to', { begunMs: 0, endsMs: minute }, 'ASIA0002'],
    ['forced', 'before it was told to', { begunMs: -minute, endsMs: minute }, 'ASIA0002'],
  ] as const)('asked for as %s, and those began %s', async (mode, _when, other, given) => {
    const one = await withKeys(world());
    await refresh(one, 'due');
    await one.clock.advance(50 * minute);
    expect(await overtaken(mode, other, one)).toBe(given);
  });

  it.each(['due', 'named'] as const)('takes whatever is valid where it found nothing, asked for as %s', async (mode) => {
    const one = await withKeys(world());
    expect(await overtaken(mode, { begunMs: -one.clock.now() + 1, endsMs: 1 }, one)).toBe('OTHER');
  });
});

describe('refreshProfile of what hangs on a login', () => {
  it('goes by its own due time where it is the login itself that is asked for', async () => {
    const one = await loggedIn(world());
    const login = recipe([session]);
    expect(await refresh(one, 'due', login)).toMatchObject({ kind: 'not-due' });
    const { issuedAt = 0, expiresAt = 0 } = one.state.list()[0] ?? {};
    await one.clock.advance(Math.floor(dueAt({ issuedAt, expiresAt }) - one.clock.now()));
    expect(await refresh(one, 'due', login)).toMatchObject({ kind: 'not-due' });
  });

  it('goes by its own due time where nothing is known of the login', async () => {
    const one = await loggedIn(world());
    await refresh(one, 'named', throughSession);
    for (const { id, kind } of one.state.list()) if (kind === 'session') one.state.remove(id);
    expect(await refresh(one, 'due', throughSession)).toMatchObject({ kind: 'not-due' });
    await one.clock.advance(50 * minute);
    expect(await refresh(one, 'due', throughSession)).toMatchObject({ kind: 'refreshed' });
  });

  it('tries again in the background when the back-off is over, to the millisecond', async () => {
    const one = await withKeys(world());
    one.sts.failNext(down);
    await refresh(one, 'due');
    const { retryAt = 0 } = one.state.read(await roleId(one))?.failure ?? {};
    await one.clock.advance(retryAt - one.clock.now() - 1);
    expect(await refresh(one, 'due')).toEqual({ profile: dev, kind: 'backing-off', retryAt });
    await one.clock.advance(1);
    expect(await refresh(one, 'due')).toMatchObject({ kind: 'refreshed' });
  });
});
