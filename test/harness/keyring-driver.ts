// One store call in a process of its own, for tests with many processes: bundled, and told what to do by one JSON argument.
// Prints one line of JSON. Ends by itself; that it does is part of what is tested.

import { writeSync } from 'node:fs';
import process from 'node:process';
import { parseAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { isAppError } from '../../src/errors.ts';
import type { Store, StoreManners } from '../../src/ports/store.ts';
import { openAgeFile } from '../../src/stores/age-file.ts';
import { openKeytarChild } from '../../src/stores/keytar-child.ts';
import { openSecretService } from '../../src/stores/secret-service.ts';

/** How another process opens the same store; its environment comes with it. */
export type DriverTarget =
  | { readonly kind: 'secret-service' }
  | { readonly kind: 'keytar'; readonly workerScript: string }
  | { readonly kind: 'age'; readonly directory: string; readonly keyFile: string };

export interface DriverTask {
  readonly target: DriverTarget;
  readonly manners: StoreManners;
  readonly account: string;
  /** The letter to write so many times; without it the item is read. */
  readonly write?: { readonly letter: string; readonly times: number };
}

export interface DriverResult {
  /** Undefined (absent in JSON) for an absent item and for a write. */
  readonly value?: string;
  readonly errorCode?: string;
  readonly tookMs: number;
}

const startedAt = performance.now();
const task: DriverTask = JSON.parse(process.argv[2] ?? '{}');
const result = await run(task).catch((error: unknown) => ({ errorCode: isAppError(error) ? error.code : String(error) }));
writeSync(1, `${JSON.stringify({ ...result, tookMs: performance.now() - startedAt })}\n`);

async function run({ target, manners, account: name, write }: DriverTask): Promise<Partial<DriverResult>> {
  const account = parseAccount(name);
  if (account === undefined) throw new Error(`${name} is no account`);
  const store = open(target, manners);
  if (write !== undefined) await store.set(account, new Secret(write.letter.repeat(write.times)));
  const secret = write === undefined ? await store.get(account) : undefined;
  // Not closed on purpose: nothing may keep the process alive.
  return secret === undefined ? {} : { value: secret.reveal() };
}

function open(target: DriverTarget, manners: StoreManners): Store {
  const env = process.env;
  switch (target.kind) {
    case 'secret-service':
      return openSecretService({ env, manners });
    case 'keytar':
      return openKeytarChild({ env, manners, platform: 'linux', workerScript: target.workerScript });
    case 'age':
      return openAgeFile({ env, manners, directory: target.directory, keyFile: target.keyFile });
    default:
      return target satisfies never;
  }
}
