import { describe, expect, it } from 'vitest';
import { parseSince } from '../../src/commands/log-since.ts';

const now = Date.parse('2026-01-02T12:00:00Z');

describe('parseSince', () => {
  it.each([
    ['90s', now - 90_000],
    ['30m', now - 1_800_000],
    ['2h', now - 7_200_000],
    ['3d', now - 259_200_000],
    ['2026-01-01T10:00:00Z', Date.parse('2026-01-01T10:00:00Z')],
    ['2026-01-01T10:00:00+02:00', Date.parse('2026-01-01T08:00:00Z')],
    ['2026-01-01', new Date(2026, 0, 1).getTime()],
  ])('takes %s', (text, at) => {
    expect(parseSince(text, now)).toBe(at);
  });

  it.each(['', 'yesterday', '2', 'h', '-2h', '2 h', '2026', '2026-13-01', '2026-01-01T99:00', '1e9d'])('refuses %j', (text) => {
    expect(parseSince(text, now)).toBeUndefined();
  });
});
