// A child process that does one kind of slow or dangerous work: requests and answers are lines of JSON over its pipes, never arguments.
// A call into native code cannot be interrupted from within; a process can always be killed.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../credentials/json.ts';
import type { Environment } from '../ports/environment.ts';

/** `ended`: it died or could not be started. `refused`: it answered that it could not do it, in its own words. */
export type WorkerFailure =
  | { readonly kind: 'deadline'; readonly afterMs: number }
  | { readonly kind: 'ended'; readonly problem: string }
  | { readonly kind: 'refused'; readonly problem: string };

export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly failure: WorkerFailure;

  constructor(failure: WorkerFailure) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** What a worker is asked, and what it answers. */
export type WorkerRequest = Readonly<Record<string, string>>;
export type WorkerAnswer = string | boolean | null;

/** The path of a worker in the built program: beside this file, or one directory up when this file is in a chunk. */
export function workerScript(name: string): string {
  const places = [`./${name}.js`, `../${name}.js`].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find((place) => existsSync(place)) ?? places[0] ?? name;
}

export class WorkerProcess {
  readonly #script: string;
  readonly #env: Environment;
  #running: Running | undefined;

  constructor(script: string, env: Environment) {
    this.#script = script;
    this.#env = env;
  }

  /** Starts the process if there is none. Throws WorkerError; when the time is over the process is killed. */
  ask(request: WorkerRequest, deadlineMs: number): Promise<WorkerAnswer> {
    if (this.#running === undefined || this.#running.isOver) this.#running = new Running(this.#script, this.#env);
    return this.#running.ask(request, deadlineMs);
  }

  /** Ends the process and waits until it is gone. The next question starts another one. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.end({ kind: 'ended', problem: 'it was closed' });
  }
}

class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  readonly #handles: readonly object[];
  #lastId = 0;
  isOver = false;

  constructor(script: string, env: Environment) {
    const { NODE_OPTIONS: _options, ...rest } = env; // what the user set for their own programs; --inspect would open a port
    // stderr is dropped: libraries write warnings there, and a caller of ours may take them for an answer.
    this.#child = spawn(process.execPath, [script], { env: rest, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });
    this.#child.stdin.on('error', () => undefined); // it died before it had read all: its end says so
    this.#gone = new Promise((resolve) => {
      const over = (problem: string) => {
        this.#fail({ kind: 'ended', problem });
        resolve();
      };
      this.#child.once('error', (error) => over(error.message));
      this.#child.once('close', (code, signal) => over(`it ended with ${signal ?? `status ${code}`}`));
    });
    // Only the timers of questions keep this process alive.
    this.#handles = [this.#child, this.#child.stdin, this.#child.stdout];
    for (const handle of this.#handles) refer(handle, 'unref');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answer(line));
    // After the reader of lines, which has made text of it by then: answers may be secrets.
    this.#child.stdout.on('data', (chunk: Buffer) => void chunk.fill(0));
  }

  ask(request: WorkerRequest, deadlineMs: number): Promise<WorkerAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => void this.end({ kind: 'deadline', afterMs: deadlineMs }), deadlineMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#child.stdin.write(`${JSON.stringify({ id, request })}\n`);
    });
  }

  async end(failure: WorkerFailure): Promise<void> {
    this.#fail(failure);
    this.#child.kill('SIGKILL');
    // With nothing else to wait for, this process would end here, in the middle of its work and with status 0.
    for (const handle of this.#handles) refer(handle, 'ref');
    await this.#gone;
  }

  #fail(failure: WorkerFailure): void {
    this.isOver = true;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new WorkerError(failure));
    }
    this.#waiting.clear();
  }

  #answer(line: string): void {
    const reply = parseReply(line);
    const waiting = reply === undefined ? undefined : this.#waiting.get(reply.id);
    if (reply === undefined || waiting === undefined) {
      void this.end({ kind: 'ended', problem: 'it said something nobody asked for' });
      return;
    }
    this.#waiting.delete(reply.id);
    clearTimeout(waiting.timer);
    if (reply.problem === undefined) waiting.resolve(reply.answer);
    else waiting.reject(new WorkerError({ kind: 'refused', problem: reply.problem }));
  }
}

// The pipes of a child are sockets, whatever their types say.
function refer(handle: object, how: 'ref' | 'unref'): void {
  if (how === 'ref' && 'ref' in handle && typeof handle.ref === 'function') handle.ref();
  if (how === 'unref' && 'unref' in handle && typeof handle.unref === 'function') handle.unref();
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void;
  readonly reject: (error: WorkerError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Reply {
  readonly id: number;
  readonly answer: WorkerAnswer;
  readonly problem?: string;
}

function parseReply(line: string): Reply | undefined {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'number') return undefined;
  if ('problem' in value && typeof value.problem === 'string') return { id: value.id, answer: null, problem: value.problem };
  if (!('answer' in value) || !isAnswer(value.answer)) return undefined;
  return { id: value.id, answer: value.answer };
}

function isAnswer(value: unknown): value is WorkerAnswer {
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}
