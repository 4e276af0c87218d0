// What was done to a call and around it, and which failures and delays that excuses. Pure. All other failures are wrong.

import type { ExitStatus } from '../../src/errors.ts';
import type { Blow } from './chaos-world.ts';
import { type FaultKind, type FaultRule, ruleOf } from './fault-rules.ts';
import { deadlineMs } from './invariants.ts';

/** A fault while it lasted, on the monotonic clock. */
export interface Spell {
  readonly kind: FaultKind;
  readonly from: number;
  to: number;
  /** What it took away may be back from here on. */
  ending?: number;
}

/** Times on the monotonic clock. */
export interface Plight {
  readonly pid: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly stderr: string;
  readonly needsLogin: boolean;
  readonly spells: readonly Spell[];
  readonly blows: readonly Blow[];
  readonly isAgent: (pid: number) => boolean;
  /** What an empty process took, at its slowest about the time of the call and at its best. */
  readonly slowestMs: number;
  readonly quietMs: number;
}

/** A failure is given to everybody for five seconds more. */
export const echoMs = 6_000;
/** What was held up by a fault goes on when it ends, not at that very moment. */
export const settlingMs = 500;
/** A call to AWS that began in a fault lasts until its own deadline, and whoever joins it gets what becomes of it. */
const callEchoMs = 16_000;
/** A `get` that refreshes takes the CPU time of 5.2 empty processes (231 ms against 44); what the keyring does for it comes on top. */
const processesInAGet = 6;
/**
 * So slow an empty process, and a program may need 450 ms for its start: then it takes its machine for a starved one, and gives itself 45 s, from
 * when it has started (commands/get.ts). It loads half as much again, and no two starts are alike.
 */
const starvedMs = 225;
const starvedLimitMs = 45_000;
/** Where an empty process takes so many times its best, a refresh may not come to its end in time. */
const starvedFactor = 4;
/** Whom the agent has acknowledged waits for it. Stopped for so long, it has no time left to refresh anything. */
const agentStopMs = 2_000;
/** A call is tried once more where it was slept through. Two sleeps may fall into one: that between two rounds, and the fault. */
const clockWords = /this computer's clock is [^\n]* behind/;

/** With which statuses a call may end that had nothing valid within reach. */
export function excusedStatuses(plight: Plight): readonly ExitStatus[] {
  const ofAws = activeKinds(plight, callEchoMs).filter((kind) => ruleOf(kind).at === 'sts');
  const kinds = activeKinds(plight, echoMs);
  const ofFaults = [...kinds, ...ofAws].flatMap((kind) => ruleOf(kind).explains);
  const statuses = ofFaults.filter((status) => plight.needsLogin || status !== 4);
  // Whoever was stopped in the middle of a call finds its connections ended.
  if (stoppedMs(plight) > 0) statuses.push(5, 7);
  if (isOutOfTime(plight)) statuses.push(7);
  if (kinds.includes('machine-sleeps') && clockWords.test(plight.stderr)) statuses.push(6);
  return [...new Set(statuses)].sort();
}

/** It ended with 7, and says so, though something valid may have been there: it goes on in the background. */
export function isOutOfTime(plight: Plight): boolean {
  return isStarved(plight) || waitedForStoppedAgent(plight);
}

/** For how long after its 4 s it may answer: what an empty process takes longer than at its best, for each that a `get` is worth. */
export function allowanceMs({ slowestMs, quietMs }: Plight): number {
  const slownessMs = processesInAGet * Math.max(0, slowestMs - quietMs);
  return slowestMs < starvedMs ? slownessMs : slownessMs + starvedLimitMs - deadlineMs;
}

export function stoppedMs({ pid, startedAt, endedAt, blows }: Plight): number {
  const stops = blows.filter((blow) => blow.kind === 'stop' && struck(blow, pid));
  return stops.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, endedAt) - Math.max(from, startedAt)), 0);
}

export function isKilled({ pid, blows }: Plight): boolean {
  return blows.some((blow) => blow.kind === 'kill' && struck(blow, pid));
}

export function activeKinds(plight: Plight, lingersMs: number): readonly FaultKind[] {
  return [...new Set(overlapping(plight, lingersMs).map(({ kind }) => kind))].sort();
}

/** Where its credentials cannot be expected to come from. */
export function takenAway(plight: Plight): readonly FaultRule['takesAway'][] {
  return activeKinds(plight, settlingMs).flatMap((kind) => ruleOf(kind).takesAway ?? []);
}

/** The store was away, and may have come back before the call ended: who has something in memory after it may have it from there. */
export function isStoreBack(plight: Plight): boolean {
  return overlapping(plight, settlingMs).some(({ kind, ending }) => {
    const { takesAway, isOverAtOnce } = ruleOf(kind);
    return takesAway === 'store' && (isOverAtOnce === true || ending !== undefined);
  });
}

/** Who has waited half its time for a lock that somebody left behind needs the other half on a machine that is slow already. */
function isStarved(plight: Plight): boolean {
  const { slowestMs, quietMs } = plight;
  const isBehindLock = activeKinds(plight, echoMs).some((kind) => ruleOf(kind).at === 'holder');
  return slowestMs > starvedFactor * quietMs || (isBehindLock && slowestMs > starvedMs);
}

function waitedForStoppedAgent({ startedAt, endedAt, blows, isAgent }: Plight): boolean {
  const stops = blows.filter(({ kind, pid }) => kind === 'stop' && isAgent(pid));
  return stops.some(({ from, to }) => Math.min(to, endedAt) - Math.max(from, startedAt) > agentStopMs);
}

function overlapping({ startedAt, endedAt, spells }: Plight, lingersMs: number): readonly Spell[] {
  return spells.filter(({ from, to }) => from < endedAt && to + lingersMs > startedAt);
}

function struck({ pid, parent }: Blow, caller: number): boolean {
  return pid === caller || parent === caller;
}
