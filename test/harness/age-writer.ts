// Overwrites one item of an age store for ever, for tests that kill it: bundled, and told what to do by one JSON argument.
// Prints a dot after each write.

import { writeSync } from 'node:fs';
import process from 'node:process';
import { parseAccount } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';
import { openAgeFile } from '../../src/stores/age-file.ts';

export interface AgeWriterTask {
  readonly directory: string;
  readonly keyFile: string;
  readonly account: string;
  readonly length: number;
}

const { directory, keyFile, account: name, length }: AgeWriterTask = JSON.parse(process.argv[2] ?? '{}');
const account = parseAccount(name);
if (account === undefined) throw new Error(`${name} is no account`);
const store = openAgeFile({ directory, keyFile, env: process.env, manners: { deadlineMs: 30_000, prompts: 'never' } });
for (let n = 0; ; n = (n + 1) % 26) {
  await store.set(account, new Secret(String.fromCharCode(97 + n).repeat(length)));
  writeSync(1, '.');
}
