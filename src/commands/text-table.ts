// Lines of columns, each as wide as its widest cell. Wide enough for names and ARNs; colours take no room.

import { stripVTControlCharacters } from 'node:util';

export function textTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => shownLength(row[column] ?? ''))));
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
