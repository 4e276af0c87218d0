import { readFileSync } from 'node:fs';
import process from 'node:process';
import { defineConfig } from 'vitest/config';

// These limits only end what hangs, on a slow machine too.
const common = { testTimeout: 60_000, hookTimeout: 60_000 };
// Dozens of processes on whatever machine CI is given: what fails once there is run once more, and the summary names it. What is broken
// fails twice.
const ofPrograms = { testTimeout: 180_000, hookTimeout: 180_000, retry: process.env['CI'] === undefined ? 0 : 1 };
// With promises of seconds, or crowds of processes: one file after the other and with the machine to themselves.
const alone = [
  'test/end-to-end/{agent,agent-load,background-refresh,chaos,crash,get,get-interactive}.test.ts',
  'test/end-to-end/{keychain,login,process-source,single-flight,status,unlock}.test.ts',
  'test/end-to-end/new-account.test.ts', // not beside setup-account: each sweeps the cgroups of accounts that are gone
  'test/front/**/*.test.ts',
  'test/security/{crash-remains,leak}.test.ts',
  'test/stores/{secret-service,keepassxc,age-passphrase}.test.ts',
  'test/system/{kernel,lease}-lock.test.ts',
];
const programs = ['test/end-to-end/**/*.test.ts', 'test/security/**/*.test.ts'];

/** What esbuild knows by itself: `import text from 'file' with { type: 'text' }`, here for all of install/. */
const installTexts = {
  name: 'install-texts',
  enforce: 'pre' as const,
  load: (id: string) =>
    /\/install\/[^?]*\.(socket|service|timer|plist|xml|desktop)$/.test(id)
      ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`
      : undefined,
};

/** All tests of a file or a few together, in one process. Mutants are tried on these (tools/mutation/). */
export const parts = {
  plugins: [installTexts],
  test: {
    ...common,
    name: 'parts',
    include: ['test/**/*.test.ts'],
    exclude: [...alone, ...programs],
    sequence: { groupOrder: 0 },
  },
};

export default defineConfig({
  plugins: [installTexts],
  test: {
    reporters: ['default', './test/harness/summary-reporter.ts'],
    maxWorkers: 2,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text', 'json-summary'] },
    projects: [
      parts,
      {
        plugins: [installTexts],
        test: { ...ofPrograms, name: 'programs', include: programs, exclude: alone, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        plugins: [installTexts],
        test: { ...ofPrograms, name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
