// Gathers what is known of an answer, has it judged, and keeps count. The only place that knows which faults were active when.

import { accessKeyId, roleArn, secretAccessKey } from '../harness/world.ts';
import type { Call } from './callers.ts';
import type { Canary } from './canary.ts';
import type { ChaosWorld } from './chaos-world.ts';
import {
  activeKinds,
  allowanceMs,
  echoMs,
  excusedStatuses,
  isKilled,
  isOutOfTime,
  isStoreBack,
  type Plight,
  type Spell,
  settlingMs,
  stoppedMs,
  takenAway,
} from './excuses.ts';
import { type FaultKind, ruleOf } from './fault-rules.ts';
import { brokenRules, type Expected } from './invariants.ts';
import { edited } from './profiles.ts';
import { wasWithinReach } from './second-look.ts';
import type { Tally } from './tally.ts';
import type { Flight } from './wire-tap.ts';

const outOfTime = 7;
const forEver = Number.POSITIVE_INFINITY;

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
    const spell = { kind, from: performance.now(), to: forEver };
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
        this.#expected(call, this.#plightOf(call)).some((one) => one.kind === 'role' && one.roleArn === arn),
    );
    return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ startedAt }) => startedAt));
  }

  async judge(call: Call): Promise<void> {
    const { ran } = call;
    this.begun.set(call.pid, call.startedAt);
    this.#calls.push(call);
    const plight = this.#plightOf(call);
    const broken = [...brokenRules(this.#factsOf(call, plight))];
    const faults = activeKinds(plight, echoMs);
    if (ran.status !== undefined && ran.status !== 0 && broken.length === 0) {
      const missed = await this.#missed(call, plight);
      if (missed === undefined) this.#tally.rightFailure(ran.status, faults);
      else broken.push(`exit status ${ran.status}, though ${missed}: ${ran.stderr.trim()}`);
    }
    this.#tally.answer(ran);
    this.#tally.lateness(ran.tookMs - stoppedMs(plight), allowanceMs(plight));
    if (broken.length === 0) return;
    const { stderr, tookMs } = ran;
    this.#tally.violation({ what: `get ${call.profile.name}`, broken, faults, stderr, tookMs, canaryMs: plight.slowestMs });
  }

  #plightOf({ pid, startedAt, endedAt, profile, ran }: Call): Plight {
    return {
      pid,
      startedAt,
      endedAt,
      stderr: ran.stderr,
      needsLogin: profile.needsLogin,
      spells: this.#spells.slice(this.#forgotten),
      blows: this.#chaos.blows,
      isAgent: (one) => this.#chaos.isAgent(one),
      slowestMs: this.#canary.slowestMs(startedAt, endedAt),
      quietMs: this.#canary.quietMs(),
    };
  }

  #factsOf(call: Call, plight: Plight) {
    return {
      ran: call.ran,
      isKilled: isKilled(plight),
      stoppedMs: stoppedMs(plight),
      allowanceMs: allowanceMs(plight),
      issued: (id: string) => this.#chaos.tap.issued(id),
      expected: this.#expected(call, plight),
      awsStartedAt: call.awsStartedAt,
      isTimeUnknowable: this.#isTimeUnknowable(call, plight),
      isClockRight: !wasAwsMoved(plight) && !activeKinds(plight, echoMs).some((kind) => ruleOf(kind).at === 'clock'),
      explained: excusedStatuses(plight),
    };
  }

  #expected({ startedAt, endedAt, profile: { role, name } }: Call, plight: Plight): readonly Expected[] {
    if (name === edited) {
      const roles = this.#chaos.editedRolesBetween(startedAt, endedAt);
      return roles.map((one) => ({ kind: 'role', roleArn: roleArn(one) }));
    }
    if (role !== undefined) return [{ kind: 'role', roleArn: roleArn(role) }];
    const keys = { kind: 'keys', accessKeyId, secretAccessKey } as const;
    // Without its last line the profile is one of a session.
    const isCut = activeKinds(plight, settlingMs).includes('config-truncated');
    return isCut ? [keys, { kind: 'session' }] : [keys];
  }

  /** A wall clock that was turned back is found out as long as the state has what AWS said; an AWS that is off, only by the next call of it. */
  #isTimeUnknowable({ knewClock }: Call, plight: Plight): boolean {
    if (wasAwsMoved(plight)) return true;
    return activeKinds(plight, echoMs).includes('clock-turned') && !(knewClock && this.#chaos.knowsClock);
  }

  /** In words, what the caller should have been given in place of its failure. */
  async #missed(call: Call, plight: Plight): Promise<string | undefined> {
    if (call.profile.role === undefined || stoppedMs(plight) > 0) return undefined;
    if (call.ran.status === outOfTime && isOutOfTime(plight)) return undefined;
    const taken = takenAway(plight);
    if (taken.includes('everything')) return undefined;
    const reach = {
      hasStore: !taken.includes('store'),
      hasAgent: !taken.includes('agent') && this.#chaos.agentUndisturbedSince < call.startedAt,
    };
    let found: string | undefined;
    // Of several roles, by an edit of the config meanwhile, nobody can tell which one it was asked for.
    for (const expected of this.#expected(call, plight)) {
      if (expected.kind !== 'role') return undefined;
      found = await wasWithinReach(call, expected.roleArn, { reach, chaos: this.#chaos });
      if (found === undefined) return undefined;
    }
    // An agent that gives them now may have them from a store that has come back since.
    return reach.hasStore || !isStoreBack(plight) ? found : undefined;
  }
}

function wasAwsMoved(plight: Plight): boolean {
  return activeKinds(plight, forEver).includes('sts-clock-moves');
}
