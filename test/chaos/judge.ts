// Gathers what is known of an answer, has it judged, and keeps count. The only place that knows which faults were active when.

import type { ExitStatus } from '../../src/errors.ts';
import { accessKeyId, roleArn, secretAccessKey } from '../harness/world.ts';
import type { Call } from './callers.ts';
import type { Canary } from './canary.ts';
import type { Blow, ChaosWorld } from './chaos-world.ts';
import { type FaultKind, ruleOf } from './fault-rules.ts';
import { brokenRules, deadlineMs, type Expected } from './invariants.ts';
import { edited } from './profiles.ts';
import { wasWithinReach } from './second-look.ts';
import type { Tally } from './tally.ts';
import type { Flight } from './wire-tap.ts';

/** A fault while it lasted, on the monotonic clock. */
export interface Spell {
  readonly kind: FaultKind;
  readonly from: number;
  to: number;
  /** What it took away may be back from here on. */
  ending?: number;
}

/** A failure is given to everybody for five seconds more. */
const echoMs = 6_000;
/** A call to AWS that began in a fault lasts until its own deadline, and whoever joins it gets what becomes of it. */
const callEchoMs = 16_000;
/** What was held up by a fault goes on when it ends, not at that very moment. */
const settlingMs = 500;
/** A `get` that refreshes takes the CPU time of 5.2 empty processes (231 ms against 44); what the keyring does for it comes on top. */
const processesInAGet = 6;
/**
 * So slow an empty process, and a program may need 450 ms for its start: then it takes its machine for a starved one, and gives itself 15 s, from
 * when it has started (commands/get.ts). It loads half as much again, and no two starts are alike.
 */
const starvedMs = 225;
const starvedLimitMs = 45_000;
/** Where an empty process takes so many times its best, a refresh may not come to its end in time. */
const starvedFactor = 4;
const outOfTime = 7;
/** Whom the agent has acknowledged waits for it. Stopped for so long, it has no time left to refresh anything. */
const agentStopMs = 2_000;
/** A call is tried once more where it was slept through. Two sleeps may fall into one: that between two rounds, and the fault. */
const clockWords = /this computer's clock is [^\n]* behind/;

export class Judge {
  readonly #chaos: ChaosWorld;
  readonly #canary: Canary;
  readonly #tally: Tally;
  readonly #spells: Spell[] = [];
  #forgotten = 0;
  /** When processes began, by pid. */
  readonly begun = new Map<number, number>();
  readonly #calls: Call[] = [];

  constructor({ chaos, canary, tally }: { readonly chaos: ChaosWorld; readonly canary: Canary; readonly tally: Tally }) {
    this.#chaos = chaos;
    this.#canary = canary;
    this.#tally = tally;
  }

  begin(kind: FaultKind): Spell {
    const spell = { kind, from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.#spells.push(spell);
    return spell;
  }

  /** Everything is as it should be: what was before explains nothing any more. */
  forgetFaults(): void {
    this.#forgotten = this.#spells.length;
  }

  /** All there ever were. */
  spells(): readonly Spell[] {
    return this.#spells;
  }

  /** When the first of those callers began that waited for this role at that moment. */
  waitingSince({ roleArn: arn, startedAt: at }: Flight): number | undefined {
    const waiting = this.#calls.filter(
      (call) =>
        call.startedAt <= at &&
        at <= call.endedAt &&
        this.#expected(call).some((one) => one.kind === 'role' && one.roleArn === arn),
    );
    return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ startedAt }) => startedAt));
  }

  async judge(call: Call): Promise<void> {
    const { ran } = call;
    this.begun.set(call.pid, call.startedAt);
    this.#calls.push(call);
    const broken = [...brokenRules(this.#factsOf(call))];
    const kinds = this.#active(call, echoMs);
    if (ran.status !== undefined && ran.status !== 0 && broken.length === 0) {
      const missed = await this.#missed(call);
      if (missed === undefined) this.#tally.rightFailure(ran.status, kinds);
      else broken.push(`exit status ${ran.status}, though ${missed}: ${ran.stderr.trim()}`);
    }
    this.#tally.answer(ran);
    this.#tally.lateness(ran.tookMs - this.#stoppedMs(call), this.#allowanceMs(call));
    if (broken.length === 0) return;
    const { stderr, tookMs } = ran;
    this.#tally.violation({
      what: `get ${call.profile.name}`,
      broken,
      faults: kinds,
      stderr,
      tookMs,
      canaryMs: this.#slowestMs(call),
    });
  }

  #factsOf(call: Call) {
    const { tap, blows } = this.#chaos;
    return {
      ran: call.ran,
      isKilled: blows.some((blow) => blow.kind === 'kill' && struck(blow, call.pid)),
      stoppedMs: this.#stoppedMs(call),
      allowanceMs: this.#allowanceMs(call),
      issued: (id: string) => tap.issued(id),
      expected: this.#expected(call),
      awsStartedAt: call.awsStartedAt,
      isTimeUnknowable: this.#isTimeUnknowable(call),
      isClockRight: !this.#wasAwsMoved(call) && !this.#active(call, echoMs).some((kind) => ruleOf(kind).at === 'clock'),
      explained: this.#explained(call),
    };
  }

  #expected(call: Call): readonly Expected[] {
    const { startedAt, endedAt } = call;
    const { role, name } = call.profile;
    if (name === edited) {
      const roles = this.#chaos.editedRolesBetween(startedAt, endedAt);
      return roles.map((one) => ({ kind: 'role', roleArn: roleArn(one) }));
    }
    if (role !== undefined) return [{ kind: 'role', roleArn: roleArn(role) }];
    const keys = { kind: 'keys', accessKeyId, secretAccessKey } as const;
    // Without its last line the profile is one of a session.
    const isCut = this.#active(call, settlingMs).includes('config-truncated');
    return isCut ? [keys, { kind: 'session' }] : [keys];
  }

  /** A wall clock that was turned back is found out as long as the state has what AWS said; an AWS that is off, only by the next call of it. */
  #isTimeUnknowable(call: Call): boolean {
    if (this.#wasAwsMoved(call)) return true;
    const kinds = this.#active(call, echoMs);
    return kinds.includes('clock-turned') && !(call.knewClock && this.#chaos.knowsClock);
  }

  #wasAwsMoved(call: Call): boolean {
    return this.#active(call, Number.POSITIVE_INFINITY).includes('sts-clock-moves');
  }

  #explained(call: Call): readonly ExitStatus[] {
    const { needsLogin } = call.profile;
    const ofAws = this.#active(call, callEchoMs).filter((kind) => ruleOf(kind).at === 'sts');
    const statuses = [...this.#active(call, echoMs), ...ofAws].flatMap((kind) => ruleOf(kind).explains);
    // Whoever was stopped in the middle of a call finds its connections ended.
    const ofStop: readonly ExitStatus[] = this.#stoppedMs(call) > 0 ? [5, 7] : [];
    // It says so, and goes on in the background.
    const ofStarvation: readonly ExitStatus[] = this.#isStarved(call) ? [7] : [];
    const isSleptThrough = this.#active(call, echoMs).includes('machine-sleeps') && clockWords.test(call.ran.stderr);
    const ofSleeps: readonly ExitStatus[] = isSleptThrough ? [6] : [];
    const ofAgent: readonly ExitStatus[] = this.#waitedForStoppedAgent(call) ? [outOfTime] : [];
    return [...statuses.filter((status) => needsLogin || status !== 4), ...ofStop, ...ofStarvation, ...ofSleeps, ...ofAgent];
  }

  async #missed(call: Call): Promise<string | undefined> {
    if (call.profile.role === undefined || this.#stoppedMs(call) > 0) return undefined;
    if (call.ran.status === outOfTime && (this.#isStarved(call) || this.#waitedForStoppedAgent(call))) return undefined;
    const taken = this.#active(call, settlingMs).flatMap((kind) => ruleOf(kind).takesAway ?? []);
    if (taken.includes('everything')) return undefined;
    const reach = {
      hasStore: !taken.includes('store'),
      hasAgent: !taken.includes('agent') && this.#chaos.agentUndisturbedSince < call.startedAt,
    };
    const [expected] = this.#expected(call);
    if (expected?.kind !== 'role') return undefined;
    const found = await wasWithinReach(call, expected.roleArn, { reach, chaos: this.#chaos });
    // An agent that gives them now may have them from a store that has come back since.
    return reach.hasStore || !this.#isStoreBack(call) ? found : undefined;
  }

  #isStoreBack(call: Call): boolean {
    return this.#overlapping(call, settlingMs).some(({ kind, ending }) => {
      const { takesAway, isOverAtOnce } = ruleOf(kind);
      return takesAway === 'store' && (isOverAtOnce === true || ending !== undefined);
    });
  }

  #waitedForStoppedAgent({ startedAt, endedAt }: Call): boolean {
    const stops = this.#chaos.blows.filter(({ kind, pid }) => kind === 'stop' && this.#chaos.isAgent(pid));
    return stops.some(({ from, to }) => Math.min(to, endedAt) - Math.max(from, startedAt) > agentStopMs);
  }

  #active(call: Call, lingersMs: number): readonly FaultKind[] {
    return [...new Set(this.#overlapping(call, lingersMs).map(({ kind }) => kind))].sort();
  }

  #overlapping({ startedAt, endedAt }: Call, lingersMs: number): readonly Spell[] {
    return this.#spells.slice(this.#forgotten).filter(({ from, to }) => from < endedAt && to + lingersMs > startedAt);
  }

  #stoppedMs({ pid, startedAt, endedAt }: Call): number {
    const stops = this.#chaos.blows.filter((blow) => blow.kind === 'stop' && struck(blow, pid));
    return stops.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, endedAt) - Math.max(from, startedAt)), 0);
  }

  #slowestMs({ startedAt, endedAt }: Call): number {
    return this.#canary.slowestMs(startedAt, endedAt);
  }

  /** What an empty process takes longer than at its best, for each that a `get` is worth. */
  #allowanceMs(call: Call): number {
    const slowestMs = this.#slowestMs(call);
    const allowanceMs = processesInAGet * Math.max(0, slowestMs - this.#canary.quietMs());
    return slowestMs < starvedMs ? allowanceMs : allowanceMs + starvedLimitMs - deadlineMs;
  }

  /** Who has waited half its time for a lock that somebody left behind needs the other half on a machine that is slow already. */
  #isStarved(call: Call): boolean {
    const slowestMs = this.#slowestMs(call);
    const isBehindLock = this.#active(call, echoMs).some((kind) => ruleOf(kind).at === 'holder');
    return slowestMs > starvedFactor * this.#canary.quietMs() || (isBehindLock && slowestMs > starvedMs);
  }
}

function struck({ pid, parent }: Blow, caller: number): boolean {
  return pid === caller || parent === caller;
}
