// How vitest runs beneath Stryker: the project `parts`, narrowed to the tests of the mutated folder.

import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { parts } from '../vitest.config.ts';

/** The quickest file first: most mutants die in it, and need not wait for generated files and Python. Vitest begins with the slowest. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { cache, config } = this.ctx;
    const durationOf = ({ project, moduleId }: TestSpecification) =>
      cache.getFileTestResults(`${project.name}:${relative(config.root, moduleId)}`)?.duration ?? 0;
    return files.toSorted((a, b) => durationOf(a) - durationOf(b));
  }
}

export default defineConfig({
  ...parts,
  cacheDir: join(tmpdir(), 'vite'),
  test: {
    ...parts.test,
    include: [`test/${process.env['ROLEKEEPER_MUTATION_FOLDER']}/**/*.test.ts`],
    // One process for all files of a mutant: its start is most of what a mutant costs.
    isolate: false,
    sequence: { ...parts.test.sequence, sequencer: QuickestFirst },
    // Stryker has a limit of its own, which tells a mutant that never ends from a test that failed; a slow machine fails no test.
    testTimeout: 120_000,
  },
});
