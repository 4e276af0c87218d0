// The steps of a rotation with fakes: what they leave behind when AWS or the store lets them down.

import { describe, expect, it } from 'vitest';
import {
  type Account,
  keysAccount,
  newKeysAccount,
  oldKeysAccount,
  type ProfileName,
  parseProfileName,
} from '../../src/config/names.ts';
import { toKeysItem } from '../../src/credentials/credentials.ts';
import type { RotationRecord } from '../../src/credentials/rotation-record.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { Store } from '../../src/ports/store.ts';
import type { Sts } from '../../src/ports/sts.ts';
import {
  createKey,
  deactivateKey,
  deleteKey,
  lookAtRotation,
  type RotatePorts,
  restoreKeys,
  type Subject,
  switchKeys,
  verifyKey,
} from '../../src/rotation/rotate-keys.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { type FakeClock, fakeClock } from '../fakes/fake-clock.ts';
import { type FakeIam, fakeIam, refusal } from '../fakes/fake-iam.ts';
import { aliceArn, fakeSts } from '../fakes/fake-sts.ts';

const corp = parseProfileName('corp');
const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false, useGlobal: false };
const subject: Subject = {
  name: corp,
  userArn: aliceArn,
  userName: 'alice',
  route: { endpoint, network: {} },
  iamEndpoint: endpoint,
  session: undefined,
  context: { profile: 'corp' },
};
const oldId = 'AKIAOLD';
const alice = { arn: aliceArn, accountId: '123456789012' };
const network = new AppError('network', { endpoint: 'iam', problem: 'the connection broke' });

interface Scene {
  readonly ports: RotatePorts;
  readonly iam: FakeIam;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly index: ReadonlySet<Account>;
  readonly said: readonly string[];
  readonly record: () => RotationRecord | undefined;
}

async function scene(more: { readonly sts?: Partial<Sts>; readonly store?: Partial<Store> } = {}): Promise<Scene> {
  const clock = fakeClock();
  const store = openMemoryStore();
  await store.set(keysAccount(corp), keysItem(oldId, keysAccount(corp)));
  const iam = fakeIam({ accessKeyId: oldId, isActive: true, createdAt: 0 }, clock.now);
  const records = new Map<ProfileName, RotationRecord>();
  const index = new Set<Account>();
  const said: string[] = [];
  const ports = {
    iam,
    clock,
    store: { ...store, ...more.store },
    sts: { ...fakeSts(clock), ...more.sts },
    remember: async (account: Account) => void index.add(account),
    forget: async (account: Account) => void index.delete(account),
    say: (line: string) => void said.push(line),
    records: {
      read: (name: ProfileName) => records.get(name),
      keep: (name: ProfileName, record: RotationRecord) => void records.set(name, record),
      forget: (name: ProfileName) => void records.delete(name),
    },
  };
  return { ports, iam, store, clock, index, said, record: () => records.get(corp) };
}

function keysItem(accessKeyId: string, account: Account, userArn = aliceArn): Secret {
  return toKeysItem({ accessKeyId, secretAccessKey: new Secret(`secret-of-${accessKeyId}`), userArn }, account);
}

async function idIn(store: Store, account: Account): Promise<string | undefined> {
  return /AKIA[A-Z0-9]*/.exec((await store.get(account))?.reveal() ?? '')?.[0];
}

function fault(awsCode: string): AppError {
  const hint = 'try again in a minute';
  return new AppError('aws-refused', { doing: 'CreateAccessKey', awsCode, words: 'not now', hint, isTransient: true });
}

/** Moves the clock until the work has ended. */
async function inTime<T>(work: Promise<T>, clock: FakeClock): Promise<T> {
  const ended = new AbortController();
  const watched = work.finally(() => ended.abort());
  watched.catch(() => undefined);
  for (let second = 0; second < 120 && !ended.signal.aborted; second++) await clock.advance(1_000);
  return watched;
}

describe('a rotation, step by step', () => {
  it('puts every new item into the list before the item, and leaves one item and one key', async () => {
    const { ports, iam, store, index, record } = await scene();
    const newId = await createKey({ oldId }, subject, ports);
    expect(await idIn(store, newKeysAccount(corp))).toBe(newId);
    expect(await idIn(store, keysAccount(corp))).toBe(oldId);
    await verifyKey(subject, ports);
    await switchKeys(subject, ports);
    expect([await idIn(store, keysAccount(corp)), await idIn(store, oldKeysAccount(corp))]).toEqual([newId, oldId]);
    expect([...index]).toEqual([newKeysAccount(corp), oldKeysAccount(corp)]);
    await deactivateKey(oldId, { graceMs: 1_000, subject }, ports);
    expect(record()).toMatchObject({ oldAccessKeyId: oldId, deleteAt: ports.clock.now() + 1_000 });
    await deleteKey(oldId, subject, ports);
    expect(iam.calls).toEqual(['create', `deactivate ${oldId}`, `delete ${oldId}`]);
    expect([...index]).toEqual([]);
    expect(record()).toBeUndefined();
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'begin', oldId: newId });
  });

  it('deletes the new key again when the store does not take it', async () => {
    const full = new AppError('store-rejected', { store: 's', account: 'a', problem: 'the disk is full' });
    const { ports, iam, record } = await scene({ store: { set: () => Promise.reject(full) } });
    await expect(createKey({ oldId }, subject, ports)).rejects.toBe(full);
    expect(iam.keys.map(({ accessKeyId }) => accessKeyId)).toEqual([oldId]);
    expect(record()).toBeUndefined();
  });

  it('remembers a create whose reply was lost, and deletes that key the next time', async () => {
    const { ports, iam } = await scene();
    iam.failNext('createAccessKey', network, true);
    await expect(createKey({ oldId }, subject, ports)).rejects.toBe(network);
    const plan = await lookAtRotation(subject, ports);
    expect(plan).toEqual({ kind: 'begin', oldId, orphanId: 'AKIANEW1' });
    if (plan.kind === 'begin') await createKey(plan, subject, ports);
    expect(iam.keys.map(({ accessKeyId }) => accessKeyId)).toEqual([oldId, 'AKIANEW2']);
  });

  it('does not try a create again that AWS may have carried out, and deletes that key the next time', async () => {
    const { ports, iam, clock } = await scene();
    iam.failNext('createAccessKey', fault('ServiceFailure'), true);
    const created = inTime(createKey({ oldId }, subject, ports), clock);
    await expect(created).rejects.toMatchObject({ details: { awsCode: 'ServiceFailure' } });
    expect(iam.calls).toEqual(['create']);
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'begin', oldId, orphanId: 'AKIANEW1' });
  });

  it('tries a create again that AWS was too busy for', async () => {
    const { ports, iam, clock } = await scene();
    iam.failNext('createAccessKey', fault('Throttling'));
    await expect(inTime(createKey({ oldId }, subject, ports), clock)).resolves.toBe('AKIANEW1');
  });

  it('does not forget a create whose reply was lost when IAM has no room and does not list that key yet', async () => {
    const { ports, iam, clock } = await scene();
    iam.failNext('createAccessKey', network, true);
    await expect(createKey({ oldId }, subject, ports)).rejects.toBe(network);
    await clock.advance(100_000);
    const refused = { code: 'rotation-refused', hint: expect.stringContaining('`rolekeeper rotate corp` again') };
    await expect(inTime(createKey({ oldId }, subject, ports), clock)).rejects.toMatchObject(refused);
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'begin', oldId, orphanId: 'AKIANEW1' });
  });

  it('remembers nothing of a create that AWS refused: a key that turns up later is none of ours', async () => {
    const { ports, iam, record } = await scene();
    iam.failNext('createAccessKey', refusal('AccessDenied'));
    await expect(createKey({ oldId }, subject, ports)).rejects.toMatchObject({ code: 'aws-refused' });
    expect(record()).toBeUndefined();
  });

  it('waits until IAM has noticed that there is room', async () => {
    const { ports, iam, clock } = await scene();
    iam.failNext('createAccessKey', refusal('LimitExceeded'));
    await expect(inTime(createKey({ oldId }, subject, ports), clock)).resolves.toBe('AKIANEW1');
  });

  it('takes a key back that AWS does not know after a minute, and the old one stays in use', async () => {
    const asked: number[] = [];
    const { ports, iam, store, clock, record, index, said } = await scene({
      sts: {
        getCallerIdentity: async ({ caller }) => {
          if (caller.accessKeyId === oldId) return alice;
          asked.push(clock.now());
          throw refusal('InvalidClientTokenId');
        },
      },
    });
    await createKey({ oldId }, subject, ports);
    const startedAt = clock.now();
    await expect(inTime(verifyKey(subject, ports), clock)).rejects.toMatchObject({ code: 'rotation-refused' });
    expect(asked.length).toBeGreaterThan(5);
    expect(said).toHaveLength(1);
    expect(Math.max(...asked) - startedAt).toBeLessThanOrEqual(60_000);
    expect(Math.max(...asked) - startedAt).toBeGreaterThan(45_000);
    expect(iam.keys).toEqual([{ accessKeyId: oldId, isActive: true, createdAt: 0 }]);
    expect(await idIn(store, keysAccount(corp))).toBe(oldId);
    expect(await store.get(newKeysAccount(corp))).toBeUndefined();
    expect([record(), [...index]]).toEqual([undefined, []]);
  });

  it('takes no key back when the old one does not work either', async () => {
    const { ports, iam, clock } = await scene({
      sts: { getCallerIdentity: () => Promise.reject(refusal('InvalidClientTokenId')) },
    });
    const newId = await createKey({ oldId }, subject, ports);
    await expect(inTime(verifyKey(subject, ports), clock)).rejects.toMatchObject({ code: 'aws-refused' });
    expect(iam.calls).toEqual(['create']);
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'verify', oldId, newId });
  });

  it('goes on with the new key when the old one was deleted meanwhile', async () => {
    const { ports, iam } = await scene();
    const newId = await createKey({ oldId }, subject, ports);
    iam.failNext('listAccessKeys', refusal('InvalidClientTokenId'));
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'verify', oldId, newId });
    iam.failNext('listAccessKeys', refusal('AccessDenied'));
    await expect(lookAtRotation(subject, ports)).rejects.toMatchObject({ details: { awsCode: 'AccessDenied' } });
  });

  it('puts the old key back when AWS takes it, and the new one no more', async () => {
    let gone = '';
    const { ports, store, record } = await scene({
      sts: {
        getCallerIdentity: async ({ caller }) => {
          if (caller.accessKeyId === gone) throw refusal('InvalidClientTokenId');
          return alice;
        },
      },
    });
    const newId = await createKey({ oldId }, subject, ports);
    await switchKeys(subject, ports);
    await expect(restoreKeys(subject, ports)).rejects.toMatchObject({ code: 'rotation-refused' });
    expect(await idIn(store, keysAccount(corp))).toBe(newId);
    gone = newId;
    await restoreKeys(subject, ports);
    expect(await idIn(store, keysAccount(corp))).toBe(oldId);
    expect(await store.get(oldKeysAccount(corp))).toBeUndefined();
    expect(record()).toBeUndefined();
  });

  it('keeps the new key when the network is gone while it is tried', async () => {
    const { ports, iam } = await scene({ sts: { getCallerIdentity: () => Promise.reject(network) } });
    const newId = await createKey({ oldId }, subject, ports);
    await expect(verifyKey(subject, ports)).rejects.toBe(network);
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'verify', oldId, newId });
    expect(iam.keys).toHaveLength(2);
  });

  it('does not use a key that AWS takes for one of somebody else', async () => {
    const bob = { arn: 'arn:aws:iam::123456789012:user/bob', accountId: '123456789012' };
    const { ports, store } = await scene({ sts: { getCallerIdentity: async () => bob } });
    await createKey({ oldId }, subject, ports);
    await expect(verifyKey(subject, ports)).rejects.toThrow(bob.arn);
    expect(await idIn(store, keysAccount(corp))).toBe(oldId);
  });

  it('keeps the old key when the switch is made twice', async () => {
    const { ports, store } = await scene();
    const newId = await createKey({ oldId }, subject, ports);
    await switchKeys(subject, ports);
    await switchKeys(subject, ports);
    expect([await idIn(store, keysAccount(corp)), await idIn(store, oldKeysAccount(corp))]).toEqual([newId, oldId]);
  });

  it('never takes the key in use away, nor the one that is on its way', async () => {
    const { ports, iam, store } = await scene();
    const newId = await createKey({ oldId }, subject, ports);
    await expect(deleteKey(oldId, subject, ports)).rejects.toMatchObject({ code: 'rotation-refused' });
    await expect(deactivateKey(oldId, { graceMs: 0, subject }, ports)).rejects.toMatchObject({ code: 'rotation-refused' });
    expect(iam.calls).toEqual(['create']);
    expect(await idIn(store, newKeysAccount(corp))).toBe(newId);
  });

  it('passes over what a rotation of another user left under this name', async () => {
    const { ports, store } = await scene();
    for (const account of [newKeysAccount(corp), oldKeysAccount(corp)]) {
      await store.set(account, keysItem('AKIABOB', account, 'arn:aws:iam::123456789012:user/bob'));
    }
    expect(await lookAtRotation(subject, ports)).toEqual({ kind: 'begin', oldId });
  });
});
