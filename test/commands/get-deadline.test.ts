import { describe, expect, it } from 'vitest';
import { leftOfDeadline } from '../../src/commands/get-deadline.ts';

const nowMs = 1_800_000_000_000;
const none = Number.POSITIVE_INFINITY;

describe('leftOfDeadline', () => {
  it.each([
    ['what the front left', `${nowMs + 3_450}`, 3_450],
    ['all that a front can give', `${nowMs + 4_000}`, 4_000],
    ['without end when the clock has jumped back', `${nowMs + 4_001}`, none],
    ['without end when the clock has jumped ahead', `${nowMs - 10}`, none],
    ['without end when it is empty', '', none],
    ['without end when it is no number', 'soon', none],
    ['without end when it is no whole number of milliseconds', `${nowMs + 1_000}.5`, none],
    ['without end when it is negative', '-1', none],
    ['without end when it is longer than any time', '9'.repeat(400), none],
  ])('is %s', (_what, value, expected) => {
    expect(leftOfDeadline({ ROLEKEEPER_DEADLINE: value }, nowMs)).toBe(expected);
  });

  it('is without end when no front started us', () => {
    expect(leftOfDeadline({}, nowMs)).toBe(none);
  });
});
