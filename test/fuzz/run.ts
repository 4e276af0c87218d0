// The long run by hand: `npm run fuzz -- --minutes 10 --target config --seed 7`. Without a target, every one in turn gets its share of the
// minutes. An input that finds a fault is written to the corpus, so that the tests fail until it is mended.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { corpusDirectory, keepFault, readCorpus } from './corpus.ts';
import { startCoverage } from './coverage.ts';
import { buildFront } from './front-build.ts';
import { Fault, fuzz } from './fuzz-run.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, target: { type: 'string' }, seed: { type: 'string', default: '1' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
const names = [...Object.keys(targets), 'front'];
const chosen = names.filter((name) => values.target === undefined || name === values.target);
if (chosen.length === 0 || !(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write(`usage: npm run fuzz -- [--minutes M] [--seed N] [--target ${names.join('|')}]\n`);
  process.exitCode = 2;
} else {
  const seconds = (minutes * 60) / chosen.length;
  for (const name of chosen) {
    const target = await targets[name]?.();
    const isSound = target === undefined ? runFront(seconds) : await run(target, seconds);
    if (!isSound) process.exitCode = 1;
  }
}

/** False when a fault was found. */
async function run(target: Target, seconds: number): Promise<boolean> {
  const { name } = target;
  const until = performance.now() + seconds * 1_000;
  const coverage = startCoverage(new URL('.', import.meta.url).href);
  try {
    const isOver = () => performance.now() > until;
    const { inputs, endings, finds } = await fuzz(target, { seed, corpus: readCorpus(name), isOver, coverage });
    const counts = [...endings].map(([ending, count]) => `${ending} ${count}`).join(', ');
    process.stdout.write(`${name}: seed ${seed}, ${inputs} inputs (${counts}), ${finds.length} reached new code, no fault\n`);
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stdout.write(`${error.stack}\nseed ${seed}; the input is kept as ${keepFault(name, error.input)}\n`);
    return false;
  } finally {
    coverage.close();
  }
}

/** By libFuzzer, whose own words are the report. Needs clang and its run-time library (libclang-rt-dev). */
function runFront(seconds: number): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'rk-fuzz-'));
  try {
    const [output, grown] = [join(directory, 'front-fuzz'), join(directory, 'corpus')];
    mkdirSync(grown);
    buildFront({ compiler: 'clang', sanitizers: 'fuzzer,address,undefined', sources: [], output });
    const kept = corpusDirectory('front');
    const limits = [`-max_total_time=${Math.ceil(seconds)}`, '-timeout=10', '-max_len=70000', '-print_final_stats=1'];
    const args = [`-seed=${seed}`, ...limits, `-artifact_prefix=${join(kept, 'fault-')}`, grown, kept];
    return spawnSync(output, args, { stdio: 'inherit' }).status === 0;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
