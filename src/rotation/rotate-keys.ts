// The steps of a rotation, in an order in which any of them may be the last one before the power fails: a key is stored before it is tried,
// tried before it is used, and in use before the old one is taken away.

import { type Account, keysAccount, newKeysAccount, oldKeysAccount, type ProfileName } from '../config/names.ts';
import { type EpochMs, type Keys, parseKeysItem, toKeysItem } from '../credentials/credentials.ts';
import { planRotation, type RotationPlan } from '../credentials/rotation-plan.ts';
import type { RotationRecord } from '../credentials/rotation-record.ts';
import { isThrottling } from '../credentials/sts-refusal.ts';
import type { CallContext } from '../credentials/sts-refused-call.ts';
import { AppError, isAppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { Iam, IamCall, ListedKey, NewAccessKey, RotationRecords } from '../ports/iam.ts';
import type { Store } from '../ports/store.ts';
import type { StsCall, StsCaller, StsEndpoint } from '../ports/sts.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import { shellWord } from '../shell-word.ts';

export interface RotatePorts extends Pick<ObtainPorts, 'store' | 'sts' | 'clock' | 'remember'> {
  readonly iam: Iam;
  readonly records: RotationRecords;
  /** Takes an account out of the list of items. */
  readonly forget: (account: Account) => Promise<void>;
  /** One line for the person who waits. */
  readonly say: (line: string) => void;
}

/** Whose keys, and the ways to STS and IAM. */
export interface Subject {
  readonly name: ProfileName;
  readonly userArn: string;
  readonly userName: string;
  readonly route: Pick<StsCall, 'endpoint' | 'network'>;
  readonly iamEndpoint: StsEndpoint;
  /** With MFA, for IAM; without one the keys sign. */
  readonly session: StsCaller | undefined;
  readonly context: CallContext;
}

/** What store, record and IAM say now. Changes nothing. Throws `keys-missing`, `keys-broken` and what the ports throw. */
export async function lookAtRotation(subject: Subject, ports: RotatePorts): Promise<RotationPlan> {
  const { name } = subject;
  const current = await currentKeys(subject, ports);
  const fresh = ofUser(subject, await readItem(newKeysAccount(name), ports.store));
  const former = ofUser(subject, await readItem(oldKeysAccount(name), ports.store));
  const listed = await listKeys([current, ...(fresh === undefined ? [] : [fresh])], subject, ports);
  return planRotation({
    currentId: current.accessKeyId,
    freshId: fresh?.accessKeyId,
    formerId: former?.accessKeyId,
    record: ports.records.read(name),
    listed,
  });
}

/** A new key, in the store beside the old one. Returns its id. What IAM made and the store did not take is deleted again. */
export async function createKey(
  { oldId, orphanId }: { readonly oldId: string; readonly orphanId?: string },
  subject: Subject,
  ports: RotatePorts,
): Promise<string> {
  const { name, userArn } = subject;
  const { iam, store, clock, records } = ports;
  const account = newKeysAccount(name);
  const call = iamCall(subject, await currentKeys(subject, ports));
  if (orphanId !== undefined) await iam.deleteAccessKey(orphanId, call);
  await ports.remember(account);
  const before = orphanId === undefined ? undecidedRecord(oldId, name, ports) : undefined;
  // Without it nobody could tell a key whose secret was lost on the way from one that somebody else made.
  records.keep(name, { oldAccessKeyId: oldId, startedAt: clock.now() });
  faultPoint('rotation noted');
  const created = await createOrTakeBack(before, { call, subject }, ports);
  faultPoint('access key created');
  try {
    await store.set(account, toKeysItem({ ...created, userArn }, account));
  } catch (error) {
    await iam.deleteAccessKey(created.accessKeyId, call);
    records.forget(name);
    throw error;
  }
  faultPoint('new key stored');
  return created.accessKeyId;
}

/**
 * Asks STS with what the store has read back, until the new key has come everywhere. A key that does not work after a minute is taken back:
 * the old one stays in use, and the error says so.
 */
export async function verifyKey(subject: Subject, ports: RotatePorts): Promise<void> {
  const { name, userArn, route, context } = subject;
  const fresh = await neededItem(newKeysAccount(name), ports.store);
  const call = { ...route, caller: fresh, context: { ...context, callerKind: 'keys' as const } };
  try {
    const { arn } = await patiently(ports, () => ports.sts.getCallerIdentity(call));
    if (arn !== userArn)
      throw refused(name, `AWS takes the new key for one of ${arn}`, 'look into the keys of both users in IAM');
  } catch (error) {
    if (!isUnknownKey(error)) throw error;
    const current = await currentKeys(subject, ports);
    await ports.sts.getCallerIdentity({ ...call, caller: current }); // throws, and takes nothing back, where the old one does not work either
    await ports.iam.deleteAccessKey(fresh.accessKeyId, iamCall(subject, current));
    await dropItem(newKeysAccount(name), ports);
    ports.records.forget(name);
    throw refused(
      name,
      `AWS did not know the new key ${fresh.accessKeyId} after a minute`,
      'it is deleted again, and the old one is in use; try again later',
      error,
    );
  }
  faultPoint('new key verified');
}

/** From here on everybody gets the new key. The old one is kept beside it. */
export async function switchKeys(subject: Subject, ports: RotatePorts): Promise<void> {
  const { name } = subject;
  const { store } = ports;
  const [current, fresh] = [await currentKeys(subject, ports), await neededItem(newKeysAccount(name), store)];
  if (current.accessKeyId === fresh.accessKeyId) return; // the old one is kept already
  await ports.remember(oldKeysAccount(name));
  await store.set(oldKeysAccount(name), toKeysItem(current, oldKeysAccount(name)));
  faultPoint('old key kept');
  await store.set(keysAccount(name), toKeysItem(fresh, keysAccount(name)));
  faultPoint('keys switched');
  const readBack = await currentKeys(subject, ports);
  if (readBack.secretAccessKey.reveal() === fresh.secretAccessKey.reveal()) return;
  const problem = 'what was read back is not what was written';
  throw new AppError('store-rejected', { store: store.description, account: keysAccount(name), problem });
}

/** Notes until when the old key is kept, and makes it inactive. */
export async function deactivateKey(
  oldId: string,
  { graceMs, subject }: { readonly graceMs: number; readonly subject: Subject },
  ports: RotatePorts,
): Promise<EpochMs> {
  const call = iamCall(subject, await keysInsteadOf(oldId, subject, ports));
  await dropItem(newKeysAccount(subject.name), ports);
  faultPoint('new item removed');
  const deleteAt = noteGrace(oldId, { graceMs, name: subject.name }, ports);
  faultPoint('grace noted');
  await patiently(ports, () => ports.iam.deactivateAccessKey(oldId, call));
  faultPoint('old key inactive');
  return deleteAt;
}

/** The old key may be deleted when this time has passed from now. Returns that moment. */
export function noteGrace(
  oldId: string,
  { graceMs, name }: { readonly graceMs: number; readonly name: ProfileName },
  { clock, records }: Pick<RotatePorts, 'clock' | 'records'>,
): EpochMs {
  const now = clock.now();
  records.keep(name, { oldAccessKeyId: oldId, startedAt: records.read(name)?.startedAt ?? now, deleteAt: now + graceMs });
  return now + graceMs;
}

/** The old key is in use again, after AWS took it and did not take the other. */
export async function restoreKeys(subject: Subject, ports: RotatePorts): Promise<void> {
  const { name, route, context } = subject;
  const former = await neededItem(oldKeysAccount(name), ports.store);
  const call = { ...route, context: { ...context, callerKind: 'keys' as const } };
  const current = await currentKeys(subject, ports);
  if (await isTaken({ ...call, caller: current }, ports)) {
    throw refused(
      name,
      `IAM does not list ${current.accessKeyId} as active, and yet AWS takes it`,
      'its list is slow: try again in a minute',
    );
  }
  await ports.sts.getCallerIdentity({ ...call, caller: former });
  await ports.store.set(keysAccount(name), toKeysItem(former, keysAccount(name)));
  await dropItem(oldKeysAccount(name), ports);
  ports.records.forget(name);
}

async function isTaken(call: StsCall, { sts }: RotatePorts): Promise<boolean> {
  try {
    await sts.getCallerIdentity(call);
    return true;
  } catch (error) {
    if (!isUnknownKey(error)) throw error;
    return false;
  }
}

/** The end of a rotation: the old key is gone, at AWS first. */
export async function deleteKey(oldId: string, subject: Subject, ports: RotatePorts): Promise<void> {
  const { name } = subject;
  const call = iamCall(subject, await keysInsteadOf(oldId, subject, ports));
  await patiently(ports, () => ports.iam.deleteAccessKey(oldId, call));
  faultPoint('old key deleted');
  await dropItem(newKeysAccount(name), ports);
  await dropItem(oldKeysAccount(name), ports);
  faultPoint('old item removed');
  ports.records.forget(name);
}

/** Throws `keys-missing` and `keys-broken`. */
export async function currentKeys(
  { name, context }: Pick<Subject, 'name' | 'context'>,
  { store }: { readonly store: Store },
): Promise<Keys> {
  const keys = await loadStoredKeys(name, store);
  if (keys === undefined) throw new AppError('keys-missing', { keys: name, profile: context.profile ?? name });
  return keys;
}

/** Whatever the plan said: the key that the store gives to everybody is never taken away. */
async function keysInsteadOf(oldId: string, { name, context }: Subject, ports: RotatePorts): Promise<Keys> {
  const current = await currentKeys({ name, context }, ports);
  if (current.accessKeyId !== oldId) return current;
  throw refused(
    name,
    `${oldId} is in use again`,
    `run \`rolekeeper rotate ${shellWord(context.profile ?? name)}\` to see where it stands`,
  );
}

export function refused(keys: ProfileName, problem: string, hint: string, cause?: unknown): AppError<'rotation-refused'> {
  return new AppError('rotation-refused', { keys, problem, hint }, cause);
}

/** Of an earlier try, whose key IAM may only not list yet. */
function undecidedRecord(oldId: string, name: ProfileName, { records }: RotatePorts): RotationRecord | undefined {
  const record = records.read(name);
  return record?.oldAccessKeyId === oldId && record.deleteAt === undefined ? record : undefined;
}

// What AWS refused for good was not carried out: a key that turns up later is none of this try's. After any other failure it may have been,
// so it is not tried again, and the record stays for the next rotation.
async function createOrTakeBack(
  before: RotationRecord | undefined,
  { call, subject }: { readonly call: IamCall; readonly subject: Subject },
  ports: RotatePorts,
): Promise<NewAccessKey> {
  const { name, context } = subject;
  const { iam, records } = ports;
  try {
    return await patiently(ports, () => iam.createAccessKey(call), isNotDoneYet);
  } catch (error) {
    if (!isAppError(error, 'aws-refused', 'login-needed') || error.isTransient) throw error;
    if (before === undefined) records.forget(name);
    else records.keep(name, before);
    if (before === undefined || !isDeletionUnderWay(error)) throw error;
    throw refused(
      name,
      'IAM has no room for a new key; an interrupted rotation may have made one that it does not list yet',
      `run \`rolekeeper rotate ${shellWord(context.profile ?? name)}\` again in a minute: it deletes such a key`,
      error,
    );
  }
}

function iamCall({ userName, iamEndpoint, route, session, context }: Subject, keys: Keys): IamCall {
  const callerKind = session === undefined ? 'keys' : 'session';
  const { accessKeyId, secretAccessKey } = keys;
  return {
    userName,
    endpoint: iamEndpoint,
    network: route.network,
    caller: session ?? { accessKeyId, secretAccessKey },
    context: { ...context, callerKind },
  };
}

/** By the first of these keys that AWS knows: a rotation that was interrupted may be the way out when the old key is gone. */
async function listKeys(
  [first, ...others]: readonly [Keys, ...Keys[]],
  subject: Subject,
  ports: RotatePorts,
): Promise<readonly ListedKey[]> {
  try {
    return await ports.iam.listAccessKeys(iamCall(subject, first));
  } catch (error) {
    const [next, ...more] = others;
    if (next === undefined || subject.session !== undefined || !isUnknownKey(error)) throw error;
    return listKeys([next, ...more], subject, ports);
  }
}

/** A broken item is an absent one: its key is not in use, and IAM can do without its secret. */
async function readItem(account: Account, store: Store): Promise<Keys | undefined> {
  const item = await store.get(account);
  const parsed = item === undefined ? undefined : parseKeysItem(item, account);
  return parsed?.kind === 'ok' ? parsed.value : undefined;
}

/** What was left behind when the name was given to another user's keys is no part of this rotation. */
function ofUser({ userArn }: Subject, keys: Keys | undefined): Keys | undefined {
  return keys?.userArn === userArn ? keys : undefined;
}

async function neededItem(account: Account, store: Store): Promise<Keys> {
  const keys = await readItem(account, store);
  if (keys !== undefined) return keys;
  throw new AppError('store-rejected', { store: store.description, account, problem: 'what was written is not there' });
}

async function dropItem(account: Account, { store, forget }: Pick<RotatePorts, 'store' | 'forget'>): Promise<void> {
  await store.delete(account);
  await forget(account);
}

/** IAM is eventually consistent: a new key takes seconds to come everywhere, and a deleted one to make room. */
const patienceMs = 60_000;
const longestPauseMs = 8_000;

async function patiently<T>(
  { clock, say }: Pick<RotatePorts, 'clock' | 'say'>,
  work: () => Promise<T>,
  isWorthWaiting: (error: unknown) => boolean = isPassing,
): Promise<T> {
  const until = clock.now() + patienceMs;
  for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isWorthWaiting(error) || clock.now() + pauseMs > until) throw error;
    }
    if (pauseMs === 1_000) say('waiting until the change has come everywhere in AWS, a minute at most');
    await clock.wait(pauseMs);
  }
}

function isPassing(error: unknown): boolean {
  return isUnknownKey(error) || (isAppError(error, 'aws-refused') && error.isTransient);
}

/** For what must not be done twice. */
function isNotDoneYet(error: unknown): boolean {
  return isDeletionUnderWay(error) || (isAppError(error, 'aws-refused') && isThrottling(error.details.awsCode));
}

function isUnknownKey(error: unknown): boolean {
  return isAppError(error, 'aws-refused') && error.details.awsCode === 'InvalidClientTokenId';
}

function isDeletionUnderWay(error: unknown): boolean {
  return isAppError(error, 'aws-refused') && error.details.awsCode.startsWith('LimitExceeded');
}
