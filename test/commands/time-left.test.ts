import { describe, expect, it } from 'vitest';
import { timeLeft } from '../../src/commands/time-left.ts';

describe('timeLeft', () => {
  it.each([
    [-1, 'over'],
    [0, 'over'],
    [59, '0 min'],
    [3_599, '59 min'],
    [3_600, '1 h 0 min'],
    [43_199, '11 h 59 min'],
  ])('%i seconds are "%s"', (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });
});
