// The other end of worker-process.ts: answers one line of JSON after the other until its stdin ends, which is also how it learns that
// its parent is gone.

import process from 'node:process';
import { createInterface } from 'node:readline';
import type { WorkerAnswer, WorkerRequest } from './worker-process.ts';

/** Requests are answered as they come, several at once if need be. */
export function serveRequests(answer: (request: WorkerRequest) => Promise<WorkerAnswer>): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const { id, request } = parseLine(line);
    answer(request).then(
      (value) => say({ id, answer: value }),
      (error) => say({ id, problem: error instanceof Error ? error.message : String(error) }),
    );
  });
  // process.exit() waits for native calls that are under way, such as a prompt that nobody answers.
  lines.on('close', () => process.kill(process.pid, 'SIGKILL'));
}

function say(reply: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

function parseLine(line: string): { readonly id: number; readonly request: WorkerRequest } {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || !('id' in value) || !('request' in value)) throw new Error('not a request');
  const { id, request } = value;
  if (typeof id !== 'number' || typeof request !== 'object' || request === null) throw new Error('not a request');
  return { id, request: Object.fromEntries(Object.entries(request).map(([key, text]) => [key, String(text)])) };
}
