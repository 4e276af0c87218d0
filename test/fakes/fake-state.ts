// The state in memory, under the port's rules: records are copies, a full disk can be had.

import type { KeyId, ProfileName } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';
import type { State, StateRecord } from '../../src/ports/state.ts';

export interface FakeState extends State {
  /** From now on every write fails. */
  fillDisk(): void;
  /** What `digestOf` gives for this path from now on; undefined where it cannot be read. */
  setDigest(path: string, digest: string | undefined): void;
}

export function fakeState(localNow: () => number = Date.now): FakeState {
  const records = new Map<KeyId, StateRecord>();
  const principals = new Map<ProfileName, string>();
  const digests = new Map<string, string | undefined>();
  const asked = new Map<KeyId, number>();
  let changes = 0;
  let isFull = false;
  const writing = () => {
    if (isFull) throw new AppError('state-unwritable', { path: '/state', problem: 'no space left on the disk' });
  };
  return {
    read: (id) => records.get(id),
    list: () => [...records.values()],
    publish: (record) => {
      writing();
      changes += 1;
      records.set(record.id, structuredClone(record));
    },
    remove: (id) => {
      changes += 1;
      records.delete(id);
      asked.delete(id);
    },
    principal: (keys) => principals.get(keys),
    rememberPrincipal: (keys, userArn) => {
      writing();
      principals.set(keys, userArn);
    },
    forgetPrincipal: (keys) => void principals.delete(keys),
    digestOf: (path) => digests.get(path),
    userName: () => 'alice',
    machineName: () => 'laptop',
    stamp: () => String(changes),
    noteAsked: (id) => void asked.set(id, localNow()),
    askedAt: (id) => asked.get(id),
    fillDisk: () => {
      isFull = true;
    },
    setDigest: (path, digest) => void digests.set(path, digest),
  };
}
