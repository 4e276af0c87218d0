import { describe, expect, it } from 'vitest';
import { introduction } from '../../src/commands/setup-words.ts';

describe('introduction', () => {
  it('fits a terminal of eighty columns', () => {
    expect(introduction.filter((line) => line.length > 80)).toEqual([]);
  });
});
