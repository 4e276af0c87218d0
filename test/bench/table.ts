// The rows of one chapter as aligned text. Pure.

import type { Chapter, Row } from './row.ts';

export function tableOf({ name, title }: Pick<Chapter, 'name' | 'title'>, rows: readonly (Row | string)[]): string {
  const cells = rows.filter((row) => typeof row !== 'string').map(cellsOf);
  const all = [headings, ...cells];
  const widths = headings.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  const lines = all.map((line) => line.map((cell, column) => padded(cell, widths[column] ?? 0, column)).join('  '));
  const prose = rows.filter((row) => typeof row === 'string');
  return [`${name}: ${title}`, ...(cells.length === 0 ? [] : lines), ...prose].map((line) => `${line.trimEnd()}\n`).join('');
}

const headings = ['', 'median', 'min', 'p90', 'unit', 'ratio', 'target'];
const textColumns = [0, 4, 5, 6];

function cellsOf({ name, unit, median, min, p90, ratio, target, failed }: Row): readonly string[] {
  const to = ratio === undefined ? '' : `${ratio.value.toFixed(2)} x ${ratio.to}`;
  const verdict = target === undefined ? '' : `${target.words}: ${target.isMet ? 'met' : 'MISSED'}`;
  const words = failed === undefined ? name : `${name} (${failed} FAILED)`;
  return [words, amount(median), amount(min), amount(p90), unit, to, verdict];
}

function padded(cell: string, width: number, column: number): string {
  return textColumns.includes(column) ? cell.padEnd(width) : cell.padStart(width);
}

function amount(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
