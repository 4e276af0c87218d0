// What a fault is given, and what it gives back.

import { setTimeout as wait } from 'node:timers/promises';
import type { Callers } from './callers.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Random } from './random.ts';

export interface Scene {
  readonly chaos: ChaosWorld;
  readonly callers: Callers;
  readonly random: Random;
}

export interface Begun {
  /** What was done, in words for the log. */
  readonly what: string;
  /** True where only a login brings everything back. */
  readonly needsLogin?: true;
  /** Everything is as it was, or as a person would have mended it. */
  end(): Promise<void>;
}

export type BeginFault = (scene: Scene) => Promise<Begun>;

/** Strikes once and again, with pauses, until the end. */
export function striking(
  pausesMs: readonly [least: number, most: number],
  { random }: Pick<Scene, 'random'>,
  strike: () => Promise<void>,
) {
  const end = new AbortController();
  const pauses = async () => {
    while (!end.signal.aborted) {
      await wait(random.between(...pausesMs), undefined, { signal: end.signal });
      await strike().catch(unlessDiskIsFull);
    }
  };
  const done = pauses().catch((error: unknown) => {
    if (!end.signal.aborted) throw error;
  });
  return async () => {
    end.abort();
    await done;
  };
}

/** Of a fault of the same round: nobody can write then, and the next strike may. */
function unlessDiskIsFull(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
}
