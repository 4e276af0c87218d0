// What the bench was asked to do, out of its words. Pure.

export interface BenchOptions {
  /** Rounds of each comparison of single starts. */
  readonly pairs: number;
  /** Chapters to run; all of them when empty. */
  readonly only: readonly string[];
  /** Where to write the rows as JSON. */
  readonly jsonPath: string | undefined;
  readonly idleMinutes: number;
}

const usualPairs = 30;
const usualIdleMinutes = 1;

/** Throws with a line for stderr for words that it does not know. */
export function parseOptions(words: readonly string[], chapters: readonly string[]): BenchOptions {
  const given = new Map<string, string[]>();
  for (let n = 0; n < words.length; n += 2) {
    const [name = '', value] = words.slice(n, n + 2);
    if (!known.includes(name) || value === undefined) throw new Error(usage(chapters));
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  const only = given.get('--only') ?? [];
  if (only.some((name) => !chapters.includes(name))) throw new Error(usage(chapters));
  return {
    pairs: numberOf(given.get('--pairs')) ?? usualPairs,
    only,
    jsonPath: given.get('--json')?.at(-1),
    idleMinutes: numberOf(given.get('--idle-minutes')) ?? usualIdleMinutes,
  };
}

const known = ['--pairs', '--only', '--json', '--idle-minutes'];

function usage(chapters: readonly string[]): string {
  return `usage: npm run bench -- [--pairs N] [--only ${chapters.join('|')}]... [--json FILE] [--idle-minutes N]`;
}

function numberOf(values: readonly string[] | undefined): number | undefined {
  const number = Number(values?.at(-1));
  if (values === undefined) return undefined;
  if (!Number.isFinite(number) || number <= 0) throw new Error(`${values.at(-1)} is no positive number`);
  return number;
}
