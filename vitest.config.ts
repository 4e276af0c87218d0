import { defineConfig } from 'vitest/config';

const common = { testTimeout: 20_000, hookTimeout: 30_000 };
// Whole programs with deadlines of their own, one file after the other and with the machine to themselves.
const wholePrograms = ['test/end-to-end/**/*.test.ts', 'test/front/**/*.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/harness/summary-reporter.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: { ...common, name: 'parts', include: ['test/**/*.test.ts'], exclude: wholePrograms, sequence: { groupOrder: 0 } },
      },
      {
        test: { ...common, name: 'programs', include: wholePrograms, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
