// The fuzzer: hands a target the corpus, then mutants of it without end. The same seed gives the same inputs.

import { pick, randomNumbers } from '../harness/random-numbers.ts';
import type { Coverage } from './coverage.ts';
import { mutated } from './mutations.ts';
import type { OpenTarget, Target } from './target.ts';
import { createTimeLimit, type TimeLimit } from './time-limit.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly corpus: readonly Buffer[];
  /** Asked with the number of inputs so far, at times. */
  readonly isOver: (inputs: number) => boolean;
  /** Inputs that reach new code are mutated further. Without it only the corpus is. */
  readonly coverage?: Coverage;
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

  constructor(target: Target, input: Buffer, cause: unknown) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    super(`${target.name}: ${problem}\ninput: ${JSON.stringify(input.subarray(0, 2_000).toString('latin1'))}`, { cause });
    this.input = input;
  }
}

/** Longer than any input takes on a machine under load, a slow garbage collection included. */
const hangMs = 20_000;
const batchSize = 100;

/** Throws a Fault. The first inputs are the corpus itself. */
export async function fuzz(target: Target, { seed, corpus, isOver, coverage }: FuzzOptions): Promise<Tally> {
  if (corpus.length === 0) throw new Error(`${target.name} has no corpus`);
  const random = randomNumbers(seed);
  const finds: Buffer[] = [];
  const endings = new Map(target.endings.map((ending) => [ending, 0]));
  const opened = await target.open();
  const run = createBatchRun(target, opened, endings);
  let inputs = 0;
  const take = async (batch: readonly Buffer[]) => {
    const forget = coverage?.mark();
    await run(batch);
    inputs += batch.length;
    if (coverage === undefined || !coverage.hasGrown()) return;
    forget?.();
    for (const input of batch) {
      await run([input]);
      if (coverage.hasGrown()) finds.push(input);
    }
    inputs += batch.length;
  };
  try {
    await run(corpus);
    inputs += corpus.length;
    coverage?.hasGrown();
    while (!isOver(inputs)) {
      const pool = [...corpus, ...finds];
      const material = { tokens: target.tokens, others: pool };
      await take(Array.from({ length: batchSize }, () => mutated(pick(pool, random), material, random)));
    }
    return { inputs, endings, finds };
  } finally {
    await opened.close();
  }
}

function createBatchRun(target: Target, { check }: OpenTarget, endings: Map<string, number>) {
  const limit: TimeLimit = createTimeLimit();
  return async (batch: readonly Buffer[]): Promise<void> => {
    let at = 0;
    let pending: Promise<string> | undefined;
    const count = (ending: string) => {
      if (!endings.has(ending)) throw new Error(`"${ending}" is none of its endings`);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    };
    const some = () => {
      for (; at < batch.length && pending === undefined; at++) {
        const ending = check(batch[at] ?? Buffer.alloc(0));
        if (typeof ending === 'string') count(ending);
        else pending = ending;
      }
    };
    try {
      while (at < batch.length) {
        limit.ofWork(hangMs, some);
        if (pending !== undefined) {
          at -= 1;
          count(await limit.ofPromise(hangMs, pending));
          at += 1;
        }
        pending = undefined;
      }
    } catch (error) {
      throw new Fault(target, batch[at] ?? Buffer.alloc(0), error);
    }
  };
}
