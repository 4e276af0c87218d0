// A caller that lives on, as servers and notebooks do: it takes one line, answers with one line of JSON. Its clock, and with it the clock
// of the rolekeeper that it starts, can be moved.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { findFaketime } from './programs.ts';
import type { World } from './world.ts';

export interface ClientAnswer {
  readonly arn?: string;
  readonly accessKeyId?: string;
  readonly accountId?: string;
  readonly error?: string;
}

export class LongClient {
  /** For other programs that are to share its clock. */
  readonly clockEnv: Readonly<Record<string, string>>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #directory = mkdtempSync(join(tmpdir(), 'rk-client-'));
  #stderr = '';

  constructor(command: string, args: readonly string[], world: Pick<World, 'home' | 'env'>) {
    // Monotonic clocks stay real: no timer may fire because a test moved the wall clock.
    this.clockEnv = {
      LD_PRELOAD: findFaketime(),
      FAKETIME_TIMESTAMP_FILE: this.#clockPath,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    this.moveClock(0);
    this.#child = spawn(command, args, { cwd: world.home, env: { ...world.env, ...this.clockEnv }, stdio: 'pipe' });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Throws with what the program wrote to stderr when it ended instead. */
  async ask(line: string): Promise<ClientAnswer> {
    this.#child.stdin.write(`${line}\n`);
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`the client ended: ${this.#stderr}`);
    return JSON.parse(value);
  }

  /** From now on its clock, and that of all it starts, is that far ahead of the real one. */
  moveClock(aheadMs: number): void {
    const path = this.#clockPath;
    writeFileSync(`${path}.new`, `+${Math.round(aheadMs / 1000)}\n`);
    renameSync(`${path}.new`, path);
  }

  close(): void {
    this.#child.kill('SIGKILL');
    this.#reader.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #clockPath(): string {
    return join(this.#directory, 'clock');
  }
}
