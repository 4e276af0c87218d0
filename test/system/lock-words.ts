// What lock-worker.ts and those who direct it say to each other: one JSON line each.

import { type KeyId, keyIdOf } from '../../src/config/names.ts';

export interface Command {
  /** `hold` answers twice: when it holds all, and after `release` (which has no answer of its own). */
  readonly op: 'race' | 'hold' | 'release' | 'try' | 'spawn';
  /** Each round has a result of its own; locks are shared by every tenth round. */
  readonly rounds?: readonly number[];
  readonly waitMs?: number;
  /** Whether those who wait look for the round's result. */
  readonly meanwhile?: boolean;
}

export interface Race {
  readonly kind: 'held' | 'overtaken' | 'busy';
  /** Of a holder: `alone made kept`, `not-alone found lost`, and so on. */
  readonly value: string;
}

export interface Reply {
  readonly kind?: string;
  readonly value?: string;
  readonly tookMs?: number;
  readonly races?: readonly Race[];
  readonly failed?: string;
}

export function nameOf(round: number): KeyId {
  return keyIdOf(`lock ${round % 10}`);
}
