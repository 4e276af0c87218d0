import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Anchor,
  anchorFrom,
  anchorJson,
  awsNow,
  isWorthKeeping,
  parseAnchor,
  toLocal,
  toleranceMs,
} from '../../src/credentials/clock-offset.ts';

const second = 1_000;
const hour = 3_600_000;
const year = 365 * 24 * hour;

// One world for all properties: true time, what the wall clock is off by, and the boot.
const trueTime = fc.integer({ min: 1.5e12, max: 2.5e12 });
const offset = fc.oneof(fc.integer({ min: -3 * second, max: 3 * second }), fc.integer({ min: -50 * year, max: 50 * year }));
const uptime = fc.integer({ min: 0, max: year });
const passed = fc.oneof(fc.integer({ min: 0, max: 10 * second }), fc.integer({ min: 0, max: 30 * 24 * hour }));

function learnt({ at, off, up }: { readonly at: number; readonly off: number; readonly up: number }): Anchor {
  return anchorFrom(at, { wallMs: at + off, uptimeMs: up });
}

describe('awsNow', () => {
  it('is the wall clock before anything was learnt', () => {
    expect(awsNow(undefined, { wallMs: 1_767_000_000_000, uptimeMs: 5 })).toBe(1_767_000_000_000);
  });

  it('takes off what the wall clock was found to be ahead', () => {
    const anchor = learnt({ at: 1_767_000_000_000, off: 5 * 60 * second, up: 100 * second });
    expect(awsNow(anchor, { wallMs: 1_767_000_360_000, uptimeMs: 160 * second })).toBe(1_767_000_060_000);
  });

  it('is right, within the tolerance, however wrong the wall clock is, as long as it runs', () => {
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, (at, off, up, ms) => {
        const now = awsNow(learnt({ at, off, up }), { wallMs: at + off + ms, uptimeMs: up + ms });
        expect(Math.abs(now - (at + ms))).toBeLessThan(2 * second);
      }),
    );
  });

  it('never goes back with a wall clock that is turned back', () => {
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, fc.integer({ min: 0, max: 50 * year }), (at, off, up, ms, back) => {
        const now = awsNow(learnt({ at, off, up }), { wallMs: at + off + ms - back, uptimeMs: up + ms });
        expect(now).toBeGreaterThan(at + ms - 2 * second);
      }),
    );
  });

  it('is later than the truth, never earlier, when the wall clock is put right after it was found to be behind', () => {
    fc.assert(
      fc.property(trueTime, fc.integer({ min: -50 * year, max: -2 * second }), uptime, passed, (at, off, up, ms) => {
        const now = awsNow(learnt({ at, off, up }), { wallMs: at + ms, uptimeMs: up + ms });
        expect(now).toBeGreaterThanOrEqual(at + ms);
      }),
    );
  });

  it('is right when the wall clock, which was far behind, is put right in the same boot', () => {
    const farBehind = fc.integer({ min: -50 * year, max: -300 * second - 1 });
    fc.assert(
      fc.property(trueTime, farBehind, uptime, passed, fc.integer({ min: 0, max: 14_999 }), (at, off, up, ms, wrong) => {
        const now = awsNow(learnt({ at, off, up }), { wallMs: at + ms + wrong, uptimeMs: up + ms });
        expect(now).toBe(at + ms + wrong);
      }),
    );
  });

  const at = 1_767_000_000_000;
  const behind = learnt({ at, off: -2 * hour, up: hour });
  it.each([
    ['in another boot', behind, { wallMs: at + 60_000, uptimeMs: hour - 1 }, at + 2 * hour + 60_000],
    ['in another boot, where its uptime would have it', behind, { wallMs: at, uptimeMs: hour - 1 }, at + 2 * hour],
    ['at the anchor itself', behind, { wallMs: at, uptimeMs: hour }, at],
    ['15 s later than the uptime proves', behind, { wallMs: at + 75_000, uptimeMs: hour + 60_000 }, at + 2 * hour + 75_000],
    ['15 s earlier than the uptime proves', behind, { wallMs: at + 45_000, uptimeMs: hour + 60_000 }, at + 2 * hour + 45_000],
    ['a little earlier', behind, { wallMs: at + 50_000, uptimeMs: hour + 60_000 }, at + 60_000],
    [
      'and was only five minutes behind',
      learnt({ at, off: -300 * second, up: hour }),
      { wallMs: at + 60_000, uptimeMs: hour + 60_000 },
      at + 360_000,
    ],
    ['and was ahead', learnt({ at, off: 2 * hour, up: hour }), { wallMs: at + 70_000, uptimeMs: hour + 60_000 }, at + 60_000],
  ])('has these bounds where a clock shows the right time %s', (_where, anchor, reading, now) => {
    expect(awsNow(anchor, reading)).toBe(now);
  });

  it('is never more than the truth after a reboot, when the wall clock runs on', () => {
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, fc.double({ min: 0, max: 1, noNaN: true }), (at, off, up, ms, share) => {
        const now = awsNow(learnt({ at, off, up }), { wallMs: at + off + ms, uptimeMs: Math.floor(ms * share) });
        expect(Math.abs(now - (at + ms))).toBeLessThan(2 * second);
      }),
    );
  });

  it('keeps what uptime still proves after a reboot with a clock turned back', () => {
    const anchor = learnt({ at: 1_767_000_000_000, off: 0, up: 600 * second });
    expect(awsNow(anchor, { wallMs: 1_000, uptimeMs: 900 * second })).toBe(1_767_000_300_000);
    expect(awsNow(anchor, { wallMs: 1_000, uptimeMs: 10 * second })).toBe(1_767_000_010_000);
  });

  it('is never earlier than the anchor, and never later than the truth by its bound, whatever boots there were', () => {
    const reboot = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, reboot, (at, off, up, ms, bootAfter) => {
        const anchor = learnt({ at, off, up });
        const uptimeMs = bootAfter === null ? up + ms : Math.floor(ms * (1 - bootAfter));
        const now = awsNow(anchor, { wallMs: -1e15, uptimeMs }); // so far back that the bound alone speaks
        expect(now).toBeGreaterThanOrEqual(anchor.awsMs);
        expect(now).toBeLessThan(at + ms + 2 * second);
      }),
    );
  });

  it('is a whole number, as expiry times are', () => {
    const now = awsNow({ wallMs: 1_000.4, uptimeMs: 10.25, awsMs: 1_000.4 }, { wallMs: 2_000.7, uptimeMs: 11.5 });
    expect(Number.isSafeInteger(now)).toBe(true);
  });
});

describe('toLocal', () => {
  it('is now on the wall clock for now at AWS, but for less than the tolerance', () => {
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, offset, (at, off, up, ms, jump) => {
        const anchor = learnt({ at, off, up });
        const reading = { wallMs: at + off + ms + jump, uptimeMs: up + ms };
        const shown = toLocal(awsNow(anchor, reading), { anchor, reading });
        expect(Math.abs(shown - reading.wallMs)).toBeLessThan(toleranceMs);
      }),
    );
  });

  it('shows one time alike from one moment to the next', () => {
    const anchor = learnt({ at: 1_767_000_000_000, off: 300, up: 0 });
    const shown = [0, 400, 900].map((ms) =>
      toLocal(1_767_003_600_000, { anchor, reading: { wallMs: 1_767_000_000_300 + ms, uptimeMs: ms + (ms % 7) } }),
    );
    expect(new Set(shown).size).toBe(1);
  });

  it('moves a time by an offset of the tolerance, and by nothing less', () => {
    const shown = [2_000, -2_000, 1_999, -1_999].map((off) => {
      const anchor = { wallMs: 1_767_000_000_000 + off, uptimeMs: 0, awsMs: 1_767_000_000_000 };
      return toLocal(1_767_003_600_000, { anchor, reading: anchor }) - 1_767_003_600_000;
    });
    expect(shown).toEqual([2_000, -2_000, 0, 0]);
  });

  it('keeps the time that is left', () => {
    const anchor = learnt({ at: 1_767_000_000_000, off: 5 * 60 * second, up: 0 });
    const reading = { wallMs: 1_767_000_300_000, uptimeMs: 0 };
    expect(toLocal(1_767_003_600_000, { anchor, reading })).toBe(1_767_003_900_000);
  });
});

describe('anchorFrom', () => {
  it('calls less than two seconds no offset, since the Date header has whole seconds', () => {
    expect(learnt({ at: 1_767_000_000_000, off: 1_999, up: 7 })).toEqual({
      wallMs: 1_767_000_001_999,
      uptimeMs: 7,
      awsMs: 1_767_000_001_999,
    });
    expect(learnt({ at: 1_767_000_000_000, off: -1_999, up: 7 }).awsMs).toBe(1_766_999_998_001);
    expect(learnt({ at: 1_767_000_000_000, off: 2_000, up: 7 }).awsMs).toBe(1_767_000_000_000);
  });
});

describe('isWorthKeeping', () => {
  const at = 1_767_000_000_000;
  const old = learnt({ at, off: 0, up: hour });

  it.each([
    ['the first one', undefined, learnt({ at, off: 0, up: 0 }), true],
    ['one that says the same', old, learnt({ at: at + 60_000, off: 0, up: hour + 60_000 }), false],
    ['one that says the same within the tolerance', old, learnt({ at: at + 60_000, off: 1_900, up: hour + 60_000 }), false],
    ['one that is the same', old, old, false],
    ['one that finds an offset of the tolerance', old, learnt({ at: at + 60_000, off: 2_000, up: hour + 60_000 }), false],
    ['one that finds an offset', old, learnt({ at: at + 60_000, off: 3_000, up: hour + 60_000 }), true],
    [
      'one that finds the same offset',
      learnt({ at, off: hour, up: 0 }),
      learnt({ at: at + 60_000, off: hour, up: 60_000 }),
      false,
    ],
    ['one that finds the uptime ahead of AWS', old, learnt({ at: at + 60_000, off: 0, up: hour + 70_000 }), true],
    [
      'one that finds the clock put forward',
      learnt({ at, off: -hour, up: 0 }),
      learnt({ at: at + 60_000, off: 0, up: 60_000 }),
      true,
    ],
    [
      'one that finds the clock put back',
      learnt({ at, off: hour, up: 0 }),
      learnt({ at: at + 60_000, off: 0, up: 60_000 }),
      true,
    ],
    ['one that is an hour younger', old, learnt({ at: at + hour + 1, off: 0, up: 2 * hour + 1 }), true],
    ['one that is just not an hour younger', old, learnt({ at: at + hour, off: 0, up: 2 * hour }), false],
    ['one that is an hour younger by the uptime alone', old, learnt({ at: at + hour, off: 0, up: 2 * hour + 1 }), true],
    ['one of a new boot that lasts longer than the old one did', old, learnt({ at: at + 3 * hour, off: 0, up: 2 * hour }), true],
    ['one of a new boot', old, learnt({ at: at + 60_000, off: 0, up: 10_000 }), true],
  ])('of %s', (_what, before, fresh, expected) => {
    expect(isWorthKeeping(fresh, before)).toBe(expected);
  });

  it('is false for nothing that would change the answer by more than the tolerance', () => {
    fc.assert(
      fc.property(trueTime, offset, uptime, passed, offset, (first, off, up, ms, newOff) => {
        const before = learnt({ at: first, off, up });
        const reading = { wallMs: first + ms + newOff, uptimeMs: up + ms };
        const fresh = anchorFrom(first + ms, reading);
        if (!isWorthKeeping(fresh, before))
          expect(Math.abs(awsNow(before, reading) - awsNow(fresh, reading))).toBeLessThanOrEqual(2 * second);
      }),
    );
  });
});

describe('parseAnchor', () => {
  const finite = fc.double({ min: 0, max: 8.64e15, noNaN: true });

  it('reads back what anchorJson wrote', () => {
    fc.assert(
      fc.property(fc.record({ wallMs: finite, uptimeMs: finite, awsMs: finite }), (anchor) => {
        const positive = { wallMs: anchor.wallMs + 0, uptimeMs: anchor.uptimeMs + 0, awsMs: anchor.awsMs + 0 };
        expect(parseAnchor(JSON.parse(anchorJson(positive)))).toEqual(positive);
      }),
    );
  });

  it.each([
    undefined,
    null,
    7,
    'anchor',
    [],
    {},
    { v: 1 },
    { v: 2, wallMs: 1, uptimeMs: 1, awsMs: 1 },
    { wallMs: 1, uptimeMs: 1, awsMs: 1 },
    { v: 1, wallMs: 1, uptimeMs: 1 },
    { v: 1, wallMs: '1', uptimeMs: 1, awsMs: 1 },
    { v: 1, wallMs: 1, uptimeMs: -1, awsMs: 1 },
    { v: 1, wallMs: 1, uptimeMs: 1, awsMs: Number.NaN },
    { v: 1, wallMs: 1, uptimeMs: 1, awsMs: 1e300 },
  ])('takes %j for none', (value) => {
    expect(parseAnchor(value)).toBeUndefined();
  });
});
