// How vitest runs beneath Stryker: the project `parts`, narrowed to the tests of the mutated folder.

import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { parts } from '../vitest.config.ts';

/** A mutant's run ends with the first test that fails: the small files know it sooner than whole days of a life, which are in large ones. */
class SmallFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sizeOf = ({ moduleId }: TestSpecification) => statSync(moduleId).size;
    return [...files].sort((a, b) => sizeOf(a) - sizeOf(b));
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
    sequence: { ...parts.test.sequence, sequencer: SmallFirst },
  },
});
