// One run of Stryker in a world that it cannot spoil (read-only.sh): run.mjs DIRECTORY FILES...

import { setPriority } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Stryker } from '@stryker-mutator/core';

const [, , directory = '', ...files] = process.argv;
setPriority(19);
await new Stryker({
  mutate: files,
  testRunner: 'vitest',
  vitest: { configFile: 'tools/mutation.config.ts', related: false },
  // No such file: Stryker would rewrite it with TypeScript's compiler API, which TypeScript 7 has not; esbuild needs nothing of it.
  tsconfigFile: 'no-tsconfig.json',
  checkers: [],
  coverageAnalysis: 'perTest',
  ignoreStatic: process.env['ROLEKEEPER_MUTATION_STATIC'] === undefined,
  concurrency: 2,
  // A slow machine must not be taken for a killed mutant.
  timeoutMS: 20_000,
  timeoutFactor: 3,
  dryRunTimeoutMinutes: 30,
  ignorePatterns: ['/dist', '/dist.*', '/coverage', '/reports'],
  tempDirName: join(directory, 'sandbox'),
  allowConsoleColors: false,
  reporters: ['progress-append-only', 'json'],
  jsonReporter: { fileName: join(directory, 'report.json') },
}).runMutationTest();
