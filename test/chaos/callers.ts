// Callers as SDKs are: one `get PROFILE` after another in several lanes. Notes each answer; judges nothing.

import { setTimeout as wait } from 'node:timers/promises';
import type { Ran } from '../harness/world.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { type ChaosProfile, chaosProfiles } from './profiles.ts';
import type { Random } from './random.ts';

export interface Call {
  readonly profile: ChaosProfile;
  readonly pid: number;
  /** On the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** AWS's time when it began. */
  readonly awsStartedAt: number;
  /** Whether the state knew the clock when it began. */
  readonly knewClock: boolean;
  readonly ran: Ran;
}

export class Callers {
  readonly #chaos: ChaosWorld;
  readonly #pids = new Set<number>();
  /** When the calls began that have ended. */
  readonly #begun: number[] = [];
  readonly #onAnswer: (call: Call) => Promise<void>;

  /** `onAnswer` is waited for before the lane's next call. */
  constructor(chaos: ChaosWorld, onAnswer: (call: Call) => Promise<void>) {
    this.#chaos = chaos;
    this.#onAnswer = onAnswer;
  }

  /** Of those that run. */
  pids(): readonly number[] {
    return [...this.#pids];
  }

  /** Ends once so many calls began and ended since then, on the monotonic clock; after `patienceMs` in any case. */
  async answered(since: number, count: number, patienceMs: number): Promise<void> {
    const giveUpAt = performance.now() + patienceMs;
    while (performance.now() < giveUpAt && this.#begun.filter((at) => at >= since).length < count) await wait(50);
  }

  /** Until the signal is aborted and the last answer is there. */
  async run(lanes: readonly Random[], signal: AbortSignal): Promise<void> {
    await Promise.all(lanes.map((random) => this.#lane(random, signal)));
  }

  /** One call. */
  async call(profile: ChaosProfile, isLauncher: boolean): Promise<Ran> {
    const { clock } = this.#chaos;
    const before = { startedAt: performance.now(), awsStartedAt: clock.awsNow(), knewClock: this.#chaos.knowsClock };
    const args = ['get', profile.name];
    const { child, ended } = isLauncher ? this.#chaos.runLauncher(args) : this.#chaos.run(args);
    const { pid } = child;
    if (pid === undefined) throw new Error('a caller could not be started');
    this.#pids.add(pid);
    const ran = await ended;
    this.#pids.delete(pid);
    this.#begun.push(before.startedAt);
    await this.#onAnswer({ profile, pid, ...before, endedAt: performance.now(), ran });
    return ran;
  }

  async #lane(random: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.call(random.pick(chaosProfiles), random.chance(0.1));
      await wait(random.between(0, 250));
    }
  }
}
