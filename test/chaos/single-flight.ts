// At most one AssumeRole of a key id is under way. Where there are two, something that was done explains it. Pure.

import type { Blow } from './chaos-world.ts';
import type { Flight } from './wire-tap.ts';

export interface Circumstances {
  readonly blows: readonly Blow[];
  /** When processes began, by pid; for those that are known. */
  readonly startedAt: (pid: number) => number | undefined;
  /** Since when the agent had been asked for that role by callers that still waited. Undefined for a process that is no agent, or that nobody asked. */
  readonly askedSince: (flight: Flight) => number | undefined;
  readonly lock: 'kernel' | 'lease';
  /** Times without a place for locks. */
  readonly withoutLocks: readonly { readonly from: number; readonly to: number }[];
}

export interface Extra {
  /** Undefined where nothing explains it. */
  readonly why: string | undefined;
  readonly flight: Flight;
  /** Under way when it began. */
  readonly earlier: readonly Flight[];
}

/** A `get` with nothing valid passes over a lock after 2 s (decisions.md 3). A little less: it was not us who started the clock. */
const patienceMs = 1_900;
/** The stale time of the lease, and its rounds. */
const leaseMs = 17_000;
/** A killed process's connection ends a little after it. */
const lingersMs = 250;

/** Every AssumeRole that began while another of the same key was under way. */
export function extraFlights(flights: readonly Flight[], circumstances: Circumstances): readonly Extra[] {
  const calls = flights.filter(({ operation }) => operation === 'AssumeRole');
  return calls.flatMap((flight) => {
    const others = calls.filter((other) => other !== flight && other.key === flight.key && isUnderWayAt(flight.startedAt, other));
    const earlier = others.filter((other) => other.startedAt < flight.startedAt);
    return earlier.length === 0 ? [] : [{ flight, earlier, why: explanation(flight, earlier, circumstances) }];
  });
}

function isUnderWayAt(at: number, { startedAt, endedAt }: Flight): boolean {
  return startedAt <= at && (endedAt === undefined || endedAt > at);
}

function explanation(flight: Flight, earlier: readonly Flight[], circumstances: Circumstances): string | undefined {
  const { blows, lock } = circumstances;
  const at = flight.startedAt;
  const isHit = (kind: Blow['kind'], pid: number | undefined) =>
    blows.some((blow) => blow.kind === kind && blow.pid === pid && blow.from <= at && at < blow.to + lingersMs);
  if (earlier.some(({ pid }) => isHit('stop', pid))) return 'the holder was stopped';
  if (earlier.some(({ pid }) => isHit('kill', pid))) return 'the holder was killed';
  if (earlier.some((other) => at - other.startedAt >= patienceMs)) return 'the lock was passed over after 2 s';
  // Whoever passed over a lock may have been first at AWS: the holder was held up before its call.
  if ([flight, ...earlier].some((one) => hasWaited(one, circumstances))) return 'the lock was passed over after 2 s';
  if (earlier.some((other) => wasStoppedWhen(other, flight, blows))) return 'the holder was stopped before its call';
  if ([flight, ...earlier].some((one) => hadNoLock(one, circumstances))) return 'there was no place for locks';
  if (lock === 'lease' && blows.some(({ from }) => from <= at && at - from < leaseMs))
    return 'the lease of a killed or stopped holder';
  return undefined;
}

function hasWaited(flight: Flight, { startedAt, askedSince }: Circumstances): boolean {
  const begun = (flight.pid === undefined ? undefined : startedAt(flight.pid)) ?? askedSince(flight);
  return begun !== undefined && flight.startedAt - begun >= patienceMs;
}

/** It looked for the place some time between its start and its call. */
function hadNoLock({ pid, startedAt: at }: Flight, { startedAt, withoutLocks }: Circumstances): boolean {
  const begun = (pid === undefined ? undefined : startedAt(pid)) ?? at;
  return withoutLocks.some(({ from, to }) => from <= at && begun <= to);
}

function wasStoppedWhen(other: Flight, { pid, startedAt }: Flight, blows: readonly Blow[]): boolean {
  return blows.some(
    ({ kind, ...blow }) =>
      kind === 'stop' && blow.pid === pid && blow.from <= other.startedAt && other.startedAt <= blow.to && blow.to <= startedAt,
  );
}
