import { describe, expect, it } from 'vitest';
import { type Circumstances, extraFlights } from './single-flight.ts';
import type { Flight } from './wire-tap.ts';

function flight(pid: number, startedAt: number, endedAt: number | undefined, key = 'Dev'): Flight {
  return { operation: 'AssumeRole', key, roleArn: key, pid, startedAt, endedAt, issued: undefined };
}

function reasons(flights: readonly Flight[], more: Partial<Circumstances> = {}): readonly (string | undefined)[] {
  const nobody = { startedAt: () => undefined, askedSince: () => undefined };
  const circumstances = { blows: [], ...nobody, lock: 'kernel' as const, withoutLocks: [], ...more };
  return extraFlights(flights, circumstances).map(({ why }) => why);
}

const two = [flight(1, 1_000, 1_500), flight(2, 1_200, 1_600)];
const forEver = Number.POSITIVE_INFINITY;

describe('extraFlights', () => {
  it('has nothing to say of calls one after another, or of other key ids', () => {
    expect(reasons([flight(1, 0, 100), flight(2, 100, 200), flight(3, 150, 250, 'Ops')])).toEqual([]);
  });

  it('finds two at once that nothing explains', () => {
    expect(reasons(two)).toEqual([undefined]);
    expect(reasons([flight(1, 1_000, undefined), flight(2, 1_200, 1_600)])).toEqual([undefined]);
  });

  it.each<[string, Partial<Circumstances>]>([
    ['the holder was stopped', { blows: [{ kind: 'stop', pid: 1, from: 1_100, to: 9_000 }] }],
    ['the holder was killed', { blows: [{ kind: 'kill', pid: 1, from: 1_100, to: forEver }] }],
    ['the lock was passed over after 2 s', { startedAt: (pid) => (pid === 2 ? -900 : undefined) }],
    ['the lock was passed over after 2 s', { startedAt: (pid) => (pid === 1 ? -1_000 : undefined) }],
    ['the lock was passed over after 2 s', { askedSince: ({ pid }) => (pid === 2 ? -900 : undefined) }],
    ['the holder was stopped before its call', { blows: [{ kind: 'stop', pid: 2, from: 900, to: 1_100 }] }],
    ['there was no place for locks', { withoutLocks: [{ from: 0, to: 2_000 }] }],
    ['there was no place for locks', { withoutLocks: [{ from: 0, to: 900 }], startedAt: (pid) => (pid === 1 ? 800 : undefined) }],
    ['there was no place for locks', { withoutLocks: [{ from: 0, to: 900 }], startedAt: (pid) => (pid === 2 ? 800 : undefined) }],
    ['the lease of a killed or stopped holder', { lock: 'lease', blows: [{ kind: 'kill', pid: 7, from: 0, to: forEver }] }],
  ])('explains two at once: %s', (why, more) => {
    expect(reasons(two, more)).toEqual([why]);
  });

  it('explains a second call by a first that takes long', () => {
    expect(reasons([flight(1, 0, 5_000), flight(2, 2_000, 2_100)])).toEqual(['the lock was passed over after 2 s']);
  });

  it.each<[string, Partial<Circumstances>]>([
    ['a stop that is over', { blows: [{ kind: 'stop', pid: 1, from: 100, to: 500 }] }],
    ['a stop that comes later', { blows: [{ kind: 'stop', pid: 1, from: 1_300, to: 2_000 }] }],
    ['a stop of the second that was over when the first began', { blows: [{ kind: 'stop', pid: 2, from: 100, to: 900 }] }],
    ['an agent that was asked just now', { askedSince: () => -600 }],
    ['a kill of somebody else', { blows: [{ kind: 'kill', pid: 7, from: 1_100, to: forEver }] }],
    ['a place for locks that came back', { withoutLocks: [{ from: 0, to: 900 }] }],
  ])('takes no excuse from %s', (_what, more) => {
    expect(reasons(two, more)).toEqual([undefined]);
  });
});
