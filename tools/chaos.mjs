// Builds the chaos test with the program's own test harness, prepares its stage and runs it: `npm run chaos -- --seed 7 --minutes 10`
// (docs/reliability.md). The stage is a small file system and a network of its own, without capabilities: a disk that can be full, files
// that even root cannot read, nobody to call but the loopback interface, and an end that takes every process with it.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { build, stop } from 'esbuild';

const script = `mount -t tmpfs -o size=24m,mode=0700 tmpfs "$1"
ip link set lo up
shift
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"`;

/** Faults that are none without it: a disk that is not small, files that root reads all the same, a network that leads out. */
const needStage = ['disk-full', 'state-unreadable', 'config-unreadable', 'config-truncated'];

const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];

const directory = mkdtempSync(join(tmpdir(), 'rk-chaos-'));
try {
  const small = join(directory, 'small');
  mkdirSync(small);
  const outfile = join(directory, 'chaos.mjs');
  await build({
    entryPoints: ['test/chaos/chaos.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  await stop();
  const stage = ['unshare', ...asRoot, ...namespaces, 'sh', '-ec', script, 'stage', small];
  const why = whyNot(stage);
  if (why !== undefined) process.stderr.write(`chaos: no stage of its own: ${why}\n`);
  const impossible = why === undefined ? {} : Object.fromEntries(needStage.map((kind) => [kind, why]));
  const [command, ...args] = [...(why === undefined ? stage : []), process.execPath, outfile, ...process.argv.slice(2)];
  const env = { ...process.env, TMPDIR: small, CHAOS_STAGE: JSON.stringify({ ownDirectory: directory, impossible }) };
  const child = spawn(command, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill('SIGKILL'));
  const [status] = await once(child, 'exit');
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** The last words of what stands in the way; undefined where it works. */
function whyNot([command, ...args]) {
  const { status, stderr, error } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1) ?? `status ${status}`);
}
