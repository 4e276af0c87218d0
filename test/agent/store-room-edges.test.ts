// A room when things come at the same time, or not at all: what it takes from the store, from AWS and from what it knew.

import { beforeEach, describe, expect, it } from 'vitest';
import type { Remembered } from '../../src/agent/memory.ts';
import { StoreRoom } from '../../src/agent/store-room.ts';
import { keysAccount, parseProfileName } from '../../src/config/names.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { stepsOf } from '../../src/config/recipe.ts';
import { toCredentialsItem, toKeysItem } from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { settled } from '../fakes/fake-machine.ts';
import { passphraseStore, rightIdentity } from '../fakes/passphrase-store.ts';
import { type AgentWorld, documentIn, hour, lastStep, minute, openAgentWorld, roleRecipe, second } from './agent-world.ts';
import { isWiped } from './buffers-made.ts';

const recipe = roleRecipe();
const step = lastStep(recipe);
const { account } = step;

let world: AgentWorld;
beforeEach(async () => {
  world = await openAgentWorld();
});

async function refresh(): Promise<Remembered> {
  return await world.during(second, world.room.refresh(recipe, step));
}

async function look(): Promise<string | undefined> {
  const found = await world.room.look(step, recipe.profile);
  return found === undefined ? undefined : documentIn(found.document).AccessKeyId;
}

interface Other {
  readonly accessKeyId?: string;
  readonly issuedAgo?: number;
  readonly left: number;
}

/** Another process put these into the store. */
async function storeElsewhere({ accessKeyId = 'OTHER', issuedAgo = 0, left }: Other): Promise<void> {
  const now = world.machine.awsMs();
  const [secretAccessKey, sessionToken] = [new Secret('s'), new Secret('t')];
  const credentials = { accessKeyId, secretAccessKey, sessionToken, issuedAt: now - issuedAgo, expiresAt: now + left };
  await world.store.set(account, toCredentialsItem(credentials, account));
}

function assumed(): number {
  return world.sts.attempts.length;
}

describe('a refresh', () => {
  it.each([
    ['little time left', 1, 14 * minute],
    ['begun when those at hand began', 0, 50 * minute],
  ])('does not take what another process stored with %s', async (_what, begunLaterMs, left) => {
    const { issuedAt } = await refresh();
    await world.machine.run(40 * minute);
    await storeElsewhere({ issuedAgo: world.machine.awsMs() - issuedAt - begunLaterMs, left });
    await refresh();
    expect([assumed(), await look()]).toEqual([2, expect.stringMatching(/^ASIA/)]);
  });

  it('takes what the store has when there is nothing at hand', async () => {
    await storeElsewhere({ left: hour });
    await refresh();
    expect([assumed(), await look()]).toEqual([0, 'OTHER']);
  });

  it('passes over a lock as soon when what memory has has ended as when there is nothing', async () => {
    const waits: number[] = [];
    const { withLock } = world.lock;
    world.lock.withLock = (name, wait, work) => {
      waits.push(wait.waitMs);
      return withLock(name, wait, work);
    };
    await refresh();
    await world.machine.run(2 * hour);
    await refresh();
    expect(waits).toEqual([2_000, 2_000]);
  });

  it('whose credentials are taken out of the store as soon as they come is tried once more, then says so', async () => {
    const { set } = world.store;
    world.store.set = async (of, value) => {
      await set(of, value);
      if (of === account) await world.store.delete(of);
      world.room.doubtAll();
    };
    await expect(world.during(2 * second, world.room.refresh(recipe, step))).rejects.toMatchObject({
      code: 'unexpected',
      details: { problem: 'new credentials were removed, or had ended, as soon as they came' },
    });
    expect(assumed()).toBe(2);
  });

  it('wipes what had ended as soon as it came', async () => {
    const taken: Buffer[] = [];
    const { recall } = world.memory;
    world.memory.recall = (of) => {
      const found = recall.call(world.memory, of);
      if (found !== undefined) taken.push(found.document);
      return found;
    };
    const release = world.store.holdNextWrite();
    const waiting = world.room.refresh(recipe, step);
    await world.machine.run(second);
    world.machine.sleep(12 * hour);
    release();
    await world.during(second, waiting);
    expect(taken.map(isWiped)).toEqual([true, false]);
  });
});

describe('what the store would not take', () => {
  beforeEach(async () => {
    await refresh();
    world.store.refuseWrites();
    await world.machine.run(41 * minute);
    await refresh();
    world.store.refuseWrites(false);
    await world.machine.run(16 * second);
  });

  it('is served on when the store loses what it had before', async () => {
    const before = await look();
    await world.store.delete(account);
    await world.machine.run(16 * second);
    const reads = world.store.reads(account);
    for (let calls = 0; calls < 3; calls++) expect([await look(), assumed()]).toEqual([before, 2]);
    expect(world.store.reads(account) - reads).toBe(1);
  });

  it('gives way to what ends later', async () => {
    await storeElsewhere({ left: 2 * hour });
    expect(await look()).toBe('OTHER');
  });

  it('is past when it has ended', async () => {
    await world.machine.run(2 * hour);
    world.memory.dropExpired();
    await world.store.delete(account);
    expect(await look()).toBeUndefined();
    world.sts.cut(true);
    await expect(refresh()).rejects.toMatchObject({ code: 'network' });
    world.sts.cut(false);
    await world.machine.run(6 * second);
    expect((await refresh()).expiresAt).toBeGreaterThan(world.machine.awsMs());
  });

  it('is past when all was forgotten: the store has the word then', async () => {
    const before = await look();
    world.room.forgetAll();
    expect(await look()).not.toBe(before);
    await storeElsewhere({ accessKeyId: 'SHORTER', left: 30 * minute });
    await world.machine.run(16 * second);
    expect(await look()).toBe('SHORTER');
  });

  it('is taken the next time, and after that the store has the word', async () => {
    await world.machine.run(41 * minute);
    await refresh();
    await storeElsewhere({ accessKeyId: 'SHORTER', left: 30 * minute });
    await world.machine.run(16 * second);
    expect(await look()).toBe('SHORTER');
  });
});

describe('a look', () => {
  it('keeps what it found although memory lost what it had meanwhile', async () => {
    await storeElsewhere({ left: hour });
    await look();
    await world.machine.run(16 * second);
    const release = world.store.holdNextRead();
    const looking = look();
    await settled();
    world.memory.forget(account);
    release();
    expect(await looking).toBe('OTHER');
  });

  it('waits for the store to the end when what memory has has ended', async () => {
    await storeElsewhere({ left: minute });
    await look();
    await world.machine.run(61 * second);
    const thaw = world.store.freeze();
    let found: string | undefined;
    const looking = look().then((key) => {
      found = key;
    });
    await world.machine.run(minute);
    expect(found).toBeUndefined();
    thaw();
    await looking;
    expect(found).toBe('OTHER');
  });
});

describe('the last step', () => {
  const others: Recipe = { ...roleRecipe(), keys: { name: parseProfileName('others'), endpoint: { ...endpointOf(recipe) } } };

  function endpointOf({ keys }: Recipe) {
    if (keys === undefined) throw new Error('a recipe with keys');
    return keys.endpoint;
  }

  it('is one object as long as nothing changes', async () => {
    await refresh();
    const first = world.room.lastStep(recipe);
    expect(first).toStrictEqual(step);
    expect(world.room.lastStep(recipe)).toBe(first);
  });

  it('is another one when the keys are found to be of somebody else', async () => {
    await refresh();
    expect(world.room.lastStep(recipe)).toStrictEqual(step);
    const bobArn = 'arn:aws:iam::123456789012:user/bob';
    world.state.principal = () => bobArn;
    expect(world.room.lastStep(recipe)).toStrictEqual(stepsOf(recipe, bobArn).at(-1));
  });

  it('of other keys is not told by these', async () => {
    await world.room.findLastStep(recipe);
    world.state.principal = () => undefined;
    expect([world.room.lastStep(recipe)?.id, world.room.lastStep(others)]).toEqual([step.id, undefined]);
  });

  it('of two keys is found for each, also at the same time', async () => {
    const bobArn = 'arn:aws:iam::123456789012:user/bob';
    const keys = { accessKeyId: 'AKIA2', secretAccessKey: new Secret('long-term'), userArn: bobArn };
    const name = keysAccount(parseProfileName('others'));
    await world.store.set(name, toKeysItem(keys, name));
    const found = await Promise.all([world.room.findLastStep(recipe), world.room.findLastStep(others)]);
    expect(found).toStrictEqual([step, stepsOf(others, bobArn).at(-1)]);
  });

  it('is found without what comes before it', async () => {
    const throughSession = roleRecipe('dev', { needsLogin: true });
    expect(await world.room.findLastStep(throughSession)).toStrictEqual(lastStep(throughSession));
  });

  it('is none for keys as they are', async () => {
    await world.room.findLastStep(recipe);
    const plain = { ...recipe, hops: [] };
    expect(world.room.lastStep(plain)).toBeUndefined();
    await expect(world.room.findLastStep(plain)).rejects.toMatchObject({
      code: 'unexpected',
      details: { problem: 'profile "dev" has no hop' },
    });
  });
});

describe('a room whose store', () => {
  it('has no passphrase is never unlocked, takes no identity, and forgets when it is locked', async () => {
    await refresh();
    const { room, memory } = world;
    await expect(room.unlock(new Secret(rightIdentity))).rejects.toMatchObject({
      code: 'usage',
      details: { problem: `${world.store.description} has no passphrase` },
    });
    expect([room.isUnlocked, memory.size]).toEqual([false, 1]);
    room.lock();
    expect([room.isUnlocked, memory.size]).toEqual([false, 0]);
  });

  it('has one is unlocked between the right identity and the lock', async () => {
    const room = new StoreRoom({ ...world.ports, store: passphraseStore(world.store) }, world.memory);
    const states = [room.isUnlocked];
    await expect(room.unlock(new Secret('AGE-SECRET-KEY-WRONG'))).rejects.toMatchObject({ code: 'store-locked' });
    states.push(room.isUnlocked);
    await room.unlock(new Secret(rightIdentity));
    states.push(room.isUnlocked);
    room.lock();
    states.push(room.isUnlocked);
    expect(states).toEqual([false, false, true, false]);
  });
});
