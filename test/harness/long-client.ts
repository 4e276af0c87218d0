// A caller that lives on, as servers and notebooks do: it takes one line, answers with one line of JSON. Its clock, and with it the clock
// of the rolekeeper that it starts, can be moved.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { MovedClock } from './moved-clock.ts';
import type { World } from './world.ts';

export interface ClientAnswer {
  readonly arn?: string;
  readonly accessKeyId?: string;
  readonly accountId?: string;
  readonly error?: string;
}

export class LongClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #clock = new MovedClock();
  #stderr = '';

  constructor(command: string, args: readonly string[], world: Pick<World, 'home' | 'env'>) {
    this.#child = spawn(command, args, { cwd: world.home, env: { ...world.env, ...this.#clock.env }, stdio: 'pipe' });
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

  /** For other programs that are to share its clock. */
  get clockEnv(): Readonly<Record<string, string>> {
    return this.#clock.env;
  }

  /** From now on its clock, and that of all it starts, is that far ahead of the real one. */
  moveClock(aheadMs: number): void {
    this.#clock.move(aheadMs);
  }

  close(): void {
    this.#child.kill('SIGKILL');
    this.#reader.close();
    this.#clock.close();
  }
}
