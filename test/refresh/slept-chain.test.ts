// Two roles behind a session, and a machine that sleeps, or a clock that jumps, between the calls of AWS.

import { describe, expect, it } from 'vitest';
import { type KeyId, keysAccount, parseProfileName } from '../../src/config/names.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { type Credentials, toKeysItem } from '../../src/credentials/credentials.ts';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { isComfortable } from '../../src/credentials/plan.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { Sts } from '../../src/ports/sts.ts';
import { type Chain, logIn, type ObtainPorts, obtain, openChain } from '../../src/refresh/obtain.ts';
import type { Demand, Obtained } from '../../src/refresh/refresh-one.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { noEntryPorts } from '../fakes/entry-ports.ts';
import { type FakeClock, fakeClock } from '../fakes/fake-clock.ts';
import { type FakeLock, fakeLock } from '../fakes/fake-lock.ts';
import { fakeState } from '../fakes/fake-state.ts';
import { aliceArn, type FakeSts, fakeSts } from '../fakes/fake-sts.ts';

const hour = 3_600_000;
const [corp, far] = [parseProfileName('corp'), parseProfileName('far')];
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const farArn = 'arn:aws:iam::222233334444:role/Far';

function roleHop(roleArn: string) {
  return { kind: 'role', request: { roleArn, durationSeconds: 3600 }, endpoint } as const;
}

const session = {
  kind: 'session',
  durationSeconds: 43_200,
  mfaSerial: 'arn:aws:iam::123456789012:mfa/alice',
  endpoint,
} as const;

const recipe: Recipe = {
  profile: far,
  keys: { name: corp, endpoint },
  hops: [session, roleHop('arn:aws:iam::222233334444:role/Near'), roleHop(farArn)],
  loginTarget: corp,
  network: {},
  chain: [far, corp],
  notes: [],
};

interface World {
  readonly clock: FakeClock;
  readonly sts: FakeSts;
  readonly lock: FakeLock;
  readonly ports: ObtainPorts;
  readonly chain: Chain;
  /** What happens just before AWS looks at the next calls for the far role, one for each. */
  readonly befores: (() => Promise<void>)[];
  /** AWS does not take these any more. */
  revoke(credentials: Credentials): void;
  getNear(): Promise<Obtained>;
  getFar(): Promise<Obtained>;
  /** The last parts of the roles that were asked for since the login. */
  asked(): readonly string[];
}

/** Logged in. */
async function world(): Promise<World> {
  const clock = fakeClock();
  const sts = fakeSts(clock);
  const [store, state, lock] = [openMemoryStore(), fakeState(), fakeLock()];
  const befores: (() => Promise<void>)[] = [];
  const revoked = new Set<string>();
  const issued = new Map<string, Credentials>();
  const strict: Sts = {
    ...sts,
    getSessionToken: async (request, call) => noted(await sts.getSessionToken(request, call)),
    assumeRole: async (request, call) => {
      if (request.roleArn === farArn) await befores.shift()?.();
      const { accessKeyId } = call.caller;
      const ends = issued.get(accessKeyId)?.expiresAt ?? Number.POSITIVE_INFINITY;
      const credentials = noted(await sts.assumeRole(request, call));
      if (ends <= clock.now() || revoked.has(accessKeyId)) throw ended;
      return credentials;
    },
  };
  function noted(credentials: Credentials): Credentials {
    issued.set(credentials.accessKeyId, credentials);
    return credentials;
  }
  const ports: ObtainPorts = {
    ...noEntryPorts,
    ...{ clock, sts: strict, store, state, lock, random: () => 1, remember: async () => undefined },
    readLoginCache: () => undefined,
    log: { event: () => undefined },
  };
  const keys = { accessKeyId: 'AKIA1', secretAccessKey: new Secret('long-term'), userArn: aliceArn };
  await store.set(keysAccount(corp), toKeysItem(keys, keysAccount(corp)));
  const chain = await openChain(recipe, ports);
  await logIn(chain, { index: 0, code: parseMfaCode('123456') }, ports);
  const demand: Demand = { accepts: (life) => isComfortable(life, clock.now()), lockWaitMs: 100, sharesFailures: true };
  return {
    ...{ clock, sts, lock, ports, chain, befores },
    revoke: ({ accessKeyId }) => void revoked.add(accessKeyId),
    getNear: () => obtain(chain, 1, { demand, ports }),
    getFar: () => obtain(chain, 2, { demand, ports }),
    asked: () =>
      sts.calls.flatMap((call) => (call.operation === 'AssumeRole' ? (call.request.roleArn.split('/').at(-1) ?? '') : [])),
  };
}

const ended = new AppError('aws-refused', {
  doing: 'AssumeRole',
  awsCode: 'ExpiredToken',
  words: 'the credentials of the role before it have ended',
  hint: 'wait',
  isTransient: false,
});

function idOf({ chain }: World, index: number): KeyId {
  const step = chain.steps[index];
  if (step === undefined) throw new Error(`no step ${index}`);
  return step.id;
}

describe('a chain of two roles', () => {
  // The second call was refused with ExpiredToken, and everybody who asked was given that for five seconds.
  it('is run once more where the machine slept between its two calls, and nobody hears of it', async () => {
    const one = await world();
    one.befores.push(() => one.clock.advance(2 * hour));
    const all = await Promise.all([one.getFar(), one.getFar(), one.getFar()]);
    expect(new Set(all.map(({ credentials }) => credentials.accessKeyId)).size).toBe(1);
    expect(all[0]?.credentials.expiresAt).toBe(one.clock.now() + hour);
    expect(one.asked()).toEqual(['Near', 'Far', 'Near', 'Far']);
    expect(one.ports.state.read(idOf(one, 2))?.failure).toBeUndefined();
  });

  it('is run once more with a source that AWS takes for ended as soon as it was made, whatever our clock says', async () => {
    const one = await world();
    one.befores.push(async () => one.revoke((await one.getNear()).credentials));
    expect((await one.getFar()).isNew).toBe(true);
    expect(one.asked()).toEqual(['Near', 'Far', 'Near', 'Far']);
  });

  it('is run twice at most: then the refusal is an answer, for those who ask just after it too', async () => {
    const one = await world();
    one.befores.push(
      () => one.clock.advance(2 * hour),
      () => one.clock.advance(2 * hour),
    );
    await expect(one.getFar()).rejects.toBe(ended);
    await expect(one.getFar()).rejects.toThrow(ended.message);
    expect(one.asked()).toEqual(['Near', 'Far', 'Near', 'Far']);
  });

  it('is not run again for a stored source that AWS has revoked', async () => {
    const one = await world();
    one.revoke(
      (await obtain(one.chain, 1, { demand: { accepts: () => true, lockWaitMs: 0, sharesFailures: true }, ports: one.ports }))
        .credentials,
    );
    await expect(one.getFar()).rejects.toBe(ended);
    expect(one.asked()).toEqual(['Near', 'Far']);
  });

  it('is not run again for another refusal', async () => {
    const one = await world();
    const denied = new AppError('aws-refused', {
      ...{ doing: 'AssumeRole', awsCode: 'AccessDenied', words: 'no', hint: 'ask' },
      isTransient: false,
    });
    one.befores.push(async () => one.sts.failNext(denied));
    await expect(one.getFar()).rejects.toBe(denied);
    expect(one.asked()).toEqual(['Near', 'Far']);
  });

  it('says that a login is needed where the session ended in that sleep as well', async () => {
    const one = await world();
    one.befores.push(() => one.clock.advance(13 * hour));
    await expect(one.getFar()).rejects.toMatchObject({ code: 'login-needed', exitStatus: 4 });
    expect(one.asked()).toEqual(['Near', 'Far']);
  });
});

describe('a failure whose time lies in the future, since the clock was set back', () => {
  // Whoever waited for the lock of the hop was given it, until the clock had caught up.
  it('is no news to those who wait', async () => {
    const one = await world();
    const failure = { error: ended.toStored(), at: one.clock.now() + hour, count: 1, retryAt: one.clock.now() + hour };
    one.ports.state.publish({ id: idOf(one, 1), kind: 'role', profile: far, failure });
    one.lock.hold(idOf(one, 1));
    expect((await one.getFar()).isNew).toBe(true);
    expect(one.asked()).toEqual(['Near', 'Far']);
  });
});
