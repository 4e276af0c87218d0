import { describe, expect, it } from 'vitest';
import { leftUntil } from '../../src/refresh/left-until.ts';

describe('leftUntil', () => {
  const now = Date.UTC(2026, 0, 2);

  it.each([
    ['what is left', 3_800, 3_800],
    ['the most that a front gives', 4_000, 4_000],
    ['nothing at the deadline', 0, 0],
    ['nothing after it', -1, 0],
    ['nothing a minute after it', -60_000, 0],
    ['no limit for a deadline that is too far off', 4_001, Number.POSITIVE_INFINITY],
    ['no limit for a deadline that is long over', -60_001, Number.POSITIVE_INFINITY],
    ['no limit for what is no time', Number.NaN, Number.POSITIVE_INFINITY],
  ])('leftUntil is %s: %d', (_what, ms, left) => {
    expect(leftUntil(now + ms, now)).toBe(left);
  });
});
