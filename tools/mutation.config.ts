// How vitest runs beneath Stryker: the project `parts`, narrowed to the tests named in the environment, the mutated folder's own first.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { parts } from '../vitest.config.ts';

/** Beginnings of paths: a folder, or some files of one. */
const beginnings = (process.env['ROLEKEEPER_MUTATION_TESTS'] ?? '').split(' ').map((beginning) => `test/${beginning}`);

/** In their order: most mutants die in the first file, and the rest is not run. */
class NearestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => beginnings.findIndex((beginning) => moduleId.includes(`/${beginning}`));
    return specifications.toSorted((one, other) => place(one) - place(other) || one.moduleId.localeCompare(other.moduleId));
  }
}

export default defineConfig({
  ...parts,
  cacheDir: join(tmpdir(), 'vite'),
  test: {
    ...parts.test,
    include: beginnings.map((beginning) => `${beginning}{,**/}*.test.ts`),
    // One process for all files of a mutant: its start is most of what a mutant costs.
    isolate: false,
    sequence: { sequencer: NearestFirst },
  },
});
