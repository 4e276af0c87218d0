// An IAM without a network: one user's keys, and the failures it was told to give. Allows two keys, as IAM does.

import { Secret } from '../../src/credentials/secret.ts';
import { AppError } from '../../src/errors.ts';
import type { Iam, ListedKey } from '../../src/ports/iam.ts';

type Operation = keyof Iam;

export interface FakeIam extends Iam {
  readonly keys: readonly ListedKey[];
  readonly calls: readonly string[];
  /** As somebody at the console would. */
  setKeys(keys: readonly ListedKey[]): void;
  /** The next call of this operation throws; with `isDone` after it was carried out. */
  failNext(operation: Operation, error: Error, isDone?: boolean): void;
}

export function fakeIam(first: ListedKey, now: () => number): FakeIam {
  let keys: readonly ListedKey[] = [first];
  let made = 0;
  const calls: string[] = [];
  const failures: { readonly operation: Operation; readonly error: Error; readonly isDone: boolean }[] = [];
  const carryOut = async <T>(operation: Operation, says: string, work: () => T): Promise<T> => {
    calls.push(says);
    const index = failures.findIndex((failure) => failure.operation === operation);
    const [failure] = index < 0 ? [] : failures.splice(index, 1);
    if (failure !== undefined && !failure.isDone) throw failure.error;
    const result = work();
    if (failure !== undefined) throw failure.error;
    return result;
  };
  return {
    get keys() {
      return keys;
    },
    calls,
    setKeys: (given) => {
      keys = given;
    },
    failNext: (operation, error, isDone = false) => void failures.push({ operation, error, isDone }),
    listAccessKeys: () => carryOut('listAccessKeys', 'list', () => keys),
    createAccessKey: () =>
      carryOut('createAccessKey', 'create', () => {
        if (keys.length >= 2) throw refusal('LimitExceeded');
        made += 1;
        const accessKeyId = `AKIANEW${made}`;
        keys = [...keys, { accessKeyId, isActive: true, createdAt: now() }];
        return { accessKeyId, secretAccessKey: new Secret(`secret-of-${accessKeyId}`) };
      }),
    deactivateAccessKey: (accessKeyId) =>
      carryOut('deactivateAccessKey', `deactivate ${accessKeyId}`, () => {
        keys = keys.map((key) => (key.accessKeyId === accessKeyId ? { ...key, isActive: false } : key));
      }),
    deleteAccessKey: (accessKeyId) =>
      carryOut('deleteAccessKey', `delete ${accessKeyId}`, () => {
        keys = keys.filter((key) => key.accessKeyId !== accessKeyId);
      }),
  };
}

export function refusal(awsCode: string): AppError {
  return new AppError('aws-refused', { doing: 'the call', awsCode, words: 'no', hint: 'none', isTransient: false });
}
