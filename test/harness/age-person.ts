// Sets one item of an age store with a passphrase, for tests with a process of its own: bundled, and told what to do by one JSON argument.
// Says so when it is done.

import { writeSync } from 'node:fs';
import process from 'node:process';
import { parseAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { openAgeFile } from '../../src/stores/age-file.ts';

export interface AgePersonTask {
  readonly directory: string;
  readonly workerScript: string;
  readonly passphrase: string;
  readonly account: string;
}

const { directory, workerScript, passphrase, account: name }: AgePersonTask = JSON.parse(process.argv[2] ?? '{}');
const account = parseAccount(name);
if (account === undefined) throw new Error(`${name} is no account`);
const manners = { deadlineMs: 30_000, prompts: 'allowed' } as const;
const askPassphrase = () => Promise.resolve(new Secret(passphrase));
const store = openAgeFile({ directory, workerScript, askPassphrase, env: process.env, manners });
// Not awaited at the top, where Node would notice that it never ends.
void store.set(account, new Secret('value')).then(() => writeSync(1, 'set\n'));
