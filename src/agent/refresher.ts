// The background refresh: at each ring, whatever is due by the wall clock, a few at a time. Decides nothing that credentials/plan.ts decides.
// Never prompts; a failure of one hop is that hop's, but a lost network or a locked store ends the round for all.

import type { KeyId } from '../config/names.ts';
import { needsCode, type Recipe, type Step, stepsOf } from '../config/recipe.ts';
import { nextRefreshAt } from '../credentials/plan.ts';
import type { Watched } from '../credentials/warnings.ts';
import { isAppError, toAppError } from '../errors.ts';
import { knownPrincipal } from '../hops/keys.ts';
import type { Clock, ClockReading, Log, State, StateRecord } from '../ports.ts';
import { fewAtOnce } from '../refresh/few-at-once.ts';

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
  readonly refresh: (recipe: Recipe, step: Step) => Promise<unknown>;
  /** After a sleep or a jump of the clock: what was known of the outside may be old. */
  readonly onWake: () => void;
}

interface Planned {
  readonly id: KeyId;
  readonly recipe: Recipe;
  readonly step: Step;
  readonly record: StateRecord;
  /** Undefined where the hop hangs on no MFA session. */
  readonly sessionExpiresAt: number | undefined;
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

export class Refresher {
  readonly #ports: RefresherPorts;
  #plan: readonly Planned[] = [];
  #plannedFrom = '';
  #clocks: ClockReading;
  #forgivenBefore = 0;
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

  /** Hops that will be refreshed some time, and when the first of them is. */
  planned(): { readonly count: number; readonly nextAt: number | undefined } {
    const times = this.#wanted().flatMap(({ at }) => at ?? []);
    return { count: times.length, nextAt: times.length === 0 ? undefined : Math.min(...times) };
  }

  /** All that somebody uses, as it stands: for warnings. */
  watched(): readonly Watched[] {
    return this.#wanted().map(({ recipe, record, sessionExpiresAt }) => ({
      profile: recipe.profile,
      loginTarget: recipe.loginTarget,
      life: lifeOf(record),
      failure: record.failure,
      sessionExpiresAt,
    }));
  }

  /** What was planned may rest on files that have changed. */
  planAnew(): void {
    this.#plannedFrom = '';
  }

  async #ring(): Promise<void> {
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

  async #afterWake(): Promise<void> {
    const { clock, random, onWake } = this.#ports;
    onWake();
    this.#forgivenBefore = clock.now();
    this.planAnew();
    const until = this.#ports.readClocks().uptimeMs + wakePeriodMs;
    for (let spanMs = firstWakeTryMs; ; spanMs = Math.min(2 * spanMs, lastWakeTryMs)) {
      const isDone = await this.#refreshDue();
      if (isDone || this.#ports.readClocks().uptimeMs > until) return;
      await clock.wait(random() * spanMs);
    }
  }

  /** True when nothing that was due is left undone. */
  async #refreshDue(): Promise<boolean> {
    const now = this.#ports.clock.now();
    const due = this.#currentPlan().filter((one) => one.at !== undefined && one.at <= now && this.#isWanted(one));
    let isHopeless = false;
    const outcomes = await fewAtOnce(due, lanes, async (one) => {
      if (isHopeless) return false;
      const outcome = await this.#refreshed(one);
      if (outcome === 'hopeless') isHopeless = true;
      return outcome === 'done';
    });
    if (due.length > 0) this.planAnew();
    return outcomes.every((isDone) => isDone);
  }

  async #refreshed({ recipe, step }: Planned): Promise<'done' | 'failed' | 'hopeless'> {
    const { log, refresh } = this.#ports;
    try {
      await refresh(recipe, step);
      return 'done';
    } catch (error) {
      const failure = toAppError(error);
      log.event('refresh.failed', { profile: recipe.profile, code: failure.code });
      const isEverybodys = failure.isTransient || isAppError(failure, 'store-locked', 'store-unavailable');
      return isEverybodys ? 'hopeless' : 'failed';
    }
  }

  #wanted(): readonly Planned[] {
    return this.#currentPlan().filter((one) => this.#isWanted(one));
  }

  #isWanted({ id }: Planned): boolean {
    const askedAt = this.#ports.state.askedAt(id);
    return askedAt !== undefined && this.#ports.readClocks().wallMs - askedAt < this.#ports.unusedMs;
  }

  // A thousand records are read again only when one of them has changed.
  #currentPlan(): readonly Planned[] {
    const stamp = this.#ports.stamp();
    if (stamp !== this.#plannedFrom) this.#plan = this.#ports.state.list().flatMap((record) => this.#planFor(record) ?? []);
    this.#plannedFrom = stamp;
    return this.#plan;
  }

  #planFor(record: StateRecord): Planned | undefined {
    const recipe = this.#recipeOf(record);
    const userArn = recipe === undefined ? undefined : knownPrincipal(recipe.keys, this.#ports.state);
    if (recipe === undefined || userArn === undefined) return undefined;
    const steps = stepsOf(recipe, userArn);
    const step = steps.at(-1);
    // A record of an edited recipe, or of a hop in the middle of one, is nobody's last step. A code is a person's.
    if (step?.id !== record.id || needsCode(step.hop)) return undefined;
    const sessionExpiresAt = this.#sessionEnd(steps);
    const at = nextRefreshAt(
      { life: lifeOf(record), failure: record.failure },
      { sessionExpiresAt, forgivenBefore: this.#forgivenBefore },
    );
    return { id: record.id, recipe, step, record, sessionExpiresAt, at };
  }

  #recipeOf(record: StateRecord): Recipe | undefined {
    try {
      return this.#ports.recipeOf(record);
    } catch (error) {
      if (!isAppError(error)) throw error;
      return undefined; // gone from the config, or broken there: whoever asks for it next is told
    }
  }

  #sessionEnd(steps: readonly Step[]): number | undefined {
    const session = steps.find(({ hop }) => needsCode(hop));
    return session === undefined ? undefined : (this.#ports.state.read(session.id)?.expiresAt ?? 0);
  }
}

function lifeOf({ issuedAt, expiresAt }: StateRecord): { readonly issuedAt: number; readonly expiresAt: number } | undefined {
  return issuedAt === undefined || expiresAt === undefined ? undefined : { issuedAt, expiresAt };
}
