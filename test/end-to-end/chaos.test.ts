// A short run of the chaos test, by a seed: whatever is done to the world, no answer is wrong. Longer ones by hand (docs/reliability.md).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunReport } from '../chaos/tally.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-chaos-report-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const minutes = 1.2;
/** It ends with the round that is under way, and mends what was broken. */
const patienceMs = 5 * 60_000;

it(
  'chaos breaks no rule in a minute',
  () => {
    const path = join(directory, 'report.json');
    const args = ['tools/chaos.mjs', '--seed', '11', '--minutes', String(minutes), '--json', path];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: patienceMs,
      killSignal: 'SIGTERM',
    });
    expect(status, stderr).toBe(0);
    const report: RunReport = JSON.parse(readFileSync(path, 'utf8'));
    expect(report.violations).toEqual([]);
    expect(Object.keys(report.faults).length).toBeGreaterThan(2);
    expect(report.answers['0']).toBeGreaterThan(20);
    expect(report.recoveries).toBe(report.rounds);
  },
  patienceMs + 10_000,
);
