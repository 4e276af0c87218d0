// Compiles the native front into a program that can be fuzzed.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface FrontBuild {
  readonly compiler: 'gcc' | 'clang';
  /** A comma-separated list, as the compilers take it. */
  readonly sanitizers: string;
  /** Where the front's own files are: `src/front`, or a copy with a fault in it. */
  readonly directory?: string;
  /** Besides the front and front-fuzz.c. */
  readonly sources: readonly string[];
  readonly output: string;
}

const here = join('test', 'fuzz');

/** Throws with what the compiler says. */
export function buildFront({ compiler, sanitizers, directory = join('src', 'front'), sources, output }: FrontBuild): void {
  const front = readdirSync(directory).filter((name) => name.endsWith('.c'));
  const files = [
    ...front.map((name) => join(directory, name)),
    join(here, 'front-fuzz.c'),
    ...sources.map((name) => join(here, name)),
  ];
  const baked = ['-DROLEKEEPER_NODE="/usr/bin/node"', '-DROLEKEEPER_DIST="/dist"', '-include', join(here, 'front-world.h')];
  const checks = [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all'];
  const args = ['-std=gnu99', '-Wall', '-Wextra', '-Werror', '-g', '-O1', ...checks, ...baked, ...files, '-o', output];
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${compiler} could not be started`, { cause: error });
  if (status !== 0) throw new Error(`${compiler}: ${stderr}`);
}
