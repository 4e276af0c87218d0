// Finds the name that a person may have meant. The only user of its package; loaded only when a name was not found.

import { distance } from 'fastest-levenshtein';

/** The candidate with the fewest differing letters, the first of several; undefined when none is near enough to be a slip of the hand. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const slips = Math.min(3, Math.max(1, Math.floor(name.length / 3)));
  const near = candidates
    .map((candidate) => ({ candidate, slips: hasSameLetters(name, candidate) ? 1 : distance(name, candidate) }))
    // As many slips as letters is another word altogether.
    .filter(({ candidate, slips: found }) => found <= slips && found < Math.max(name.length, candidate.length));
  return near.reduce<(typeof near)[number] | undefined>(
    (best, each) => (best === undefined || each.slips < best.slips ? each : best),
    undefined,
  )?.candidate;
}

// Letters in another order are one slip of the fingers, though Levenshtein counts two.
function hasSameLetters(one: string, other: string): boolean {
  const sorted = (text: string) => [...text].sort().join('');
  return sorted(one) === sorted(other);
}
