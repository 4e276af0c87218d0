// How vitest runs beneath Stryker: the project `parts`, narrowed to the tests of the mutated folder.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { parts } from '../vitest.config.ts';

export default defineConfig({
  ...parts,
  cacheDir: join(tmpdir(), 'vite'),
  test: {
    ...parts.test,
    include: [`test/${process.env['ROLEKEEPER_MUTATION_FOLDER']}/**/*.test.ts`],
    // One process for all files of a mutant: its start is most of what a mutant costs.
    isolate: false,
  },
});
