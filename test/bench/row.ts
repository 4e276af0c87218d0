// One line of the bench's table, and how a chapter hands it over.

import process from 'node:process';
import { figuresOf, pairedRatio } from './figures.ts';
import type { BenchOptions } from './options.ts';
import type { Spawner, Timed } from './spawner.ts';

export interface Row {
  readonly name: string;
  readonly unit: 'ms' | 'MB' | 'ms CPU a minute' | 'calls';
  readonly median: number;
  readonly min?: number;
  readonly p90?: number;
  /** Processes that gave no answer; their times are in the figures all the same. */
  readonly failed?: number;
  readonly ratio?: { readonly to: string; readonly value: number };
  readonly target?: Target;
}

export interface Target {
  /** As a reader of the table needs it: `at most 2 x /bin/true`. */
  readonly words: string;
  readonly isMet: boolean;
}

export interface Bench {
  readonly options: BenchOptions;
  readonly spawner: Spawner;
}

export interface Chapter {
  readonly name: string;
  /** For the heading: what is compared with what. */
  readonly title: string;
  /** Rows, and lines of prose for what could not be measured. */
  run(bench: Bench): Promise<readonly (Row | string)[]>;
}

/** Of the rounds of one side. What its processes complained of goes to stderr. */
export function roundsRow({ name, roundsMs, failed, complaints }: Timed): Row {
  if (failed > 0) process.stderr.write(`${name}: ${failed} failed\n${complaints}`);
  return { name, unit: 'ms', ...figuresOf(roundsMs), ...(failed === 0 ? {} : { failed }) };
}

/** The same, with the median of its ratios to the base in the same rounds, and whether that is within the limit. */
export function pairedRow(side: Timed, { base, limit }: { readonly base: Timed; readonly limit?: number }): Row {
  const value = pairedRatio(base.roundsMs, side.roundsMs);
  const target = limit === undefined ? {} : { target: { words: `at most ${limit} x`, isMet: value <= limit } };
  return { ...roundsRow(side), ratio: { to: base.name, value }, ...target };
}
