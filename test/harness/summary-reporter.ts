// The last lines of every run: what passed only when it was run once more, and the counts in the plain form that any log reader knows.
// A skipped test fails a run in CI.

import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = count('skipped') + count('pending');
    if (skipped > 0 && process.env['CI'] !== undefined) process.exitCode = 1;
    const onceMore = tests.filter((test) => test.diagnostic()?.flaky === true);
    const named = onceMore.map((test) => {
      const { module, fullName } = test;
      const why = test.result().errors?.[0]?.message.slice(0, 500) ?? 'no reason';
      return `once more: ${module.relativeModuleId}: ${fullName}: ${why}\n`;
    });
    const line = `tests: ${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    process.once('exit', () => process.stdout.write([...named, line].join('')));
  }
}
