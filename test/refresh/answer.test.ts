import { describe, expect, it } from 'vitest';
import { keysAccount } from '../../src/config/names.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { type Credentials, toCredentialsItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { refreshAndAnswer, refreshDirectly } from '../../src/refresh/answer.ts';
import { type Demand, patientDemand } from '../../src/refresh/refresh-one.ts';
import { fakeClock } from '../fakes/fake-clock.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { dev, world as emptyWorld, minute, recipe as recipeOf, roleHop, withKeys } from './obtain-world.ts';

const recipe = recipeOf([roleHop]);
const down = new AppError('network', { endpoint: 'sts', problem: 'refused' });

async function world() {
  const { clock, sts, store, state, ports } = await withKeys(emptyWorld());
  const answer = (stored?: Credentials) =>
    refreshAndAnswer(recipe, stored, {
      budget: { limitMs: 3_800, patienceMs: 2_500, lockWaitMs: 2_000 },
      clock,
      refresh: (demand, found) => refreshDirectly(recipe, { fallback: stored, demand, found }, ports),
      outwait: clock.wait,
    });
  const putIntoStore = async (credentials: Credentials) => {
    const account = stepsOf(recipe, aliceArn).at(-1)?.account ?? keysAccount(dev);
    await store.set(account, toCredentialsItem(credentials, account));
  };
  return { clock, sts, answer, ports, state, putIntoStore };
}

function storedFor(now: number, leftMinutes: number): Credentials {
  const expiresAt = now + leftMinutes * minute;
  return {
    accessKeyId: 'STORED',
    secretAccessKey: new Secret('s'),
    sessionToken: new Secret('t'),
    issuedAt: expiresAt - 60 * minute,
    expiresAt,
  };
}

describe('refreshAndAnswer', () => {
  it('gives new credentials where AWS gives them', async () => {
    const { answer } = await world();
    expect(await answer()).toMatchObject({ kind: 'credentials', isUnfinished: false, credentials: { accessKeyId: 'ASIA0001' } });
  });

  const slept = (left: Credentials[]) => {
    const clock = fakeClock();
    return refreshAndAnswer(recipe, undefined, {
      budget: { limitMs: 3_800, patienceMs: 2_500, lockWaitMs: 2_000 },
      clock,
      refresh: async () => left.shift() ?? storedFor(clock.now(), -1),
      outwait: clock.wait,
    });
  };

  // "took longer than 3.8 s", it said, after a tenth of a second.
  it('asks once more where the machine slept through the life of what came', async () => {
    const now = fakeClock().now();
    expect(await slept([storedFor(now, 0), storedFor(now, 60)])).toMatchObject({ kind: 'credentials', isUnfinished: false });
  });

  it('never gives what has ended, and does not ask for ever', async () => {
    const left = [0, 0, 60].map((minutes) => storedFor(fakeClock().now(), minutes));
    expect(await slept(left)).toMatchObject({ kind: 'failure', error: { code: 'deadline' } });
    expect(left).toHaveLength(1);
  });

  // A `get` that could not read the state, and so did not know what to look for in the store, failed with AWS beside credentials that were valid.
  it('falls back on what the store has, where nobody knew before whose keys these are', async () => {
    const { answer, sts, clock, putIntoStore } = await world();
    await putIntoStore(storedFor(clock.now(), 10));
    sts.failNext(down);
    expect(await answer()).toMatchObject({ kind: 'credentials', credentials: { accessKeyId: 'STORED' } });
    sts.hang();
    const waiting = answer();
    await clock.advance(3_799);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ kind: 'credentials', isUnfinished: true, credentials: { accessKeyId: 'STORED' } });
  });

  it('falls back on nothing that has ended, wherever it was found', async () => {
    const { answer, sts, clock, putIntoStore } = await world();
    await putIntoStore(storedFor(clock.now(), -1));
    sts.failNext(down);
    expect(await answer()).toMatchObject({ kind: 'failure', error: down });
  });

  it('falls back on what is valid, whatever failed', async () => {
    const { answer, sts, clock } = await world();
    sts.failNext(down);
    expect(await answer(storedFor(clock.now(), 10))).toMatchObject({
      kind: 'credentials',
      credentials: { accessKeyId: 'STORED' },
    });
  });

  it('never falls back on what is over', async () => {
    const { answer, sts, clock } = await world();
    sts.failNext(down);
    expect(await answer(storedFor(clock.now(), 0))).toMatchObject({ kind: 'failure', error: down });
  });

  // Both were checked before the wait only, and a machine can sleep through the night in a wait.
  it('never falls back on what has ended while it waited', async () => {
    const { answer, sts, clock } = await world();
    sts.hang();
    const waiting = answer(storedFor(clock.now(), 10));
    await clock.advance(11 * minute);
    expect(await waiting).toMatchObject({
      kind: 'failure',
      isUnfinished: true,
      error: { code: 'deadline', hint: 'try again; if that lasts, `rolekeeper doctor --online` asks AWS' },
    });
  });

  it('never gives what has ended before it came', async () => {
    const { clock } = await world();
    const brought = storedFor(clock.now(), 60);
    const answering = refreshAndAnswer(recipe, undefined, {
      budget: { limitMs: 3_800, patienceMs: 2_500, lockWaitMs: 2_000 },
      clock,
      refresh: async () => {
        await clock.advance(61 * minute);
        return brought;
      },
      outwait: () => new Promise(() => undefined),
    });
    expect(await answering).toMatchObject({ kind: 'failure', isUnfinished: true, error: { code: 'deadline' } });
  });

  // "try again" it said, each time.
  it('names the command of the person that it waits for', async () => {
    const { clock } = await world();
    const waiting = refreshAndAnswer(
      { profile: dev, hops: [{ kind: 'process', command: 'sleep 60', namedIn: '/config' }] },
      undefined,
      {
        budget: { limitMs: 3_800, patienceMs: 2_500, lockWaitMs: 2_000 },
        clock,
        refresh: () => new Promise<Credentials>(() => undefined),
        outwait: clock.wait,
      },
    );
    await clock.advance(3_800);
    expect(await waiting).toMatchObject({
      error: {
        message: 'getting credentials for "dev", for which the command of credential_process runs, took longer than 3.8 s',
        hint: 'try again; if that lasts, run the command of credential_process by hand',
      },
    });
  });

  it('waits 2.5 s with something to fall back on, and says that the work is unfinished', async () => {
    const { answer, sts, clock } = await world();
    sts.hang();
    const waiting = answer(storedFor(clock.now(), 10));
    await clock.advance(2_499);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ kind: 'credentials', isUnfinished: true, credentials: { accessKeyId: 'STORED' } });
  });

  it('waits 3.8 s without, and then says to try again', async () => {
    const { answer, sts, clock } = await world();
    sts.hang();
    const waiting = answer();
    await clock.advance(3_799);
    await clock.advance(1);
    expect(await waiting).toMatchObject({
      kind: 'failure',
      isUnfinished: true,
      error: { code: 'deadline', hint: 'try again; if that lasts, `rolekeeper doctor --online` asks AWS' },
    });
  });

  /** What a caller wants of the refresh, and how long it waits for it. */
  async function wanted(stored: Credentials | undefined, budget = { limitMs: 3_800, patienceMs: 2_500, lockWaitMs: 2_000 }) {
    const { clock } = await world();
    const demands: Demand[] = [];
    const waits: string[] = [];
    const noted = (how: string) => (ms: number, signal: AbortSignal | undefined) => {
      waits.push(`${how} ${ms}`);
      return clock.wait(ms, signal);
    };
    const brought = storedFor(clock.now(), 60);
    const answer = await refreshAndAnswer(recipe, stored, {
      budget,
      clock: { ...clock, wait: noted('to the clock') },
      refresh: async (demand) => {
        demands.push(demand);
        return brought;
      },
      outwait: noted('leniently'),
    });
    const [demand] = demands;
    if (demand === undefined) throw new Error('it was asked for');
    return { answer, demand, waits, now: clock.now() };
  }

  it('gives up a lock in its own time with nothing to fall back on, and else waits for it as long as for the rest', async () => {
    expect((await wanted(undefined)).demand).toMatchObject({ lockWaitMs: 1_900, sharesFailures: true });
    const patient = { limitMs: 45_000, patienceMs: 2_500, lockWaitMs: 12_000 };
    expect((await wanted(undefined, patient)).demand.lockWaitMs).toBe(12_000);
    const hurried = { limitMs: 500.4, patienceMs: 300, lockWaitMs: 2_000 };
    expect((await wanted(undefined, hurried)).demand.lockWaitMs).toBe(250);
    const { clock } = await world();
    expect((await wanted(storedFor(clock.now(), 10))).demand.lockWaitMs).toBe(2_500);
  });

  it('is lenient with a starved machine only where nothing is at hand', async () => {
    const { clock } = await world();
    expect((await wanted(undefined)).waits).toEqual(['leniently 3800']);
    expect((await wanted(storedFor(clock.now(), 10))).waits).toEqual(['to the clock 2500']);
    expect((await wanted(undefined, { limitMs: -5, patienceMs: 0, lockWaitMs: 0 })).waits).toEqual(['leniently 0']);
  });

  it('wants what callers are content with, and marks what is finished', async () => {
    const { answer, demand, now } = await wanted(undefined);
    expect(demand.accepts({ issuedAt: now - 45 * minute, expiresAt: now + 15 * minute })).toBe(false);
    expect(demand.accepts({ issuedAt: now - 44 * minute, expiresAt: now + 16 * minute })).toBe(true);
    expect(answer).toMatchObject({ kind: 'credentials', isUnfinished: false });
    expect(demand.signal?.aborted).toBe(false);
  });

  it('says whose credentials took how long', async () => {
    const { answer, sts, clock } = await world();
    sts.hang();
    const waiting = answer();
    await clock.advance(3_800);
    expect(await waiting).toMatchObject({ error: { message: 'getting credentials for "dev" took longer than 3.8 s' } });
  });

  it('marks a failure, and what it falls back on then, as finished', async () => {
    const { answer, sts, clock } = await world();
    sts.failNext(down);
    expect(await answer()).toMatchObject({ kind: 'failure', isUnfinished: false });
    await clock.advance(10_000);
    sts.failNext(down);
    expect(await answer(storedFor(clock.now(), 10))).toMatchObject({ kind: 'credentials', isUnfinished: false });
  });

  it('notes that somebody asked, and has keys as they are refused', async () => {
    const { ports, state, clock } = await world();
    const demand = patientDemand(() => true);
    const found = () => expect.fail('the store has nothing');
    await refreshDirectly(recipe, { fallback: undefined, demand, found }, ports);
    expect(state.list().map(({ id }) => state.askedAt(id) !== undefined)).toEqual([true]);
    const bare = { ...recipe, hops: [] };
    const fallback = storedFor(clock.now(), 10);
    await expect(refreshDirectly(bare, { fallback, demand, found }, ports)).rejects.toThrow('has no hop -1');
  });

  it('makes no call while backing off with something to fall back on', async () => {
    const { answer, sts, clock } = await world();
    sts.failNext(down);
    await answer();
    await clock.advance(1_000);
    expect(await answer(storedFor(clock.now(), 10))).toMatchObject({
      kind: 'credentials',
      credentials: { accessKeyId: 'STORED' },
    });
    expect(sts.calls).toHaveLength(1);
  });
});
