// A wall clock for programs under test that can be moved while they run, by libfaketime. Monotonic clocks stay real: no timer may fire
// because a test moved the wall clock.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFaketime } from './programs.ts';

export class MovedClock {
  /** For every program that is to share this clock. */
  readonly env: Readonly<Record<string, string>>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'rk-clock-'));

  constructor() {
    this.env = {
      LD_PRELOAD: findFaketime(),
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    this.move(0);
  }

  /** From now on that far ahead of the real one. */
  move(aheadMs: number): void {
    const seconds = Math.round(aheadMs / 1000);
    writeFileSync(`${this.#path}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #path(): string {
    return join(this.#directory, 'clock');
  }
}
