// Every excuse can be refused: what it excuses it excuses, and the nearest thing that it must not excuse stays a failure.

import { describe, expect, it } from 'vitest';
import { allowanceMs, excusedStatuses, isOutOfTime, isStoreBack, type Plight, type Spell, stoppedMs } from './excuses.ts';
import { type FaultKind, faultKinds } from './fault-rules.ts';
import { deadlineMs } from './invariants.ts';

const pid = 7;
const agent = 70;
const [startedAt, endedAt] = [100_000, 101_000];
const forEver = Number.POSITIVE_INFINITY;

/** A call on a quick machine to which nothing was done. */
function plight(more: Partial<Plight> = {}): Plight {
  const machine = { slowestMs: 60, quietMs: 50 };
  const call = { pid, startedAt, endedAt, stderr: '', needsLogin: true };
  return { ...call, ...machine, spells: [], blows: [], isAgent: (one) => one === agent, ...more };
}

function spell(kind: FaultKind, from: number, to: number, more: Partial<Spell> = {}): Spell {
  return { kind, from, to, ...more };
}

function stop(of: number, from: number, to: number, parent?: number) {
  return { kind: 'stop' as const, pid: of, parent, from, to };
}

const slow = "AWS says: this computer's clock is 70 s behind";

describe('excusedStatuses', () => {
  it('excuses nothing where nothing was done', () => {
    expect(excusedStatuses(plight())).toEqual([]);
  });

  it.each<[string, Partial<Plight>, readonly number[]]>([
    ['a fault in the middle', { spells: [spell('keyring-locked', 100_400, 100_500)] }, [5]],
    ['a fault that still lasts', { spells: [spell('sts-throttles', 99_000, forEver)] }, [6]],
    ['a failure that is told for five seconds more', { spells: [spell('sts-throttles', 90_000, 94_100)] }, [6]],
    ['a call to AWS that began in a fault', { spells: [spell('sts-hangs', 80_000, 84_100)] }, [7]],
    ['two faults at once', { spells: [spell('keyring-frozen', 99_000, forEver), spell('sts-lies', 99_000, forEver)] }, [5, 6, 7]],
    ['a login that is gone', { spells: [spell('logged-out', 99_000, forEver)] }, [4]],
    ['a stop of itself', { blows: [stop(pid, 100_100, 100_200)] }, [5, 7]],
    ["a stop of its launcher's program", { blows: [stop(8, 100_100, 100_200, pid)] }, [5, 7]],
    ['an agent that was stopped for over 2 s', { endedAt: 104_000, blows: [stop(agent, 100_500, 102_600)] }, [7]],
    ['a machine of a fifth of its speed', { slowestMs: 250 }, [7]],
    [
      'a lock left behind, on a slow machine',
      { quietMs: 100, slowestMs: 226, spells: [spell('holder-killed', 96_000, 97_000)] },
      [7],
    ],
    ['a sleep that shows in the words', { stderr: slow, spells: [spell('machine-sleeps', 99_900, 100_100)] }, [6]],
  ])('%s', (_what, more, statuses) => {
    expect(excusedStatuses(plight(more))).toEqual(statuses);
  });

  it.each<[string, Partial<Plight>]>([
    ['a fault that comes after the end', { spells: [spell('sts-throttles', 101_000, forEver)] }],
    ['a fault of seven seconds ago', { spells: [spell('keyring-locked', 90_000, 93_000)] }],
    ['a call to AWS of a fault long ago', { spells: [spell('sts-hangs', 80_000, 83_900)] }],
    ['a login that is gone, for one who needs none', { needsLogin: false, spells: [spell('logged-out', 99_000, forEver)] }],
    ['a caller that was killed', { spells: [spell('callers-killed', 99_000, forEver)] }],
    ['a stop of another', { blows: [stop(9, 100_100, 100_200)] }],
    ['a stop that was over', { blows: [stop(pid, 99_000, 100_000)] }],
    ['an agent that was stopped for less than 2 s', { endedAt: 104_000, blows: [stop(agent, 100_500, 102_400)] }],
    ['an agent whose stop was nearly over', { endedAt: 104_000, blows: [stop(agent, 90_000, 101_900)] }],
    ['somebody else who was stopped for long', { endedAt: 104_000, blows: [stop(71, 100_500, 103_000)] }],
    ['a machine of a quarter of its speed', { slowestMs: 200 }],
    ['a slow machine without a lock left behind', { quietMs: 100, slowestMs: 300 }],
    ['a lock left behind on a quick machine', { spells: [spell('holder-killed', 96_000, 97_000)] }],
    ['a sleep of which the words say nothing', { stderr: 'refused', spells: [spell('machine-sleeps', 99_900, 100_100)] }],
    ['words of a sleep that was none', { stderr: slow }],
    ['a disk that is full', { spells: [spell('disk-full', 99_000, forEver)] }],
  ])('is not moved by %s', (_what, more) => {
    expect(excusedStatuses(plight(more))).toEqual([]);
  });

  it('excuses no fault of the program itself, whatever is done to it', () => {
    const everything = faultKinds.map((kind) => spell(kind, 99_000, forEver));
    const blows = [stop(pid, 100_100, 100_200), stop(agent, 99_000, forEver)];
    const statuses = excusedStatuses(plight({ spells: everything, blows, slowestMs: 9_000, stderr: slow }));
    expect(statuses).toEqual([3, 4, 5, 6, 7]);
  });
});

describe('isOutOfTime', () => {
  it('is so for a starved machine and a stopped agent, not for a fault at AWS or a stop of itself', () => {
    expect(isOutOfTime(plight({ slowestMs: 201 }))).toBe(true);
    expect(isOutOfTime(plight({ endedAt: 104_000, blows: [stop(agent, 99_000, forEver)] }))).toBe(true);
    expect(isOutOfTime(plight({ spells: [spell('sts-hangs', 99_000, forEver)] }))).toBe(false);
    expect(isOutOfTime(plight({ blows: [stop(pid, 100_100, 100_900)] }))).toBe(false);
  });
});

describe('allowanceMs', () => {
  it('is what the machine is slower than at its best, of six processes', () => {
    expect(allowanceMs(plight({ slowestMs: 50 }))).toBe(0);
    expect(allowanceMs(plight({ slowestMs: 40 }))).toBe(0);
    expect(allowanceMs(plight({ slowestMs: 224 }))).toBe(6 * 174);
  });

  it('is the limit of a starved get on top, where an empty process takes as long as on a starved machine', () => {
    expect(allowanceMs(plight({ slowestMs: 225 }))).toBe(6 * 175 + 45_000 - deadlineMs);
  });
});

describe('stoppedMs', () => {
  it('counts what of a stop fell into the call', () => {
    const blows = [
      stop(pid, 90_000, 100_200),
      stop(8, 100_500, 100_600, pid),
      stop(9, 100_100, 100_900),
      stop(pid, 100_900, forEver),
    ];
    expect(stoppedMs(plight({ blows }))).toBe(200 + 100 + 100);
  });
});

describe('isStoreBack', () => {
  it.each<[string, readonly Spell[], boolean]>([
    ['a keyring that was locked and is being unlocked', [spell('keyring-locked', 99_000, forEver, { ending: 100_500 })], true],
    ['a keyring that starts again by itself', [spell('keyring-restarted', 99_000, forEver)], true],
    ['a keyring that is locked all the time', [spell('keyring-locked', 99_000, forEver)], false],
    ['an agent that is back', [spell('agent-stopped', 99_000, forEver, { ending: 100_500 })], false],
    ['a keyring that was back long before', [spell('keyring-restarted', 98_000, 99_400)], false],
  ])('%s', (_what, spells, isBack) => {
    expect(isStoreBack(plight({ spells }))).toBe(isBack);
  });
});
