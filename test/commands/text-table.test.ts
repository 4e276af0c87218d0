import { describe, expect, it } from 'vitest';
import { textTable } from '../../src/commands/text-table.ts';

describe('textTable', () => {
  it('textTable makes each column as wide as its widest cell, and leaves no blanks at the end', () => {
    expect(
      textTable([
        ['A', 'B', 'C'],
        ['long', '', 'x'],
        ['ä€', 'bb', ''],
      ]),
    ).toEqual(['A     B   C', 'long      x', 'ä€    bb']);
  });

  // `log` of a long trail was an unexpected failure.
  it('has as many rows as there are', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => [String(index), 'x']);
    expect(textTable(rows).at(-1)).toBe('199999  x');
  });
});
