// Lines of columns, each as wide as its widest cell. Wide enough for names and ARNs; colours take no room.

import { stripVTControlCharacters } from 'node:util';

export function textTable(rows: readonly (readonly string[])[]): readonly string[] {
  // Not Math.max of a list: a log may have more rows than a call takes arguments.
  const widestOf = (column: number) => rows.reduce((most, row) => Math.max(most, shownLength(row[column] ?? '')), 0);
  const widths = (rows[0] ?? []).map((_cell, column) => widestOf(column));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - shownLength(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** In characters, as a terminal shows it. */
export function shownLength(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
