// Time in the chaos world: the local clocks of all its programs, and the clock of its STS. Timers are left alone.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The clock of the double, as far as it is moved from here. */
export interface MovableClock {
  now(): number;
  advance(ms: number): void;
}

export class ChaosClock {
  /** For every program that is to live in this time. */
  readonly env: Readonly<Record<string, string>>;
  readonly #file: number;
  readonly #double: MovableClock;
  #wallAheadMs = 0;
  #bootAheadMs = 0;
  #passedMs = 0;

  /** `directory` is to lie where nothing fills the disk. Throws when there is no C compiler. */
  constructor(directory: string, double: MovableClock) {
    const path = join(directory, 'clock');
    writeFileSync(path, Buffer.alloc(16));
    this.#file = openSync(path, 'r+');
    this.#double = double;
    this.env = { LD_PRELOAD: compile(directory), CHAOS_CLOCK: path };
  }

  /** The true time: AWS's. */
  awsNow(): number {
    return this.#double.now();
  }

  /** Local time that is wrong by so much, as AWS sees it. */
  get skewMs(): number {
    return Math.round(this.localNow() - this.#double.now());
  }

  /** What the programs' clock shows. */
  localNow(): number {
    return Date.now() + this.#wallAheadMs;
  }

  /** All the time that was slept through. */
  get passedMs(): number {
    return this.#passedMs;
  }

  /** The machine sleeps, or nothing happens for so long: all clocks go on. */
  pass(ms: number): void {
    this.#passedMs += ms;
    this.#bootAheadMs += ms;
    this.#double.advance(ms);
    this.turn(ms);
  }

  /** Somebody sets the local clock. */
  turn(ms: number): void {
    this.#wallAheadMs += ms;
    const both = Buffer.alloc(16);
    both.writeBigInt64LE(BigInt(this.#wallAheadMs) * nanoseconds, 0);
    both.writeBigInt64LE(BigInt(this.#bootAheadMs) * nanoseconds, 8);
    writeSync(this.#file, both, 0, both.length, 0);
  }

  /** AWS itself is off. */
  moveDouble(ms: number): void {
    this.#double.advance(ms);
  }

  close(): void {
    closeSync(this.#file);
  }
}

const nanoseconds = 1_000_000n;

function compile(directory: string): string {
  const library = join(directory, 'moved-clock.so');
  const args = [
    '-std=c11',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-O2',
    '-shared',
    '-fPIC',
    resolve('test/chaos/moved-clock.c'),
    '-o',
    library,
  ];
  const { status, stderr, error } = spawnSync('cc', args, { encoding: 'utf8' });
  if (status === 0) return library;
  throw new Error(`chaos needs a C compiler (apt-get install -y gcc libc6-dev): ${error?.message ?? stderr}`);
}
