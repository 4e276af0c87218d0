// The end of one store call. Does what an AbortSignal would: loading Node's own costs 4 ms at its first use, a sixth of a whole `get`.

import { countdown, tickMs } from '../system/own-time.ts';

export class Deadline {
  readonly afterMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #callbacks = new Set<() => void>();
  #isOver = false;

  /** Starts now, counts the time that this process really has, and keeps the process alive until it is over or stopped. */
  constructor(afterMs: number) {
    this.afterMs = afterMs;
    const left = countdown(afterMs);
    this.#timer = setInterval(
      () => {
        if (left() <= 0) this.#expire();
      },
      Math.min(afterMs, tickMs),
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls back once when the time is over, at once if it is already. What it returns takes that back. */
  whenOver(callback: () => void): () => void {
    if (this.#isOver) callback();
    else this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** The call has ended in time. */
  stop(): void {
    clearInterval(this.#timer);
    this.#callbacks.clear();
  }

  #expire(): void {
    clearInterval(this.#timer);
    this.#isOver = true;
    for (const callback of this.#callbacks) callback();
    this.#callbacks.clear();
  }
}
