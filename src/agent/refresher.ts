// The background refresh: at each ring, whatever is due by the wall clock, a few at a time. Decides nothing that credentials/plan.ts decides.
// Never prompts; a failure of one hop is that hop's, but a lost network or a locked store ends the round for all.

import type { KeyId, ProfileName } from '../config/names.ts';
import type { Recipe, Step } from '../config/recipe.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import { nextRefreshAt } from '../credentials/plan.ts';
import { isAppError, toAppError } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { State, StateRecord } from '../ports/state.ts';
import type { Clock, ClockReading } from '../ports/time.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';
import { isWanted, type Kept, type Known, keptFor, lifeOf } from '../refresh/kept.ts';

export interface RefresherPorts {
  readonly clock: Clock;
  readonly state: State;
  readonly log: Log;
  /** 0 to 1; spreads the tries after a wake. */
  readonly random: () => number;
  readonly readClocks: () => ClockReading;
  /** Nobody asked for so long: not refreshed any more. */
  readonly unusedMs: number;
  /** Changes with the state, and with every file that recipes are made of. */
  readonly stamp: () => string;
  /** As its last asker means the profile. Throws what `resolveRecipe` throws. */
  readonly recipeOf: (record: StateRecord) => Recipe;
  /** `started`: another process sees to it, and the state will show what came of it. */
  readonly refresh: (recipe: Recipe, step: Step) => Promise<'refreshed' | 'started'>;
  /** After a sleep or a jump of the clock: what was known of the outside may be old. */
  readonly onWake: () => void;
}

interface Planned extends Kept {
  /** When it is refreshed; undefined for what only a person can bring back. */
  readonly at: number | undefined;
}

const lanes = 4;
/** More than timers and a busy machine ever make of a 15 s ring. */
const sleptMs = 5_000;
/** The network comes back some time after a wake; so long it is tried more often than the bell rings (locking.md). */
const wakePeriodMs = 2 * 60_000;
const firstWakeTryMs = 1_000;
const lastWakeTryMs = 16_000;
/** For a failure that the state does not show, such as missing keys, and for another process's turn: not at each ring. */
const restMs = 60_000;

export class Refresher {
  readonly #ports: RefresherPorts;
  #plan: readonly Planned[] = [];
  #plannedFrom = '';
  #clocks: ClockReading;
  #forgivenBefore = 0;
  readonly #restUntil = new Map<KeyId, number>();
  /** As last seen, of what is in the plan. */
  readonly #askedAt = new Map<KeyId, EpochMs>();
  readonly #stopping = new AbortController();
  #round: Promise<void> | undefined;

  constructor(ports: RefresherPorts) {
    this.#ports = ports;
    this.#clocks = ports.readClocks();
  }

  /** Refreshes what is due. Calls while one is under way share it. Never throws for what the outside did. */
  ring(): Promise<void> {
    this.#round ??= this.#ring().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  /** Hops that will be refreshed some time, whose they are, and when the first of them is. */
  planned(): { readonly count: number; readonly profiles: readonly ProfileName[]; readonly nextAt: number | undefined } {
    const possible = this.wanted().filter((one) => one.at !== undefined && this.#isPossible(one));
    const times = possible.flatMap(({ at }) => at ?? []);
    const profiles = [...new Set(possible.map(({ recipe }) => recipe.profile))].sort();
    return { count: times.length, profiles, nextAt: times.length === 0 ? undefined : Math.min(...times) };
  }

  /** All that somebody uses, as it stands: for warnings. */
  wanted(): readonly Planned[] {
    const localNow = this.#ports.readClocks().wallMs;
    return this.#currentPlan().filter((one) => this.#isWanted(one, localNow));
  }

  /** What was planned may rest on files that have changed, and what failed may work now. */
  planAnew(): void {
    this.#plannedFrom = '';
    this.#restUntil.clear();
  }

  /** Begins nothing more. Ends when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#round;
  }

  async #ring(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    if (this.#hasSlept()) await this.#afterWake();
    else await this.#refreshDue();
  }

  #hasSlept(): boolean {
    const before = this.#clocks;
    const now = this.#ports.readClocks();
    this.#clocks = now;
    const passed = now.monotonicMs - before.monotonicMs;
    const slept = now.uptimeMs - before.uptimeMs - passed;
    const jumped = now.wallMs - before.wallMs - (now.uptimeMs - before.uptimeMs);
    if (slept < sleptMs && Math.abs(jumped) < sleptMs) return false;
    this.#ports.log.event('clock.moved', { sleptMs: Math.round(slept), jumpedMs: Math.round(jumped) });
    return true;
  }

  // What failed is forgiven before each try: these tries have a pace of their own.
  async #afterWake(): Promise<void> {
    const { clock, random, onWake, readClocks } = this.#ports;
    onWake();
    const until = readClocks().uptimeMs + wakePeriodMs;
    for (let spanMs = firstWakeTryMs; ; spanMs = Math.min(2 * spanMs, lastWakeTryMs)) {
      this.#forgivenBefore = clock.now();
      this.planAnew();
      const outcome = await this.#refreshDue();
      if (outcome === 'done' || this.#stopping.signal.aborted || readClocks().uptimeMs > until) return;
      await clock.wait(random() * spanMs, this.#stopping.signal);
    }
  }

  /** `hopeless`: something that all need is not there, and the rest was left for later. */
  async #refreshDue(): Promise<'done' | 'hopeless'> {
    const due = this.#currentPlan().filter((one) => this.#isDue(one));
    let isHopeless = false;
    await fewAtOnce(due, lanes, async ({ id }) => {
      if (isHopeless || this.#stopping.signal.aborted) return;
      // Plan again: while others had their turn, a caller or another process may have seen to it.
      const one = this.#planNow(id);
      if (one === undefined || !this.#isDue(one)) return;
      const outcome = await this.#refreshed(one);
      if (outcome === 'hopeless') isHopeless = true;
      if (outcome === 'failed' || outcome === 'started') this.#rest(id);
    });
    if (due.length > 0) this.#plannedFrom = '';
    return isHopeless ? 'hopeless' : 'done';
  }

  async #refreshed({ recipe, step }: Planned): Promise<'refreshed' | 'started' | 'failed' | 'hopeless'> {
    const { log, refresh } = this.#ports;
    try {
      return await refresh(recipe, step);
    } catch (error) {
      const failure = toAppError(error);
      log.event('refresh.failed', { profile: recipe.profile, code: failure.code });
      const isEverybodys = failure.isTransient || isAppError(failure, 'store-locked', 'store-unavailable');
      return isEverybodys ? 'hopeless' : 'failed';
    }
  }

  #rest(id: KeyId): void {
    const again = this.#planNow(id);
    if (again !== undefined && this.#isDue(again)) this.#restUntil.set(id, this.#ports.clock.now() + restMs);
  }

  #isDue(one: Planned): boolean {
    const now = this.#ports.clock.now();
    const isTime = one.at !== undefined && one.at <= now && now >= (this.#restUntil.get(one.id) ?? 0);
    return isTime && this.#isPossible(one) && this.#isWanted(one);
  }

  // After the end of the session only a person can go on.
  #isPossible({ session }: Planned): boolean {
    return session === undefined || this.#ports.clock.now() < session.expiresAt;
  }

  // Who asks again makes it wanted for longer, so what was seen once need not be looked at again until it is over.
  #isWanted({ id }: Planned, localNow = this.#ports.readClocks().wallMs): boolean {
    const { state, unusedMs } = this.#ports;
    if (isWanted(this.#askedAt.get(id), { localNow, unusedMs })) return true;
    const askedAt = state.askedAt(id);
    if (askedAt !== undefined) this.#askedAt.set(id, askedAt);
    return isWanted(askedAt, { localNow, unusedMs });
  }

  // A thousand records are read again only when one of them has changed.
  #currentPlan(): readonly Planned[] {
    const stamp = this.#ports.stamp();
    if (stamp !== this.#plannedFrom) {
      const known = readOnce(this.#ports.state);
      this.#askedAt.clear();
      this.#plan = this.#ports.state.list().flatMap((record) => this.#planFor(record, known) ?? []);
    }
    this.#plannedFrom = stamp;
    return this.#plan;
  }

  #planNow(id: KeyId): Planned | undefined {
    const record = this.#ports.state.read(id);
    return record === undefined ? undefined : this.#planFor(record, this.#ports.state);
  }

  #planFor(record: StateRecord, known: Known): Planned | undefined {
    const recipe = this.#recipeOf(record);
    const kept = recipe === undefined ? undefined : keptFor(record, recipe, known);
    if (kept === undefined) return undefined;
    const at = nextRefreshAt(
      { life: lifeOf(record), failure: record.failure },
      { sessionExpiresAt: kept.session?.expiresAt, forgivenBefore: this.#forgivenBefore },
    );
    return { ...kept, at };
  }

  #recipeOf(record: StateRecord): Recipe | undefined {
    try {
      return this.#ports.recipeOf(record);
    } catch (error) {
      if (!isAppError(error)) throw error;
      return undefined; // gone from the config, or broken there: whoever asks for it next is told
    }
  }
}

/** A thousand roles hang on a few sessions and keys: each of those is read once for all of them. */
function readOnce(state: State): Known {
  const { userName, machineName, digestOf } = state;
  return { read: remembering(state.read), principal: remembering(state.principal), userName, machineName, digestOf };
}

function remembering<K, V>(read: (key: K) => V): (key: K) => V {
  const known = new Map<K, { readonly value: V }>();
  return (key) => {
    const entry = known.get(key) ?? { value: read(key) };
    known.set(key, entry);
    return entry.value;
  };
}
