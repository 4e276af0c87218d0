// What a seed means: one round after another, each with its faults, its callers and its jumps of time. Pure: one seed, one schedule.

import { type FaultKind, faultKinds, ruleOf } from './fault-rules.ts';
import { Random } from './random.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** After the round's start. */
  readonly atMs: number;
  readonly holdMs: number;
  /** For what the fault itself leaves to chance. */
  readonly seed: number;
}

export interface Round {
  readonly number: number;
  readonly faults: readonly PlannedFault[];
  /** How long the machine sleeps before the round: what was fresh is then due, expiring or over. */
  readonly sleptMs: number;
  readonly hasAgent: boolean;
  /** Callers at the same time. */
  readonly lanes: number;
  /** Callers keep coming for so long. */
  readonly lastsMs: number;
  /** For what the callers leave to chance. */
  readonly seed: number;
}

const minute = 60_000;
/** One-hour credentials: fresh, due, expiring, about to end, over. */
const sleeps = [0, 5 * minute, 41 * minute, 47 * minute, 58 * minute, 62 * minute];

/** Without end. `possible` leaves out what cannot be done on this machine. */
export function* schedule(seed: number, possible: readonly FaultKind[] = faultKinds): Generator<Round, never> {
  const random = new Random(seed);
  for (let number = 1; ; number++) yield planRound(number, random.fork(), possible);
}

function planRound(number: number, random: Random, possible: readonly FaultKind[]): Round {
  const faults = planFaults(random, possible);
  const ends = faults.map(({ atMs, holdMs }) => atMs + holdMs);
  return {
    number,
    faults,
    sleptMs: random.pick(sleeps) + random.between(0, minute),
    hasAgent: random.chance(0.6),
    lanes: random.between(2, 5),
    lastsMs: Math.max(...ends) + random.between(200, 1_000),
    seed: random.between(0, 0x7fff_ffff),
  };
}

/** One to three, no two of them at the same thing. */
function planFaults(random: Random, possible: readonly FaultKind[]): readonly PlannedFault[] {
  const chosen: FaultKind[] = [];
  const wanted = random.pick([1, 1, 2, 2, 3]);
  for (const kind of random.some(possible, possible.length)) {
    const { at } = ruleOf(kind);
    const isRare = ruleOf(kind).isLong === true && !random.chance(0.25);
    if (chosen.length < wanted && !isRare && chosen.every((other) => ruleOf(other).at !== at)) chosen.push(kind);
  }
  return chosen.map((kind) => {
    const [least, most] = ruleOf(kind).holdMs;
    return { kind, atMs: random.between(0, 1_500), holdMs: random.between(least, most), seed: random.between(0, 0x7fff_ffff) };
  });
}
