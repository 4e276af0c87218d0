// Mutation tests: `npm run mutation -- credentials`, or `-- config names.ts limits.ts` (docs/mutation.md). Linux only.
// `--static` tries what runs when a file is loaded as well: each such mutant costs a run of all tests.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { summaryOf } from './mutation/report.mjs';

const folders = ['credentials', 'refresh', 'agent', 'config'];

/** Works only where the build has put a constant, and is not in the built program (test/end-to-end has its tests). */
const leftOut = 'fault-point.ts';

const { values, positionals } = parseArgs({ options: { static: { type: 'boolean', default: false } }, allowPositionals: true });
const [folder = '', ...names] = positionals;
if (!folders.includes(folder)) {
  console.error(`usage: npm run mutation -- ${folders.join('|')} [FILE...] [--static]`);
  process.exit(2);
}
const all = () => readdirSync(join('src', folder)).filter((name) => name !== leftOut);
const files = (names.length > 0 ? names : all()).map((name) => join('src', folder, name));

if (!existsSync('tools/mutation/node_modules')) {
  run('npm', ['ci', '--prefix', 'tools/mutation', '--ignore-scripts', '--no-audit', '--no-fund'], process.env);
}
const directory = mkdtempSync(join(tmpdir(), 'rk-mutation-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
mutate();
const report = readFileSync(join(directory, 'report.json'), 'utf8');
mkdirSync('reports', { recursive: true });
writeFileSync(join('reports', `mutation-${folder}.json`), report);
console.log(summaryOf(JSON.parse(report)));

/** Nothing of this machine is writable but `directory`, nor is its HOME known. */
function mutate() {
  const viteTemp = resolve('node_modules/.vite-temp');
  for (const made of ['tmp', 'home', 'run', 'cache']) mkdirSync(join(directory, made), { mode: 0o700 });
  mkdirSync(viteTemp, { recursive: true });
  const asUser = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const confined = ['--mount', '--pid', '--fork', '--kill-child', 'sh', 'tools/mutation/read-only.sh', directory, viteTemp];
  run('unshare', [...asUser, ...confined, process.execPath, 'tools/mutation/run.mjs', directory, ...files], {
    PATH: process.env['PATH'],
    HOME: join(directory, 'home'),
    TMPDIR: join(directory, 'tmp'),
    XDG_RUNTIME_DIR: join(directory, 'run'),
    ROLEKEEPER_MUTATION_FOLDER: folder,
    ...(values.static ? { ROLEKEEPER_MUTATION_STATIC: 'yes' } : {}),
  });
}

function run(program, args, env) {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
