import { describe, expect, it } from 'vitest';
import { callerMark, leadsBack } from '../../src/config/caller-mark.ts';

describe('the mark of a caller', () => {
  it('is the profile, behind those that are there', () => {
    expect(callerMark('dev', {})).toStrictEqual({ ROLEKEEPER_CALLER: 'dev' });
    expect(callerMark('my dev', { ROLEKEEPER_CALLER: 'a\nb', OTHER: 'x' })).toStrictEqual({ ROLEKEEPER_CALLER: 'a\nb\nmy dev' });
  });

  it.each<[readonly string[], string | undefined, boolean]>([
    [['dev'], undefined, false],
    [['dev'], '', false],
    [['dev'], 'dev', true],
    [['dev'], 'corp\ndev', true],
    [['dev', 'corp'], 'far\ncorp', true],
    [['dev'], 'my dev', false],
    [['dev'], 'develop\nde', false],
    [[], 'dev', false],
  ])('%j under %j lead back: %s', (profiles, mark, outcome) => {
    expect(leadsBack(profiles, { ROLEKEEPER_CALLER: mark })).toBe(outcome);
  });
});
