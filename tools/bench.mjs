// Builds the benchmark with the program's own test harness and runs it: `npm run bench`, or `npm run bench -- --pairs 40`
// (docs/performance.md).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';

const directory = mkdtempSync(join(tmpdir(), 'rk-bench-'));
try {
  const outfile = join(directory, 'bench.mjs');
  await build({
    entryPoints: ['test/bench/bench.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
