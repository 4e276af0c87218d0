import { describe, expect, it } from 'vitest';
import { type FaultKind, faultKinds, ruleOf } from './fault-rules.ts';
import { type Round, schedule } from './schedule.ts';

function rounds(seed: number, count: number, possible?: readonly FaultKind[]): readonly Round[] {
  const found: Round[] = [];
  for (const round of schedule(seed, possible)) {
    if (round.number > count) return found;
    found.push(round);
  }
  return found;
}

describe('a schedule', () => {
  it('is the same for the same seed, however long it is played, and another for another', () => {
    expect(rounds(7, 50)).toEqual(rounds(7, 80).slice(0, 50));
    expect(rounds(7, 5)).not.toEqual(rounds(8, 5));
  });

  it('has every fault in time', () => {
    const kinds = rounds(1, 400).flatMap(({ faults }) => faults.map(({ kind }) => kind));
    expect([...new Set(kinds)].sort()).toEqual([...faultKinds].sort());
  });

  it('has one to three faults a round, no two at the same thing', () => {
    for (const { faults } of rounds(3, 300)) {
      expect(faults.length).toBeGreaterThan(0);
      expect(new Set(faults.map(({ kind }) => ruleOf(kind).at)).size).toBe(faults.length);
    }
  });

  it('leaves out what is not possible', () => {
    const possible = faultKinds.filter((kind) => kind !== 'disk-full');
    expect(rounds(1, 300, possible).some(({ faults }) => faults.some(({ kind }) => kind === 'disk-full'))).toBe(false);
  });
});
