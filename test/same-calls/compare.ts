// Two verdicts side by side: the same, different on purpose by a rule, or a difference that nobody meant.

import type { Case } from './cases.ts';
import { essence } from './essence.ts';
import { intendedDifferences } from './intended-differences.ts';
import type { Verdict } from './side.ts';

export interface Pair {
  readonly one: Case;
  readonly ours: Verdict;
  readonly theirs: Verdict;
}

/** `same`, `both refuse`, the name of the rule that explains the difference, or undefined where nothing does. */
export function compare(pair: Pair): string | undefined {
  const { ours, theirs } = pair;
  if (ours.kind === 'refused' && theirs.kind === 'refused') return 'both refuse';
  if (ours.kind === 'works' && theirs.kind === 'works' && essence(ours) === essence(theirs)) return 'same';
  return intendedDifferences.find(({ applies }) => applies(pair))?.name;
}
