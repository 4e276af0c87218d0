import { describe, expect, it } from 'vitest';
import { leftUntil } from '../../src/refresh/left-until.ts';

describe('leftUntil', () => {
  const now = Date.UTC(2026, 0, 2);

  it.each([
    ['what is left', 3_800, 3_800],
    ['the most that a front gives', 4_000, 4_000],
    ['the last moment', 1, 1],
    ['no limit for a deadline that is too far off', 4_001, Number.POSITIVE_INFINITY],
    ['no limit for a deadline that is over', 0, Number.POSITIVE_INFINITY],
    ['no limit for a deadline that was over a minute ago', -60_000, Number.POSITIVE_INFINITY],
    ['no limit for what is no time', Number.NaN, Number.POSITIVE_INFINITY],
  ])('leftUntil is %s: %d', (_what, ms, left) => {
    expect(leftUntil(now + ms, now)).toBe(left);
  });
});
