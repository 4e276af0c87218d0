// Random numbers as whole numbers below a limit: the chaos test's stream, for those that want no more of it.

import { Random as Stream } from '../chaos/random.ts';

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

/** The same numbers for the same seed, on every machine. */
export function randomNumbers(seed: number): Random {
  const stream = new Stream(seed);
  return (below) => Math.floor(stream.next() * below);
}

export function pick<T>(from: readonly T[], random: Random): T {
  const found = from[random(from.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}
