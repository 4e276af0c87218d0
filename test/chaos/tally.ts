// Counts of a run, and every broken rule with what was going on. Plain data in, plain data out.

import type { Ran } from '../harness/world.ts';
import type { FaultKind } from './fault-rules.ts';
import { deadlineMs } from './invariants.ts';

export interface Violation {
  readonly round: number;
  /** What was asked, of whom. */
  readonly what: string;
  readonly broken: readonly string[];
  /** Faults active at the time or just before. */
  readonly faults: readonly FaultKind[];
  readonly tookMs: number;
  readonly stderr: string;
  readonly canaryMs: number;
}

export type Counts = Readonly<Record<string, number>>;

/** One seed's run, as JSON. */
export interface RunReport {
  readonly seed: number;
  readonly minutes: number;
  readonly lock: 'kernel' | 'lease';
  readonly rounds: number;
  readonly faults: Counts;
  /** By exit status, `killed` for those that a fault ended. */
  readonly answers: Counts;
  /** Calls of AWS, by operation. */
  readonly calls: Counts;
  /** Failures that were right: exit status, and the faults that explain it. */
  readonly rightFailures: Counts;
  /** A second AssumeRole under way for the same key id, by what explains it. */
  readonly extraRefreshes: Counts;
  /** Answers after 4 s of own time that the canary excuses. */
  readonly excusedLate: number;
  readonly slowestMs: number;
  readonly canary: { readonly quietMs: number; readonly medianMs: number; readonly slowestMs: number };
  readonly recoveries: number;
  readonly hoursPassed: number;
  /** Agents that left without being told to, with status 0: their lease was lost. */
  readonly agentsLeft: number;
  /** Faults that this machine cannot make, with the reason. */
  readonly impossible: Readonly<Record<string, string>>;
  readonly violations: readonly Violation[];
}

export class Tally {
  round = 0;
  recoveries = 0;
  agentsLeft = 0;
  readonly faults = new Map<string, number>();
  readonly extraRefreshes = new Map<string, number>();
  readonly violations: Violation[] = [];
  readonly #answers = new Map<string, number>();
  readonly #rightFailures = new Map<string, number>();
  #excusedLate = 0;
  #slowestMs = 0;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  answer({ status }: Ran): void {
    countIn(this.#answers, status === undefined ? 'killed' : String(status));
  }

  lateness(ownMs: number, allowanceMs: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, Math.round(ownMs));
    if (ownMs > deadlineMs && ownMs <= deadlineMs + allowanceMs) this.#excusedLate += 1;
  }

  rightFailure(status: number, faults: readonly FaultKind[]): void {
    countIn(this.#rightFailures, `${status} while ${faults.length === 0 ? 'the machine was starved' : faults.join(' + ')}`);
  }

  violation(seen: Omit<Violation, 'round'>): void {
    const violation = { round: this.round, ...seen };
    this.violations.push(violation);
    this.#say(`VIOLATION ${JSON.stringify(violation)}`);
  }

  counts() {
    return {
      rounds: this.round,
      faults: sorted(this.faults),
      answers: sorted(this.#answers),
      rightFailures: sorted(this.#rightFailures),
      extraRefreshes: sorted(this.extraRefreshes),
      excusedLate: this.#excusedLate,
      slowestMs: this.#slowestMs,
      recoveries: this.recoveries,
      agentsLeft: this.agentsLeft,
      violations: this.violations,
    };
  }
}

export function countIn(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

export function sorted(counts: ReadonlyMap<string, number>): Counts {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
