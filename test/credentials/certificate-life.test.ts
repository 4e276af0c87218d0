import { describe, expect, it } from 'vitest';
import { stageOf } from '../../src/credentials/certificate-life.ts';

const day = 86_400_000;
const hour = 3_600_000;

describe('stageOf', () => {
  it.each([
    ['a year, two weeks and a minute before its end', 365 * day, 14 * day + 60_000, 'long'],
    ['a year, in its last two weeks', 365 * day, 14 * day, 'ending'],
    ['a day, half of it left', day, 12 * hour, 'long'],
    ['a day, in its last fifth', day, 4 * hour, 'ending'],
    ['a day, at the start of its last fifth', day, day / 5, 'ending'],
    ['any, at its end', day, 0, 'ended'],
    ['any, after its end', day, -1, 'ended'],
  ] as const)('%s', (_what, lifeMs, leftMs, stage) => {
    const now = Date.parse('2026-01-02T03:04:05Z');
    expect(stageOf({ validFrom: now + leftMs - lifeMs, validTo: now + leftMs }, now)).toBe(stage);
  });
});
