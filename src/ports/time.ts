// The clocks, and what rings by them. Types only.

import type { EpochMs } from '../credentials/credentials.ts';

/** The only source of time. */
export interface Clock {
  /** Now as AWS counts it: the local clock corrected by what STS's Date header taught. */
  now(): EpochMs;
  /** The same moment as the local wall clock shows it; for what callers will compare with their own clock. */
  toLocal(at: EpochMs): EpochMs;
  /** Takes the Date header of an STS reply that came just now. Resolution one second. */
  learn(serverNow: EpochMs): void;
  /** Another process may have learnt something just now. */
  lookAgain(): void;
  /** Ends early, without an error, when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Rings every 15 seconds by the wall clock; after a sleep or a jump of the clock once, however much was missed. */
export interface Bell {
  /** Never rings while the last ring is still being answered. Returns what stops it. */
  start(onRing: () => Promise<void>): () => void;
}

/** The local clocks together: the one that people set, and two that nobody sets, of which one goes on in sleep. */
export interface ClockReading {
  readonly wallMs: number;
  readonly uptimeMs: number;
  readonly monotonicMs: number;
}
