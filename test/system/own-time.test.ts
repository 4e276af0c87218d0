// Time that a process really had: on a machine with a hundred like it, a wall-clock wait is over before anything could be done in it.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { withinDeadline } from '../../src/system/aws-call.ts';
import { pause } from '../../src/system/pause.ts';
import { Bundles } from '../harness/bundle-module.ts';

const run = promisify(execFile);

let bundles: Bundles;
beforeAll(() => {
  bundles = new Bundles();
});
afterAll(() => bundles.close());

describe('how long a process was held up', () => {
  it('counts what it waited for its processor before it became what it is', async () => {
    const module = bundles.add('src/system/own-time.ts');
    const tell =
      'const { heldUpMs } = await import(process.argv[1]); console.log(JSON.stringify([heldUpMs(), performance.now()]))';
    // The shell stands for the front, and shares one processor with four others that never rest.
    const script = `
      trap 'kill $(jobs -p)' EXIT
      for _ in 1 2 3 4; do (while :; do :; done) & done
      (i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done; exec "$1" --input-type=module --eval "$2" "$3")`;
    const cpu = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
    const { stdout } = await run('taskset', ['-c', cpu, 'bash', '-c', script, 'bash', process.execPath, tell, module]);
    const [held, age]: [number, number] = JSON.parse(stdout);
    expect(held).toBeGreaterThan(age + 100);
  });
});

describe('the deadline of a call to AWS', () => {
  const failed = (_error: unknown, { seconds }: { readonly seconds: number }) =>
    new AppError('deadline', { doing: 'it', seconds });

  it('does not pass while the process gets no processor', async () => {
    const talk = { deadlineMs: 200, signal: undefined, endpoint: 'STS' };
    const answer = await withinDeadline(
      talk,
      async ({ signal }) => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600); // nothing of this process runs
        await pause(20);
        signal.throwIfAborted();
        return 'there in time';
      },
      failed,
    );
    expect(answer).toBe('there in time');
  });

  it('passes for one that has all the time there is', async () => {
    const talk = { deadlineMs: 100, signal: undefined, endpoint: 'STS' };
    const work = ({ signal }: { readonly signal: AbortSignal }) => pause(30_000, signal).then(() => signal.throwIfAborted());
    await expect(withinDeadline(talk, work, failed)).rejects.toMatchObject({ code: 'deadline' });
  });
});
