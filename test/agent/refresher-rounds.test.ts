// One round of the background after the other, to the millisecond: what is due, what rests, what a wake changes. Whole lives are in refresher.test.ts.

import { beforeEach, describe, expect, it } from 'vitest';
import { Refresher } from '../../src/agent/refresher.ts';
import type { KeyId } from '../../src/config/names.ts';
import { type Recipe, stepsOf } from '../../src/config/recipe.ts';
import { dueAt } from '../../src/credentials/plan.ts';
import { AppError } from '../../src/errors.ts';
import type { StateRecord } from '../../src/ports/state.ts';
import { type FakeMachine, fakeMachine, settled } from '../fakes/fake-machine.ts';
import { type FakeState, fakeState } from '../fakes/fake-state.ts';
import { aliceArn } from '../fakes/fake-sts.ts';
import { corp, day, hour, lastStep, minute, roleRecipe, second } from './agent-world.ts';

const offline = new AppError('network', { endpoint: 'https://sts', problem: 'no route' });
const locked = new AppError('store-locked', { store: 'the store', hint: 'unlock it' });
const unavailable = new AppError('store-unavailable', { store: 'the store', problem: 'gone', hint: 'look' });
const missing = new AppError('keys-missing', { keys: 'corp', profile: 'dev' });

type Outcome = 'refreshed' | 'started';

let machine: FakeMachine;
let state: FakeState;
let recipes: Map<KeyId, Recipe>;
let refreshed: string[];
let logged: unknown[];
let waits: number[];
let woken: number;
let randomly: number;
let onRefresh: () => Outcome | Promise<Outcome>;
let refresher: Refresher;
beforeEach(() => {
  machine = fakeMachine();
  state = fakeState(() => machine.readClocks().wallMs);
  state.rememberPrincipal(corp, aliceArn);
  recipes = new Map();
  [refreshed, logged, waits, woken, randomly] = [[], [], [], 0, 1];
  onRefresh = () => 'refreshed';
  refresher = new Refresher({
    clock: {
      ...machine.clock,
      wait: (ms, signal) => {
        waits.push(ms);
        return machine.clock.wait(ms, signal);
      },
    },
    ...{ state, unusedMs: 3 * day, random: () => randomly, readClocks: machine.readClocks, stamp: () => state.stamp() },
    log: { event: (name, fields) => void logged.push([name, fields]) },
    recipeOf: ({ id, profile }) => {
      const recipe = recipes.get(id);
      if (recipe === undefined) throw new AppError('profile-unknown', { profile, path: '/c' });
      return recipe;
    },
    refresh: async (recipe) => {
      refreshed.push(recipe.profile);
      return await onRefresh();
    },
    onWake: () => {
      woken += 1;
    },
  });
});

/** Somebody asked for it, and it was made as long ago as is said: after an hour it has ended. */
function keep(recipe: Recipe, ago: number, more: Partial<StateRecord> = {}): KeyId {
  const { id } = lastStep(recipe);
  recipes.set(id, recipe);
  const issuedAt = machine.awsMs() - ago;
  state.publish({ id, kind: 'role', profile: recipe.profile, issuedAt, expiresAt: issuedAt + hour, ...more });
  state.noteAsked(id);
  return id;
}

function keepDue(...names: readonly string[]): readonly KeyId[] {
  return names.map((name) => keep(roleRecipe(name), 45 * minute));
}

function failure(retryInMs: number): Pick<StateRecord, 'failure'> {
  const now = machine.awsMs();
  return { failure: { error: offline.toStored(), at: now, count: 1, retryAt: now + retryInMs } };
}

function fail(error: AppError): void {
  onRefresh = async () => {
    throw error;
  };
}

/** What is refreshed by a ring after so long. */
async function ringAfter(ms: number): Promise<readonly string[]> {
  await machine.run(ms);
  const before = refreshed.length;
  await refresher.ring();
  return refreshed.slice(before);
}

describe('what is planned', () => {
  it('is said with the names in order, each once, and the time of the first', () => {
    const [early, late] = [machine.awsMs() - 20 * minute, machine.awsMs()];
    keep(roleRecipe('ops'), 0);
    keep({ ...roleRecipe('audit'), profile: roleRecipe('ops').profile }, 0);
    keep(roleRecipe('dev'), 20 * minute);
    const nextAt = dueAt({ issuedAt: early, expiresAt: early + hour });
    expect(nextAt).toBeLessThan(dueAt({ issuedAt: late, expiresAt: late + hour }));
    expect(refresher.planned()).toStrictEqual({ count: 3, profiles: ['dev', 'ops'], nextAt });
  });

  it('is not what nobody asked for, nor what is not in the files, nor what only a person can bring back', () => {
    const wanted = keep(roleRecipe('dev'), 0);
    recipes.delete(keep(roleRecipe('gone'), 0));
    const unasked = keep(roleRecipe('unasked'), 0);
    const { askedAt } = state;
    state.askedAt = (id) => (id === unasked ? undefined : askedAt(id));
    const never = roleRecipe('never', { needsLogin: true });
    const neverId = keep(never, 0);
    expect(refresher.planned()).toMatchObject({ count: 1, profiles: ['dev'] });
    expect(refresher.wanted().map(({ id }) => id)).toEqual([wanted, neverId]);
  });

  it('is not what lasts longer than its session', () => {
    const recipe = roleRecipe('dev', { needsLogin: true });
    const [login] = stepsOf(recipe, aliceArn);
    const issuedAt = machine.awsMs();
    const { id } = login ?? lastStep(recipe);
    state.publish({ id, kind: 'session', profile: corp, issuedAt, expiresAt: issuedAt + 3 * minute });
    keep(recipe, 0);
    expect(refresher.planned()).toStrictEqual({ count: 0, profiles: [], nextAt: undefined });
    expect(refresher.wanted()).toHaveLength(1);
  });

  it('is an error where something else than the files is wrong with them', async () => {
    keepDue('dev');
    const slip = new TypeError('a slip');
    recipes.get = () => {
      throw slip;
    };
    await expect(refresher.ring()).rejects.toBe(slip);
  });

  it('is read anew after a round that had something to do, though the state looks the same', async () => {
    keepDue('dev');
    let lists = 0;
    const { list } = state;
    state.list = () => {
      lists += 1;
      return list();
    };
    onRefresh = () => 'started';
    for (let rings = 0; rings < 4; rings++) await ringAfter(15 * second);
    expect(lists).toBe(2);
  });
});

describe('what is due', () => {
  it('is refreshed from the very millisecond on', async () => {
    keep(roleRecipe('dev'), 45 * minute, failure(10 * second));
    expect(await ringAfter(10 * second - 1)).toEqual([]);
    expect(await ringAfter(1)).toEqual(['dev']);
  });

  it('is not refreshed any more at the end of its session', async () => {
    const recipe = roleRecipe('dev', { needsLogin: true });
    const [login] = stepsOf(recipe, aliceArn);
    if (login === undefined) throw new Error('a login');
    const issuedAt = machine.awsMs();
    const session = { id: login.id, kind: 'session', profile: corp, issuedAt, expiresAt: issuedAt + 20 * minute } as const;
    state.publish(session);
    keep(recipe, 45 * minute);
    expect(await ringAfter(20 * minute - 1)).toEqual(['dev']);
    expect(await ringAfter(1)).toEqual([]);
    expect(refresher.planned()).toStrictEqual({ count: 0, profiles: [], nextAt: undefined });
  });

  it.each([
    ['has been refreshed', (id: KeyId) => void keep(recipes.get(id) ?? roleRecipe(), 0)],
    ['is not in the state any more', (id: KeyId) => state.remove(id)],
  ])('is left alone when it %s by the time that its turn comes', async (_what, change) => {
    const ids = keepDue('a', 'b', 'c', 'd', 'e');
    onRefresh = async (): Promise<Outcome> => {
      if (refreshed.length === 4) change(ids[4] ?? ids[0] ?? lastStep(roleRecipe()).id);
      await settled();
      return 'refreshed';
    };
    expect(await ringAfter(0)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is refreshed by one round for all who ring', async () => {
    keepDue('dev');
    const [one, other] = [refresher.ring(), refresher.ring()];
    expect(other).toBe(one);
    await one;
    expect(refreshed).toEqual(['dev']);
    expect(refresher.ring()).not.toBe(one);
  });

  it('is not begun once the agent leaves, in the middle of a round and after it', async () => {
    keepDue('a', 'b', 'c', 'd', 'e', 'f');
    onRefresh = async (): Promise<Outcome> => {
      await machine.clock.wait(second);
      return 'refreshed';
    };
    const round = refresher.ring();
    await settled();
    let hasStopped = false;
    const stopping = refresher.stop().then(() => {
      hasStopped = true;
    });
    await settled();
    expect(hasStopped).toBe(false);
    await machine.run(second);
    await Promise.all([round, stopping]);
    machine.sleep(hour);
    await refresher.ring();
    expect([refreshed, logged, woken]).toEqual([['a', 'b', 'c', 'd'], [], 0]);
  });
});

describe('what failed', () => {
  it.each([offline, locked, unavailable])('for the reason of all ends the round, until the next ring: $code', async (error) => {
    keepDue('a', 'b', 'c', 'd', 'e', 'f');
    fail(error);
    expect(await ringAfter(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(logged).toEqual(['a', 'b', 'c', 'd'].map((profile) => ['refresh.failed', { profile, code: error.code }]));
    expect(await ringAfter(0)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('for a reason of its own keeps no other from its turn', async () => {
    keepDue('a', 'b', 'c', 'd', 'e', 'f');
    fail(missing);
    expect(await ringAfter(0)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it.each([
    ['without a trace in the state', () => fail(missing)],
    [
      'to another process',
      () => {
        onRefresh = () => 'started';
      },
    ],
  ])('or went %s rests for a minute', async (_how, begin) => {
    keepDue('dev');
    begin();
    expect(await ringAfter(0)).toEqual(['dev']);
    expect(await ringAfter(minute - 1)).toEqual([]);
    expect(await ringAfter(1)).toEqual(['dev']);
  });

  it('and was taken out of the state meanwhile is forgotten', async () => {
    const [id] = keepDue('dev');
    onRefresh = async () => {
      if (id !== undefined) state.remove(id);
      throw missing;
    };
    expect([await ringAfter(0), await ringAfter(minute)]).toEqual([['dev'], []]);
  });

  it('and has a back-off in the state keeps to that', async () => {
    keepDue('dev');
    onRefresh = async () => {
      keep(roleRecipe('dev'), 45 * minute, failure(2 * second));
      throw missing;
    };
    expect(await ringAfter(0)).toEqual(['dev']);
    expect(await ringAfter(2 * second - 1)).toEqual([]);
    expect(await ringAfter(1)).toEqual(['dev']);
  });

  it('may work now when everything is planned anew', async () => {
    keepDue('dev');
    fail(missing);
    expect([await ringAfter(0), await ringAfter(0)]).toEqual([['dev'], []]);
    refresher.planAnew();
    expect(await ringAfter(0)).toEqual(['dev']);
  });

  it('and did not leave the state is due at the next ring', async () => {
    keepDue('dev');
    expect([await ringAfter(0), await ringAfter(0)]).toEqual([['dev'], ['dev']]);
  });
});

describe('a wake', () => {
  const moved = (sleptMs: number, jumpedMs: number) => [['clock.moved', { sleptMs, jumpedMs }]];
  it.each([
    [5_000, 0, moved(5_000, 0)],
    [4_999, 0, []],
    [0, 5_000, moved(0, 5_000)],
    [0, 4_999, []],
    [0, -5_000, moved(0, -5_000)],
    [0, -4_999, []],
    [hour, -hour, moved(hour, -hour)],
  ])('is what %i ms of sleep and a clock set by %i ms look like', async (sleptMs, jumpedMs, lines) => {
    await ringAfter(20 * minute);
    machine.sleep(sleptMs);
    machine.setWallClock(jumpedMs);
    for (let rings = 0; rings < 2; rings++) await ringAfter(15 * second);
    expect([logged, woken]).toEqual([lines, lines.length]);
  });

  it('tries ever more slowly for two minutes, forgiving what failed', async () => {
    keep(roleRecipe('dev'), 45 * minute, failure(hour));
    onRefresh = async () => {
      keep(roleRecipe('dev'), 45 * minute, failure(hour));
      throw offline;
    };
    machine.sleep(10 * second);
    const ringing = refresher.ring();
    await machine.run(10 * minute);
    await ringing;
    const expected = [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16].map((seconds) => seconds * second);
    expect([waits, refreshed.length]).toEqual([expected, expected.length + 1]);
  });

  it('spreads its tries', async () => {
    keepDue('dev');
    randomly = 0.25;
    fail(offline);
    machine.sleep(10 * second);
    void refresher.ring();
    await machine.run(4 * second);
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000]);
  });

  it('tries once more when just two minutes have passed', async () => {
    keepDue('dev');
    randomly = 120;
    fail(offline);
    machine.sleep(10 * second);
    const ringing = refresher.ring();
    await machine.run(10 * minute);
    await ringing;
    expect([waits, refreshed.length]).toEqual([[2 * minute, 4 * minute], 3]);
  });

  it('has no further try once all is done', async () => {
    keepDue('dev');
    fail(missing);
    machine.sleep(10 * second);
    expect([await ringAfter(0), waits]).toEqual([['dev'], []]);
  });

  it('wakes what rested', async () => {
    keepDue('dev');
    fail(missing);
    expect([await ringAfter(0), await ringAfter(0)]).toEqual([['dev'], []]);
    machine.sleep(10 * second);
    expect(await ringAfter(0)).toEqual(['dev']);
  });

  it('ends at once with the agent', async () => {
    keepDue('dev');
    fail(offline);
    machine.sleep(10 * second);
    const ringing = refresher.ring();
    await settled();
    await refresher.stop();
    await ringing;
    expect([waits, refreshed]).toEqual([[second], ['dev']]);
  });
});
