// What becomes of a program of the person's when the one who runs it is ended, or may not end it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bundles } from '../harness/bundle-module.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

let bundles: Bundles;
let runner: string;
beforeAll(() => {
  bundles = new Bundles();
  const module = bundles.add('src/system/user-program.ts');
  chmodSync(bundles.directory, 0o755);
  runner = join(bundles.directory, 'run.mjs');
  const run = `{ command: process.argv[2], setting: 's', wanted: 'code', profile: 'dev', waitMs: Number(process.argv[3]), longestOutput: 9, showsStderr: false }`;
  writeFileSync(
    runner,
    `import { createPrograms } from ${JSON.stringify(module)};\n` +
      `createPrograms(process.env).output(${run}).catch((error) => console.log(error.details.problem));\n`,
  );
});
afterAll(() => bundles.close());

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-group-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Nobody may have collected it yet.
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false; // ESRCH, or ENOENT a moment later
  }
}

describe('a program that runs', () => {
  // It went on for ever: in a session of its own no Ctrl-C reaches it, and whoever was to end it in time was gone.
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends with its caller, who ends by %s', async (signal) => {
    const pidPath = join(directory, 'pid');
    const caller = spawn(process.execPath, [runner, `echo $$ > ${pidPath}.new; mv ${pidPath}.new ${pidPath}; sleep 60`, '60000']);
    await expect.poll(() => existsSync(pidPath), { timeout: 20_000 }).toBe(true);
    const pid = Number(readFileSync(pidPath, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    caller.kill(signal);
    expect(await once(caller, 'close')).toEqual([null, signal]);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  // `sudo` in its place ended its caller by an exception that nobody caught.
  it.skipIf(!isRoot)(
    "that has become another user's is left alone, and no longer waited for (skipped: only root lets others become somebody)",
    async () => {
      const become = join(directory, 'become');
      copyFileSync('/usr/bin/setpriv', become);
      chmodSync(directory, 0o755);
      chmodSync(become, 0o4755);
      const caller = spawn(process.execPath, [runner, `exec ${become} --reuid 0 sleep 5`, '1500'], { uid: nobody, cwd: '/' });
      let said = '';
      caller.stdout.on('data', (chunk) => {
        said += String(chunk);
      });
      caller.stderr.on('data', (chunk) => {
        said += String(chunk);
      });
      expect(await once(caller, 'close')).toEqual([0, null]);
      expect(said).toBe('no answer in 1.5 s\n');
    },
  );
});
