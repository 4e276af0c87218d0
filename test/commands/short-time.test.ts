import { describe, expect, it } from 'vitest';
import { shortTime } from '../../src/commands/short-time.ts';

const now = new Date(2026, 10, 24, 0, 1).getTime();

describe('shortTime', () => {
  it.each([
    ['today', new Date(2026, 10, 24, 23, 59, 59), '23:59'],
    ['yesterday, two minutes ago', new Date(2026, 10, 23, 23, 59), '11-23 23:59'],
    ['tomorrow', new Date(2026, 10, 25, 0, 1), '11-25 00:01'],
    ['next year', new Date(2027, 0, 2, 8, 5), '2027-01-02 08:05'],
  ])('shortTime leaves out of %s what goes without saying', (_when, at, words) => {
    expect(shortTime(at.getTime(), now)).toBe(words);
  });
});
