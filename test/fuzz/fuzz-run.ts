// The fuzzer: hands a target the corpus, then mutants of it without end. The same seed gives the same inputs.

import { pick, randomNumbers } from '../harness/random-numbers.ts';
import type { Coverage } from './coverage.ts';
import { mutated } from './mutations.ts';
import type { OpenTarget, Target } from './target.ts';
import { createTimeLimit } from './time-limit.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly corpus: readonly Buffer[];
  /** Asked with the number of inputs so far, at times. */
  readonly isOver: (inputs: number) => boolean;
  /** Inputs that reach new code are mutated further. Without it only the corpus is. */
  readonly coverage?: Coverage;
  /** What takes longer will never end. 20 s when absent. */
  readonly hangMs?: number;
}

export interface Tally {
  readonly inputs: number;
  readonly endings: ReadonlyMap<string, number>;
  /** What reached new code, besides the corpus. */
  readonly finds: readonly Buffer[];
}

/** A target's check threw, or did not end. */
export class Fault extends Error {
  readonly input: Buffer;

  constructor(target: string, input: Buffer, cause: unknown) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    super(`${target}: ${problem}\ninput: ${JSON.stringify(input.subarray(0, 2_000).toString('latin1'))}`, { cause });
    this.input = input;
  }
}

/** Longer than any batch takes on a machine under load, a slow garbage collection included. */
const usualHangMs = 20_000;
const batchSize = 100;

/** Throws a Fault. The first inputs are the corpus itself. */
export async function fuzz(
  target: Target,
  { seed, corpus, isOver, coverage, hangMs = usualHangMs }: FuzzOptions,
): Promise<Tally> {
  if (corpus.length === 0) throw new Error(`${target.name} has no corpus`);
  const random = randomNumbers(seed);
  const finds: Buffer[] = [];
  const endings = new Map(target.endings.map((ending) => [ending, 0]));
  const opened = await target.open();
  const run = createBatchRun(target, opened, hangMs);
  let inputs = 0;
  const take = async (batch: readonly Buffer[]) => {
    for (const ending of await run(batch)) endings.set(ending, (endings.get(ending) ?? 0) + 1);
    inputs += batch.length;
  };
  const findNew = async (batch: readonly Buffer[], { hasGrown, mark }: Coverage) => {
    const forget = mark();
    await take(batch);
    if (!hasGrown()) return;
    forget();
    // Once more, one by one: which of them was it?
    for (const input of batch) {
      await run([input]);
      if (hasGrown()) finds.push(input);
    }
  };
  try {
    await take(corpus);
    coverage?.hasGrown();
    while (!isOver(inputs)) {
      const pool = [...corpus, ...finds];
      const material = { tokens: target.tokens, others: pool };
      const batch = Array.from({ length: batchSize }, () => mutated(pick(pool, random), material, random));
      await (coverage === undefined ? take(batch) : findNew(batch, coverage));
    }
    return { inputs, endings, finds };
  } finally {
    await opened.close();
  }
}

/** Gives the ending of each input. */
function createBatchRun({ name, endings }: Target, { check }: OpenTarget, hangMs: number) {
  const limit = createTimeLimit();
  return async (batch: readonly Buffer[]): Promise<readonly string[]> => {
    const seen: string[] = [];
    let pending: Promise<string> | undefined;
    const see = (ending: string) => {
      if (!endings.includes(ending)) throw new Error(`"${ending}" is none of its endings`);
      seen.push(ending);
    };
    const work = () => {
      for (const input of batch.slice(seen.length)) {
        const ending = check(input);
        if (typeof ending !== 'string') {
          pending = ending;
          return;
        }
        see(ending);
      }
    };
    try {
      while (seen.length < batch.length) {
        pending = undefined;
        limit.ofWork(hangMs, work);
        if (pending !== undefined) see(await limit.ofPromise(hangMs, pending));
      }
      return seen;
    } catch (error) {
      throw new Fault(name, batch[seen.length] ?? Buffer.alloc(0), error);
    }
  };
}
