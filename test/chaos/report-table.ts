// The reports of several runs as one Markdown table, for docs/reliability.md. Pure.

import type { Counts, RunReport } from './tally.ts';

export function reportTable(reports: readonly RunReport[]): string {
  const sum = (countsOf: (report: RunReport) => Counts) => summed(reports.map(countsOf));
  return [
    runsTable(reports),
    countsTable(
      'fault',
      'times',
      sum(({ faults }) => faults),
    ),
    countsTable(
      'answers',
      'times',
      sum(({ answers }) => answers),
    ),
    countsTable(
      'calls of AWS',
      'times',
      sum(({ calls }) => calls),
    ),
    countsTable(
      'failures that were right: exit status, and the faults of the time',
      'times',
      sum(({ rightFailures }) => rightFailures),
    ),
    countsTable(
      'a second AssumeRole for one key id, explained by',
      'times',
      sum(({ extraRefreshes }) => extraRefreshes),
    ),
  ].join('\n');
}

function runsTable(reports: readonly RunReport[]): string {
  const rows = reports.map((report) => [
    report.seed,
    report.minutes,
    report.lock,
    report.rounds,
    total(report.faults),
    total(report.answers),
    report.calls['AssumeRole'] ?? 0,
    total(report.rightFailures),
    report.excusedLate,
    report.slowestMs,
    `${report.canary.quietMs} / ${report.canary.medianMs} / ${report.canary.slowestMs}`,
    report.violations.length,
  ]);
  const names = [
    ...['seed', 'minutes', 'lock', 'rounds', 'faults', 'answers', 'refreshes', 'right failures', 'late, excused', 'slowest, ms'],
    ...['canary, ms: quiet / median / slowest', 'broken rules'],
  ];
  return table(names, rows);
}

function countsTable(name: string, count: string, counts: Counts): string {
  return table(
    [name, count],
    Object.entries(counts).sort(([, a], [, b]) => b - a),
  );
}

function table(names: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`;
  return line(names) + line(names.map(() => '---')) + rows.map(line).join('');
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function summed(all: readonly Counts[]): Counts {
  const names = [...new Set(all.flatMap((counts) => Object.keys(counts)))].sort();
  return Object.fromEntries(
    names.map((name) => [name, total(Object.fromEntries(all.map((counts, n) => [n, counts[name] ?? 0])))]),
  );
}
