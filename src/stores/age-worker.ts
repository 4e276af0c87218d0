// The process in which scrypt runs: it takes 330 MB, which this process gives back by ending. Built as dist/age-worker.js.

import { newKeyFile, unwrapKeyFile, wrapKeyFile } from './age-cipher.ts';
import type { WorkerAnswer, WorkerRequest } from './worker-process.ts';
import { serveRequests } from './worker-requests.ts';

serveRequests(answer);

/** `create`: a new key file and the same wrapped, as two base64 words. `open`: the key file, or null for a wrong passphrase. */
async function answer({ verb, passphrase = '', wrapped = '' }: WorkerRequest): Promise<WorkerAnswer> {
  if (verb === 'open') return (await unwrapKeyFile(Buffer.from(wrapped, 'base64'), passphrase)) ?? null;
  const keyFile = await newKeyFile();
  const bytes = await wrapKeyFile(keyFile, passphrase);
  return `${Buffer.from(keyFile).toString('base64')} ${Buffer.from(bytes).toString('base64')}`;
}
