// What chaos was asked for, out of its words. Pure.

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Where to write the report as JSON. */
  readonly jsonPath: string | undefined;
  /** Play the schedule up to this round, then stop. */
  readonly rounds: number;
}

export const usage = 'usage: npm run chaos -- --seed N --minutes M [--rounds N] [--json FILE] | --table FILE...';

/** Throws with the usage for words that it does not know. */
export function parseOptions(words: readonly string[]): ChaosOptions {
  const given = new Map<string, string>();
  for (let n = 0; n < words.length; n += 2) {
    const [name = '', value] = words.slice(n, n + 2);
    if (!known.includes(name) || value === undefined) throw new Error(usage);
    given.set(name, value);
  }
  return {
    seed: numberOf(given.get('--seed')) ?? 1,
    minutes: numberOf(given.get('--minutes')) ?? 1,
    rounds: numberOf(given.get('--rounds')) ?? Number.POSITIVE_INFINITY,
    jsonPath: given.get('--json'),
  };
}

const known = ['--seed', '--minutes', '--rounds', '--json'];

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new Error(`${text} is no number\n${usage}`);
  return number;
}
