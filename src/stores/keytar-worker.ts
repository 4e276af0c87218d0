// The process in which keytar runs: its native calls cannot be interrupted, and while one waits for a dialog the process cannot end.
// Built as dist/keytar-worker.js. Never uses findPassword and findCredentials (crash, prefix match, a prompt per item).

import type { WorkerAnswer, WorkerRequest } from './worker-process.ts';
import { serveRequests } from './worker-requests.ts';

serveRequests(answer);

async function answer({ verb, service = '', account = '', text = '' }: WorkerRequest): Promise<WorkerAnswer> {
  const { default: keytar } = await import('keytar');
  switch (verb) {
    case 'get':
      return await keytar.getPassword(service, account);
    case 'set':
      await keytar.setPassword(service, account, text);
      return null;
    case 'delete':
      return await keytar.deletePassword(service, account);
    default:
      throw new Error('a request this worker does not know');
  }
}
