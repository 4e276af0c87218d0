import { beforeEach, describe, expect, it } from 'vitest';
import type { Remembered } from '../../src/agent/memory.ts';
import { keysAccount } from '../../src/config/names.ts';
import { type Credentials, toCredentialsItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { settled } from '../fakes/fake-machine.ts';
import { type AgentWorld, corp, documentIn, hour, lastStep, minute, openAgentWorld, roleRecipe, second } from './agent-world.ts';

const recipe = roleRecipe();
const step = lastStep(recipe);
const { account, id } = step;

let world: AgentWorld;
beforeEach(async () => {
  world = await openAgentWorld();
});

function refresh(): Promise<Remembered> {
  return world.room.refresh(recipe, step);
}

function look(): Promise<Remembered | undefined> {
  return world.room.look(step, recipe.profile);
}

function assumed(): number {
  return world.sts.attempts.length;
}

function made(issuedAt: number, accessKeyId: string): Credentials {
  const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
  return { accessKeyId, secretAccessKey, sessionToken, issuedAt, expiresAt: issuedAt + hour };
}

/** Another process put these into the store. */
async function storeElsewhere(credentials: Credentials): Promise<void> {
  await world.store.set(account, toCredentialsItem(credentials, account));
}

describe('a refresh', () => {
  it('is one AssumeRole for 500 callers, and each gets bytes of its own', async () => {
    const all = await world.during(second, Promise.all(Array.from({ length: 500 }, refresh)));
    expect(assumed()).toBe(1);
    expect(new Set(all.map(({ document }) => documentIn(document).AccessKeyId)).size).toBe(1);
    all[0]?.document.fill(0);
    expect(documentIn(all[1]?.document ?? Buffer.from('')).AccessKeyId).toMatch(/^ASIA/);
    expect(await look()).toBeDefined();
  });

  // Whoever asked after the sleep joined it, and was given what had ended in the night.
  it('that was slept through is begun anew, since what it brought has ended', async () => {
    const release = world.store.holdNextWrite();
    const waiting = refresh();
    await world.machine.run(second);
    world.machine.sleep(12 * hour);
    release();
    const { expiresAt } = await world.during(second, waiting);
    expect(expiresAt).toBeGreaterThan(world.machine.awsMs());
    expect(assumed()).toBe(2);
  });

  it('that fails gives all who waited one failure, and is begun anew by the next', async () => {
    world.sts.cut(true);
    const all = await world.during(second, Promise.allSettled(Array.from({ length: 50 }, refresh)));
    expect(assumed()).toBe(1);
    expect(new Set(all.map((each) => (each.status === 'rejected' ? each.reason : undefined))).size).toBe(1);
    world.sts.cut(false);
    await world.machine.run(5 * second);
    await world.during(second, refresh());
    expect(assumed()).toBe(2);
  });

  it('goes on without the caller who gave up, and the next one gets what it brought', async () => {
    const first = refresh();
    await Promise.race([first, settled()]);
    expect(world.room.underWay).toBe(1);
    await world.machine.run(second);
    expect(world.room.underWay).toBe(0);
    expect(documentIn((await look())?.document ?? Buffer.from('')).AccessKeyId).toMatch(/^ASIA/);
    expect(assumed()).toBe(1);
  });

  it('takes what another process stored meanwhile instead of asking AWS', async () => {
    await world.during(second, refresh());
    await world.machine.run(45 * minute);
    await storeElsewhere(made(world.machine.awsMs(), 'OTHER'));
    const found = await world.during(second, refresh());
    expect(documentIn(found.document).AccessKeyId).toBe('OTHER');
    expect(assumed()).toBe(1);
  });

  it('waits for a lock as long as STS may take when memory has something, and passes over it sooner when not', async () => {
    const waits: number[] = [];
    const { withLock } = world.lock;
    world.lock.withLock = (name, wait, work) => {
      waits.push(wait.waitMs);
      return withLock(name, wait, work);
    };
    await world.during(second, refresh());
    await world.machine.run(50 * minute);
    await world.during(second, refresh());
    expect(waits).toEqual([2_000, 12_000]);
  });

  it('during which all is forgotten is not kept from before: whoever waits gets what the store has now', async () => {
    const waiting = refresh();
    await settled();
    world.room.forgetAll();
    const found = await world.during(second, waiting);
    expect(documentIn(found.document).AccessKeyId).toMatch(/^ASIA/);
    expect(assumed()).toBe(1);
  });

  it('during which somebody logs out leaves nothing in memory that the store does not have', async () => {
    const waiting = refresh();
    await settled();
    world.room.forgetAll();
    await world.during(second, waiting);
    await world.store.delete(account);
    world.room.forgetAll();
    expect(await look()).toBeUndefined();
    expect(world.memory.size).toBe(0);
  });
});

describe('the last step of a recipe', () => {
  // The keychain was gone as well: the agent failed with what was asked for in its memory.
  it('is known on where the state that told it is out of reach, until all is forgotten', async () => {
    await world.during(second, refresh());
    expect(world.room.lastStep(recipe)).toEqual(step);
    world.state.principal = () => undefined;
    expect(world.room.lastStep(recipe)).toEqual(step);
    world.room.forgetAll();
    expect(world.room.lastStep(recipe)).toBeUndefined();
  });

  it('is learnt anew after all was forgotten', async () => {
    await world.during(second, refresh());
    world.room.lastStep(recipe);
    world.room.forgetAll();
    world.room.lastStep(recipe);
    world.state.principal = () => undefined;
    expect(world.room.lastStep(recipe)).toEqual(step);
  });
});

describe('what the store would not take', () => {
  beforeEach(async () => {
    await world.during(second, refresh());
    world.store.refuseWrites();
    await world.machine.run(41 * minute);
    await world.during(second, refresh());
  });

  it('is served from memory, the store being looked at no more often than before', async () => {
    const { expiresAt } = (await look()) ?? { expiresAt: 0 };
    expect(expiresAt).toBeGreaterThan(world.machine.awsMs() + 55 * minute);
    await world.machine.run(16 * second);
    const before = world.store.reads(account);
    for (let calls = 0; calls < 10; calls++) expect((await look())?.expiresAt).toBe(expiresAt);
    expect(world.store.reads(account) - before).toBe(1);
  });

  // To the planner it is due at every ring, since the state cannot show it: that was an AssumeRole every 15 s.
  it('is not asked for again at each ring', async () => {
    for (let rings = 0; rings < 8; rings++) await world.during(15 * second, refresh());
    expect(assumed()).toBe(2);
  });

  it('is asked for again when it is due, and stored then', async () => {
    world.store.refuseWrites(false);
    await world.machine.run(41 * minute);
    await world.during(second, refresh());
    expect(assumed()).toBe(3);
    expect(world.state.read(id)?.expiresAt).toBe((await look())?.expiresAt);
  });

  it('is also what a full disk kept out of the state', async () => {
    world = await openAgentWorld();
    await world.during(second, refresh());
    world.state.fillDisk();
    await world.machine.run(41 * minute);
    for (let rings = 0; rings < 8; rings++) await world.during(15 * second, refresh());
    expect(assumed()).toBe(2);
  });
});

describe('a look', () => {
  it('asks the store once in 15 seconds', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    await world.machine.run(14.9 * second);
    await look();
    expect(world.store.reads(account)).toBe(1);
    await world.machine.run(0.1 * second);
    await look();
    expect(world.store.reads(account)).toBe(2);
  });

  it('asks the store once for all who look at the same time', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    const all = await Promise.all(Array.from({ length: 500 }, look));
    expect(world.store.reads(account)).toBe(1);
    all[0]?.document.fill(0);
    expect(documentIn(all[499]?.document ?? Buffer.from('')).AccessKeyId).toBe('STORED');
  });

  it('sees within 15 seconds that another process logged out', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    await world.store.delete(account);
    await world.machine.run(15 * second);
    expect(await look()).toBeUndefined();
    expect(world.memory.size).toBe(0);
  });

  it('sees within 15 seconds what another process stored', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    await storeElsewhere(made(world.machine.awsMs() + 1, 'NEWER'));
    await world.machine.run(15 * second);
    expect(documentIn((await look())?.document ?? Buffer.from('')).AccessKeyId).toBe('NEWER');
  });

  it('gives what memory has while the store is locked, until that ends', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    world.store.lock();
    await world.machine.run(20 * minute);
    expect(documentIn((await look())?.document ?? Buffer.from('')).AccessKeyId).toBe('STORED');
    await world.machine.run(40 * minute);
    await expect(look()).rejects.toMatchObject({ code: 'store-locked', exitStatus: 5 });
  });

  it('says that the store is locked when memory has nothing', async () => {
    world.store.lock();
    await expect(look()).rejects.toMatchObject({ code: 'store-locked' });
  });

  it('waits for a frozen store no longer than 250 ms when memory has an answer', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    await world.machine.run(16 * second);
    const thaw = world.store.freeze();
    let found: Remembered | undefined;
    const looking = look().then((remembered) => {
      found = remembered;
    });
    await world.machine.run(249);
    expect(found).toBeUndefined();
    await world.machine.run(1);
    await looking;
    expect(documentIn(found?.document ?? Buffer.from('')).AccessKeyId).toBe('STORED');
    thaw();
    await settled();
  });

  it('makes one caller wait for a frozen store, not each of them', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
    await world.machine.run(16 * second);
    const thaw = world.store.freeze();
    await world.during(250, look());
    for (let calls = 0; calls < 5; calls++) expect(await look()).toBeDefined(); // the machine stands still meanwhile
    await storeElsewhere(made(world.machine.awsMs() + 1, 'NEWER'));
    thaw();
    await settled();
    await world.machine.run(16 * second);
    expect(documentIn((await look())?.document ?? Buffer.from('')).AccessKeyId).toBe('NEWER');
  });

  // It took the older item of the store for the last word, and the credentials that had just come were lost to it.
  it('that is overtaken by a refresh does not put back what the refresh replaced', async () => {
    await storeElsewhere(made(world.machine.awsMs() - 50 * minute, 'OLD'));
    await look();
    await world.machine.run(16 * second);
    const answer = world.store.holdNextRead();
    const looking = look();
    const fresh = await world.during(second, refresh());
    answer();
    await Promise.all([looking, settled()]);
    expect((await look())?.expiresAt).toBe(fresh.expiresAt);
  });

  it('after everything was forgotten does not keep what was read before that', async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    const thaw = world.store.freeze();
    const looking = look();
    await settled();
    await world.store.delete(account);
    world.room.forgetAll();
    thaw();
    expect(await looking).toBeUndefined();
    expect(world.memory.size).toBe(0);
  });

  it('lists in the state what a crash kept out of it, and notes that somebody wants it', async () => {
    const stored = made(world.machine.awsMs(), 'STORED');
    await storeElsewhere(stored);
    await look();
    expect(world.state.read(id)).toMatchObject({ kind: 'role', profile: 'dev', expiresAt: stored.expiresAt });
    expect(world.state.askedAt(id)).toBe(world.machine.readClocks().wallMs);
  });
});

describe('a doubt', () => {
  beforeEach(async () => {
    await storeElsewhere(made(world.machine.awsMs(), 'STORED'));
    await look();
  });

  async function keyId(): Promise<string> {
    return documentIn((await look())?.document ?? Buffer.from('{}')).AccessKeyId;
  }

  it('shows at once what another process stored', async () => {
    await storeElsewhere(made(world.machine.awsMs() + 1, 'NEWER'));
    world.room.doubtAll();
    expect(await keyId()).toBe('NEWER');
  });

  // A timer's refresh every five minutes emptied the memory, also while the keychain was locked: no caller was answered then.
  it('takes nothing away while the store is locked', async () => {
    world.store.lock();
    world.room.doubtAll();
    expect(await keyId()).toBe('STORED');
  });

  it('holds for what was being read when it came', async () => {
    await world.machine.run(16 * second);
    const answer = world.store.holdNextRead();
    const looking = look();
    await settled();
    await storeElsewhere(made(world.machine.awsMs(), 'NEWER'));
    world.room.doubtAll();
    answer();
    expect(documentIn((await looking)?.document ?? Buffer.from('{}')).AccessKeyId).toBe('NEWER');
  });

  it('holds for what was being asked of AWS when it came', async () => {
    await world.machine.run(50 * minute);
    const waiting = refresh();
    await settled();
    world.room.doubtAll();
    const reads = world.store.reads(account);
    await world.during(second, waiting);
    expect(assumed()).toBe(1);
    expect(world.store.reads(account)).toBeGreaterThan(reads);
    expect(await keyId()).toMatch(/^ASIA/);
  });
});

describe('the last step', () => {
  it('is known without the keys once they were seen', async () => {
    expect(world.room.lastStep(recipe)).toBeUndefined();
    const steps = await Promise.all(Array.from({ length: 20 }, () => world.room.findLastStep(recipe)));
    expect(new Set(steps.map((each) => each.id))).toEqual(new Set([id]));
    expect(world.store.reads(keysAccount(corp))).toBe(1);
    expect(world.room.lastStep(recipe)?.id).toBe(id);
  });

  it('of keys that nobody has is a failure that says so', async () => {
    await world.store.delete(keysAccount(corp));
    await expect(world.room.findLastStep(recipe)).rejects.toMatchObject({ code: 'keys-missing' });
  });
});

describe('a room that closes', () => {
  it('waits for what is under way, wipes its memory and closes the store', async () => {
    const waiting = refresh();
    await settled();
    const closing = world.room.close();
    await settled();
    expect(world.store.isClosed).toBe(false);
    await world.during(second, Promise.all([closing, waiting.catch(() => undefined)]));
    expect(world.store.isClosed).toBe(true);
    expect(world.memory.size).toBe(0);
  });
});
