// Starts real processes that take locks (lock-worker.ts), and ends them all.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Bundles } from '../harness/bundle-module.ts';
import type { Command, Reply } from './lock-words.ts';

export type LockKind = 'kernel' | 'lease' | 'none';

export interface WorkerOptions {
  /** How far its clock is ahead. */
  readonly shiftMs?: number;
  /** When it takes a lease for dead. */
  readonly staleMs?: number;
}

/** One temporary directory with the bundled worker; every test takes a directory of its own inside. */
export class LockWorkers {
  readonly #bundles = new Bundles();
  readonly #program = this.#bundles.add('test/system/lock-worker.ts');
  readonly #workers = new Set<LockWorker>();

  newDirectory(): string {
    return mkdtempSync(join(this.#bundles.directory, 'state-'));
  }

  start(kind: LockKind, directory: string, { shiftMs = 0, staleMs = 2_000 }: WorkerOptions = {}): LockWorker {
    const worker = new LockWorker([this.#program, kind, directory, `${shiftMs}`, `${staleMs}`]);
    this.#workers.add(worker);
    return worker;
  }

  async endWorkers(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.kill()));
    this.#workers.clear();
  }

  async close(): Promise<void> {
    await this.endWorkers();
    this.#bundles.close();
  }
}

export class LockWorker {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #replies: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  constructor(argv: readonly string[]) {
    this.#child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined); // a killed worker reads no more
    this.#replies = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#ended = once(this.#child, 'close');
  }

  tell(command: Command): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** The next line that the worker says. Throws what the worker met. */
  async hear(): Promise<Reply> {
    const line = await this.#replies.next();
    if (line.done === true) throw new Error('the worker has ended');
    const reply: Reply = JSON.parse(line.value);
    if (reply.failed !== undefined) throw new Error(reply.failed);
    return reply;
  }

  async ask(command: Command): Promise<Reply> {
    this.tell(command);
    return this.hear();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
