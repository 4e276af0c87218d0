import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refresher } from '../../src/agent/refresher.ts';
import { type KeyId, keysAccount } from '../../src/config/names.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { toCredentialsItem } from '../../src/credentials/credentials.ts';
import { dueAt, freshnessOf } from '../../src/credentials/plan.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import { settled } from '../fakes/fake-machine.ts';
import { corp, day, documentIn, hour, lastStep, minute, openAgentWorld, roleRecipe, second } from './agent-world.ts';

const ringMs = 15 * second;

/** A world whose background refresh somebody rings for. */
async function openLife({ unusedMs = 3 * day, random = 1 } = {}) {
  const world = await openAgentWorld();
  const { machine, state, room, memory, ports } = world;
  const recipes = new Map<string, Recipe>();
  const [underWay, faults] = [new Set<KeyId>(), [] as string[]];
  let edits = 0;
  const refresher = new Refresher({
    ...{ clock: machine.clock, state, log: ports.log, random: () => random, readClocks: machine.readClocks, unusedMs },
    stamp: () => `${state.stamp()} ${edits}`,
    recipeOf: ({ profile }) => {
      const recipe = recipes.get(profile);
      if (recipe === undefined) throw new AppError('profile-unknown', { profile, path: '/config' });
      return recipe;
    },
    refresh: async (recipe, step) => {
      const { issuedAt, expiresAt } = state.read(step.id) ?? {};
      if (underWay.has(step.id)) faults.push(`two refreshes of ${recipe.profile} at once`);
      if (issuedAt !== undefined && expiresAt !== undefined && dueAt({ issuedAt, expiresAt }, sessionEnd()) > machine.clock.now())
        faults.push(`a refresh of ${recipe.profile}, which is not due`);
      underWay.add(step.id);
      await room.refresh(recipe, step).finally(() => underWay.delete(step.id));
      return 'refreshed';
    },
    onWake: () => memory.doubtAll(),
  });
  const sessionEnd = () => state.list().find(({ kind }) => kind === 'session')?.expiresAt;
  return {
    ...world,
    refresher,
    faults,
    sessionEnd,
    recordOf: (recipe: Recipe) => state.read(lastStep(recipe).id),
    /** As a caller of the agent. */
    async ask(recipe: Recipe): Promise<void> {
      recipes.set(recipe.profile, recipe);
      const step = await room.findLastStep(recipe);
      state.noteAsked(step.id);
      if ((await room.look(step, recipe.profile)) === undefined) await world.during(second, room.refresh(recipe, step));
    },
    /** What the next caller would get: fresh, due, expiring, expired. */
    async freshness(recipe: Recipe): Promise<string> {
      const looking = room.look(lastStep(recipe), recipe.profile);
      const found = await world.during(300, looking);
      return found === undefined ? 'absent' : freshnessOf(found, machine.awsMs());
    },
    /** Somebody edits the config. */
    edit(profile: string, recipe: Recipe | undefined): void {
      edits += 1;
      if (recipe === undefined) recipes.delete(profile);
      else recipes.set(profile, recipe);
    },
    /** Rings all the while. Another ring comes even while the last is still being answered. */
    async live(ms: number, everyMs = ringMs): Promise<void> {
      for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
        void refresher.ring();
        await machine.run(Math.min(everyMs, ms - passedMs));
      }
    },
  };
}

type Life = Awaited<ReturnType<typeof openLife>>;

const dev = roleRecipe('dev');
const throughSession = roleRecipe('dev', { needsLogin: true });

function attempts({ sts }: Life): number {
  return sts.attempts.length;
}

describe('an ordinary life', () => {
  it.each([
    ['an hour', hour],
    ['a day', day],
  ])(
    'of %s calls AssumeRole exactly when the plan says so, and no caller ever waits',
    { timeout: 60_000 },
    async (_words, ms) => {
      const life = await openLife();
      await life.ask(dev);
      let due = 0;
      for (let minutes = 0; minutes < ms / minute; minutes++) {
        const { issuedAt = 0, expiresAt = 0 } = life.recordOf(dev) ?? {};
        due = dueAt({ issuedAt, expiresAt });
        const before = attempts(life);
        await life.live(minute);
        expect(['fresh', 'due']).toContain(await life.freshness(dev));
        const [attempt] = life.sts.attempts.slice(before);
        if (attempt !== undefined) expect(attempt.atMs - due).toBeGreaterThanOrEqual(0);
        if (attempt !== undefined) expect(attempt.atMs - due).toBeLessThanOrEqual(ringMs + second);
      }
      const cycles = ms / (38.9 * minute);
      expect(attempts(life)).toBeGreaterThanOrEqual(1 + Math.floor(cycles * 0.97));
      expect(attempts(life)).toBeLessThanOrEqual(1 + Math.ceil(cycles * 1.03));
      expect(life.faults).toEqual([]);
    },
  );

  it('says what it plans', async () => {
    const life = await openLife();
    expect(life.refresher.planned()).toEqual({ count: 0, profiles: [], nextAt: undefined });
    await life.ask(dev);
    const { issuedAt = 0, expiresAt = 0 } = life.recordOf(dev) ?? {};
    expect(life.refresher.planned()).toEqual({ count: 1, profiles: [dev.profile], nextAt: dueAt({ issuedAt, expiresAt }) });
  });

  it('without changes reads no record again', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    let lists = 0;
    const { list } = life.state;
    life.state.list = () => {
      lists += 1;
      return list();
    };
    await life.live(10 * minute);
    expect(lists).toBe(0);
  });

  it('ends for what nobody asked for in three days', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(3 * day - hour, 5 * minute);
    const before = attempts(life);
    expect(before).toBeGreaterThan(100);
    await life.live(2 * hour, 5 * minute);
    const after = attempts(life);
    await life.live(day, 5 * minute);
    expect(attempts(life)).toBe(after);
    expect(life.refresher.planned().count).toBe(0);
    await life.ask(dev);
    await life.live(hour);
    expect(attempts(life)).toBeGreaterThan(after);
  });

  it('goes on for three days after the last who asked, whatever was seen before', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(2 * day, 5 * minute);
    life.state.noteAsked(lastStep(dev).id);
    await life.live(2 * day, 5 * minute);
    expect(['fresh', 'due']).toContain(await life.freshness(dev));
  });

  it('looks once who asked for what, and not at each ring', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    expect(life.refresher.wanted()).toHaveLength(1);
    const { askedAt } = life.state;
    let looks = 0;
    life.state.askedAt = (id) => {
      looks += 1;
      return askedAt(id);
    };
    await life.live(10 * minute);
    expect(life.refresher.wanted()).toHaveLength(1);
    expect(looks).toBe(0);
  });

  it('leaves alone what nobody ever asked for', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.state.askedAt = () => undefined;
    await life.live(2 * hour, minute);
    expect(attempts(life)).toBe(1);
  });
});

describe('after a sleep', () => {
  // Backing off looked like being done: the tries ended with the first failure, and the next came with the bell.
  it('of eight hours with the network back after 7 s, everything is fresh a few seconds later', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    life.sts.cut(true);
    life.machine.sleep(8 * hour);
    void life.refresher.ring();
    await life.machine.run(7 * second);
    const during = attempts(life) - 1;
    expect(during).toBeGreaterThanOrEqual(1);
    expect(during).toBeLessThanOrEqual(4);
    life.sts.cut(false);
    await life.machine.run(7 * second);
    expect(await life.freshness(dev)).toBe('fresh');
  });

  it('with no network at all the fast tries end after two minutes, and the back-off holds', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.sts.cut(true);
    await life.live(minute);
    life.machine.sleep(8 * hour);
    await life.live(3 * minute);
    const fast = attempts(life);
    expect(fast).toBeLessThan(30);
    await life.live(57 * minute);
    expect(attempts(life) - fast).toBeLessThan(20);
    life.sts.cut(false);
    await life.live(6 * minute);
    expect(await life.freshness(dev)).toBe('fresh');
  });

  it('one refusal by AWS is not repeated at the pace of a lost network', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.sts.refuse('dev');
    life.machine.sleep(8 * hour);
    const before = attempts(life);
    await life.live(minute);
    expect(attempts(life) - before).toBe(1);
  });

  it('what failed before it is forgiven', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(35 * minute);
    life.sts.cut(true);
    await life.live(20 * minute);
    expect(life.recordOf(dev)?.failure?.count).toBeGreaterThan(3);
    life.machine.sleep(hour);
    life.sts.cut(false);
    await life.live(ringMs);
    expect(await life.freshness(dev)).toBe('fresh');
  });

  it('the store is looked at again', async () => {
    const life = await openLife();
    await life.ask(dev);
    const { account } = lastStep(dev);
    await life.store.delete(account);
    life.machine.sleep(5 * second + 1);
    await life.live(ringMs);
    expect(await life.freshness(dev)).toBe('absent');
  });
});

describe('a wall clock that is set', () => {
  it('two hours ahead costs one call, and callers are told times of that clock', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    life.machine.setWallClock(2 * hour);
    await life.live(30 * minute);
    expect(attempts(life)).toBe(2);
    await expectLocalDate(life);
  });

  it('two hours back costs nothing, and callers are told times of that clock', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    life.machine.setWallClock(-2 * hour);
    await life.live(30 * minute);
    expect(attempts(life)).toBe(1);
    await expectLocalDate(life);
    await life.live(3 * hour);
    expect(await life.freshness(dev)).toMatch(/fresh|due/);
    expect(life.faults).toEqual([]);
  });

  async function expectLocalDate(life: Life): Promise<void> {
    const found = await life.room.look(lastStep(dev), dev.profile);
    const { Expiration } = documentIn(found?.document ?? Buffer.from('{}'));
    const localLeftMs = Date.parse(Expiration) - life.machine.readClocks().wallMs;
    expect(Math.abs(localLeftMs - ((found?.expiresAt ?? 0) - life.machine.awsMs()))).toBeLessThan(3 * second);
  }
});

describe('what stands in the way', () => {
  it('an STS outage of 20 minutes is met with few calls, and no caller gets what has expired', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(35 * minute);
    const before = attempts(life);
    life.sts.cut(true);
    for (let minutes = 0; minutes < 20; minutes++) {
      await life.live(minute);
      expect(await life.freshness(dev)).not.toBe('expired');
    }
    expect(attempts(life) - before).toBeGreaterThanOrEqual(5);
    expect(attempts(life) - before).toBeLessThanOrEqual(12);
    life.sts.cut(false);
    await life.live(5 * minute + ringMs);
    expect(await life.freshness(dev)).toBe('fresh');
    expect(life.faults).toEqual([]);
  });

  it('a store that is locked for ten minutes costs no call, and is refreshed into as soon as it is unlocked', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(36 * minute);
    life.store.lock();
    await life.live(10 * minute);
    expect(attempts(life)).toBe(1);
    expect(await life.freshness(dev)).not.toBe('expired');
    life.store.unlock();
    await life.live(ringMs + second);
    expect(attempts(life)).toBe(2);
    expect(await life.freshness(dev)).toBe('fresh');
  });

  it('a lost network ends the round after one failure per lane', async () => {
    const life = await openLife();
    for (let n = 0; n < 30; n++) await life.ask(roleRecipe(`role-${n}`));
    await life.live(minute);
    life.sts.cut(true);
    await life.machine.run(50 * minute);
    const before = attempts(life);
    await life.live(ringMs);
    expect(attempts(life) - before).toBe(4);
  });

  it('a refusal of one role keeps no other from its refresh', async () => {
    const life = await openLife();
    const [bad, good] = [roleRecipe('bad'), roleRecipe('good')];
    await life.ask(bad);
    await life.ask(good);
    life.sts.refuse('bad');
    await life.live(45 * minute);
    expect(await life.freshness(good)).toBe('fresh');
    expect(life.recordOf(bad)?.failure?.error.code).toBe('aws-refused');
  });

  // A failure before the hop itself leaves no back-off in the state: the keychain was asked at every ring, for days.
  it('keys that are gone are looked for once a minute, not at every ring', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.store.delete(keysAccount(corp));
    await life.live(41 * minute);
    const before = life.store.reads(keysAccount(corp));
    await life.live(10 * minute);
    expect(life.store.reads(keysAccount(corp)) - before).toBeLessThanOrEqual(11);
    expect(attempts(life)).toBe(1);
  });
});

describe('the end of the MFA session', () => {
  it('sees one last refresh just before it, and no call after it', { timeout: 60_000 }, async () => {
    const life = await openLife();
    await life.logIn();
    await life.ask(throughSession);
    const end = life.sessionEnd() ?? 0;
    await life.live(15 * hour);
    const last = life.sts.attempts.at(-1)?.atMs ?? 0;
    expect(end - last).toBeGreaterThan(4.5 * minute);
    expect(end - last).toBeLessThan(5.6 * minute);
    expect(life.sts.lateCalls).toBe(0);
    expect(life.refresher.planned()).toEqual({ count: 0, profiles: [], nextAt: undefined });
    expect(life.faults).toEqual([]);
  });

  // The time was still "before the session's end" in the plan, so every ring tried, and the agent never found itself idle.
  it('in a sleep leaves nothing to do, and nothing planned', async () => {
    const life = await openLife();
    await life.logIn();
    await life.ask(throughSession);
    await life.live(minute);
    const before = life.events.length;
    life.machine.sleep(13 * hour);
    await life.live(30 * minute);
    expect(attempts(life)).toBe(1);
    expect(life.refresher.planned().count).toBe(0);
    expect(life.events.slice(before)).toEqual(['clock.moved']);
  });

  it('is over with the next login: what was wanted is refreshed again', async () => {
    const life = await openLife();
    await life.logIn();
    await life.ask(throughSession);
    life.machine.sleep(13 * hour);
    await life.live(minute);
    await life.logIn();
    await life.live(ringMs);
    expect(await life.freshness(throughSession)).toBe('fresh');
  });
});

describe('many roles', () => {
  it('a thousand due at once are refreshed four at a time, each once', { timeout: 60_000 }, async () => {
    const life = await openLife();
    const recipes = Array.from({ length: 1_000 }, (_, n) => roleRecipe(`role-${n}`));
    await Promise.all(recipes.map((recipe) => life.room.findLastStep(recipe)));
    for (const recipe of recipes) await life.ask(recipe);
    life.machine.sleep(2 * hour);
    const before = attempts(life);
    const asking = life.sts.mostAtOnce;
    expect(asking).toBe(1);
    await life.live(30 * second);
    expect(attempts(life) - before).toBeLessThanOrEqual(400);
    await life.live(60 * second);
    expect(attempts(life) - before).toBe(1_000);
    expect(life.sts.mostAtOnce).toBe(4);
    expect(life.faults).toEqual([]);
  });

  // The list of what is due was made once, and the last of a thousand had its turn minutes later.
  // Callers wait while a plan is made; two more files were read for each role.
  it('are planned with one look at their session and one at whose keys they are', async () => {
    const life = await openLife();
    await life.logIn();
    for (let n = 0; n < 20; n++) await life.ask(roleRecipe(`role-${n}`, { needsLogin: true }));
    const { read, principal } = life.state;
    let reads = 0;
    life.state.read = (id) => {
      reads += 1;
      return read(id);
    };
    life.state.principal = (keys) => {
      reads += 1;
      return principal(keys);
    };
    expect(life.refresher.planned().count).toBe(20);
    expect(reads).toBe(2);
  });

  it('one that a caller refreshed while it waited for its turn is left alone', async () => {
    const life = await openLife();
    const recipes = Array.from({ length: 40 }, (_, n) => roleRecipe(`role-${n}`));
    for (const recipe of recipes) await life.ask(recipe);
    const last = recipes.at(-1) ?? dev;
    await life.live(minute);
    await life.machine.run(44 * minute);
    void life.refresher.ring();
    await life.during(second, life.room.refresh(last, lastStep(last)));
    await life.machine.run(10 * second);
    expect(life.sts.attempts.filter(({ role }) => role === last.profile)).toHaveLength(2);
    expect(life.faults).toEqual([]);
  });

  it('are not begun any more once the agent leaves; what is under way is finished', async () => {
    const life = await openLife();
    for (let n = 0; n < 40; n++) await life.ask(roleRecipe(`role-${n}`));
    life.machine.sleep(2 * hour);
    const before = attempts(life);
    void life.refresher.ring();
    await life.machine.run(second);
    const stopping = life.refresher.stop();
    await life.during(second, stopping);
    const after = attempts(life);
    expect(after - before).toBeLessThanOrEqual(16);
    await life.live(5 * minute);
    expect(attempts(life)).toBe(after);
  });

  it('a stop does not wait for the tries after a wake', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.sts.cut(true);
    life.machine.sleep(2 * hour);
    void life.refresher.ring();
    await life.machine.run(20 * second);
    let hasStopped = false;
    void life.refresher.stop().then(() => {
      hasStopped = true;
    });
    await life.machine.run(second);
    expect(hasStopped).toBe(true);
  });
});

describe('an edited config', () => {
  it('ends what is not in it any more', async () => {
    const life = await openLife();
    await life.ask(dev);
    await life.live(minute);
    life.edit('dev', undefined);
    await life.live(2 * hour, minute);
    expect(attempts(life)).toBe(1);
    expect(life.refresher.planned().count).toBe(0);
  });

  it('ends the refresh of what a profile was, and does not begin that of what nobody asked for yet', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.edit('dev', { ...roleRecipe('ops'), profile: dev.profile });
    await life.live(2 * hour, minute);
    expect(life.sts.attempts.map(({ role }) => role)).toEqual(['dev']);
  });

  it('that is broken for a while ends nothing for good', async () => {
    const life = await openLife();
    await life.ask(dev);
    life.edit('dev', undefined);
    await life.live(10 * minute);
    life.edit('dev', dev);
    await life.live(40 * minute);
    expect(attempts(life)).toBe(2);
  });
});

describe('whatever happens', () => {
  const happenings = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), ms: fc.integer({ min: 1, max: 50 * minute }) }),
    fc.record({ kind: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: 10 * hour }) }),
    fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: -3 * hour, max: 3 * hour }) }),
    fc.record({ kind: fc.constant('network' as const), isCut: fc.boolean() }),
    fc.record({ kind: fc.constant('store' as const), isLocked: fc.boolean() }),
    fc.record({ kind: fc.constant('full' as const), isFull: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('ask', 'elsewhere', 'logout', 'login', 'ring'), role: fc.nat({ max: 2 }) }),
  );

  it('nothing is refreshed twice at once, or before it is due', { timeout: 60_000 }, async () => {
    const recipes = [roleRecipe('a'), roleRecipe('b', { seconds: 900 }), roleRecipe('c', { needsLogin: true })];
    await fc.assert(
      fc.asyncProperty(fc.array(happenings, { maxLength: 25 }), async (all) => {
        const life = await openLife({ random: 0.5 });
        await life.logIn();
        for (const recipe of recipes) await life.ask(recipe);
        for (const happening of all) await happen(life, happening, recipes);
        expect(life.faults).toEqual([]);
        expect(life.sts.lateCalls).toBe(0);
        expect(life.sts.mostAtOnce).toBeLessThanOrEqual(4);
        await settled();
      }),
      { numRuns: 150 },
    );
  });

  async function happen(
    life: Life,
    one: typeof happenings extends fc.Arbitrary<infer T> ? T : never,
    recipes: readonly Recipe[],
  ) {
    switch (one.kind) {
      case 'run':
        return await life.live(one.ms);
      case 'sleep':
        return life.machine.sleep(one.ms);
      case 'clock':
        return life.machine.setWallClock(one.ms);
      case 'network':
        return life.sts.cut(one.isCut);
      case 'store':
        return one.isLocked ? life.store.lock() : life.store.unlock();
      case 'full':
        return life.store.refuseWrites(one.isFull);
      case 'login':
        return await life.logIn().catch(() => undefined);
      case 'ring':
        return void life.refresher.ring();
      default: {
        const recipe = recipes[one.role] ?? dev;
        if (one.kind === 'ask') return await life.ask(recipe).catch(() => undefined);
        if (one.kind === 'logout') return void (await life.store.delete(lastStep(recipe).account).catch(() => undefined));
        const issuedAt = life.machine.awsMs();
        const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
        const stored = { accessKeyId: 'OTHER', secretAccessKey, sessionToken, issuedAt, expiresAt: issuedAt + hour };
        const { account } = lastStep(recipe);
        await life.store.set(account, toCredentialsItem(stored, account)).catch(() => undefined);
      }
    }
  }
});
