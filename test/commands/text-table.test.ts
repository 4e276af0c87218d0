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
});
