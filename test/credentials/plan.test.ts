import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dueAt,
  type Failure,
  freshnessOf,
  isBackingOff,
  isRemembered,
  isValid,
  type Life,
  nextFailure,
  nextRefreshAt,
} from '../../src/credentials/plan.ts';
import { AppError } from '../../src/errors.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = Date.UTC(2026, 0, 2, 8);

function life(minutes: number, issuedAt = start): Life {
  return { issuedAt, expiresAt: issuedAt + minutes * minute };
}

const lives = fc.record({
  issuedAt: fc.integer({ min: 1e12, max: 3e12 }),
  minutes: fc.integer({ min: 15, max: 2160 }),
});

const network = new AppError('network', { endpoint: 'https://sts.example', problem: 'refused' });
const denied = new AppError('aws-refused', {
  doing: 'AssumeRole',
  awsCode: 'AccessDenied',
  words: 'no',
  hint: 'ask',
  isTransient: false,
});

describe('freshnessOf', () => {
  it.each([
    [60, 0, 'fresh'],
    [60, 37, 'fresh'],
    [60, 40, 'due'],
    [60, 44.9, 'due'],
    [60, 45, 'expiring'],
    [60, 59.98, 'expiring'],
    [60, 60, 'expired'],
    [60, 61, 'expired'],
    [20, 4.9, 'fresh'],
    [20, 5, 'expiring'],
    [15, 7, 'fresh'],
    [15, 7.5, 'expiring'],
    [720, 650, 'fresh'],
    [720, 661, 'due'],
  ])('freshnessOf a life of %d minutes says after %d minutes: %s', (minutes, after, expected) => {
    expect(freshnessOf(life(minutes), start + after * minute)).toBe(expected);
  });

  it('freshnessOf says due from the due time on', () => {
    const due = dueAt(life(60));
    expect(freshnessOf(life(60), due)).toBe('due');
    expect(freshnessOf(life(60), due - 1)).toBe('fresh');
  });

  it('freshnessOf only ever ages: fresh, due, expiring, expired', () => {
    const order = ['fresh', 'due', 'expiring', 'expired'];
    fc.assert(
      fc.property(lives, fc.integer({ min: 0, max: 48 * hour }), fc.integer({ min: 0, max: hour }), (one, after, more) => {
        const made = { ...one, expiresAt: one.issuedAt + one.minutes * minute };
        const before = order.indexOf(freshnessOf(made, one.issuedAt + after));
        expect(order.indexOf(freshnessOf(made, one.issuedAt + after + more))).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('freshnessOf never calls credentials valid in the second they end', () => {
    expect(isValid({ expiresAt: start + 999 }, start)).toBe(false);
    expect(isValid({ expiresAt: start + 1000 }, start)).toBe(true);
  });
});

describe('dueAt', () => {
  it('dueAt of a one-hour role lies between 63 and 67 percent of its life', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e12, max: 3e12 }), (issuedAt) => {
        const share = (dueAt(life(60, issuedAt)) - issuedAt) / hour;
        expect(share).toBeGreaterThanOrEqual(0.63);
        expect(share).toBeLessThanOrEqual(0.667);
      }),
    );
  });

  it('dueAt spreads different credentials over its jitter', () => {
    const times = Array.from({ length: 200 }, (_, n) => dueAt(life(60, start + n)) - n);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(minute);
    expect(new Set(times).size).toBeGreaterThan(190);
  });

  it('dueAt of a short life is after two thirds of it, less the jitter', () => {
    const share = (dueAt(life(20)) - start) / (20 * minute);
    expect(share).toBeGreaterThanOrEqual(0.63);
    expect(share).toBeLessThanOrEqual(0.667);
  });

  it('dueAt of half an hour leaves twenty minutes, as of all longer lives', () => {
    const leftMs = life(30).expiresAt - dueAt(life(30));
    expect(leftMs).toBeGreaterThanOrEqual(20 * minute);
    expect(leftMs).toBeLessThanOrEqual(22 * minute);
  });

  it('dueAt lies inside the life, whatever the life and the session', () => {
    fc.assert(
      fc.property(lives, fc.option(fc.integer({ min: 0, max: 3e12 }), { nil: undefined }), (one, sessionEnd) => {
        const made = { ...one, expiresAt: one.issuedAt + one.minutes * minute };
        const due = dueAt(made, sessionEnd);
        expect(due).toBeGreaterThanOrEqual(one.issuedAt);
        expect(due).toBeLessThan(made.expiresAt);
      }),
    );
  });

  it('dueAt calls a role once more just before its session ends, and only once', () => {
    const sessionEnd = start + 20 * minute;
    const due = dueAt(life(60), sessionEnd);
    expect(due).toBeLessThanOrEqual(sessionEnd - 5 * minute);
    expect(due).toBeGreaterThanOrEqual(sessionEnd - 5.5 * minute);
    const after = { issuedAt: due, expiresAt: due + hour };
    expect(dueAt(after, sessionEnd)).toBeGreaterThan(sessionEnd);
  });

  it('dueAt makes no last call of credentials that began with it', () => {
    const lastCallMs = start + 20 * minute - dueAt(life(60), start + 20 * minute);
    expect(dueAt(life(60), start + lastCallMs)).toBe(dueAt(life(60)));
    expect(dueAt(life(60), start + lastCallMs + 1)).toBe(start + 1);
  });
});

describe('nextFailure', () => {
  it('nextFailure waits longer and longer, up to its limit, within full jitter', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (rounds, random) => {
        let failure = nextFailure(undefined, { error: network, now: start, random });
        for (let n = 1; n < rounds; n++) failure = nextFailure(failure, { error: network, now: start, random });
        expect(failure.count).toBe(rounds);
        expect(failure.retryAt - start).toBeGreaterThanOrEqual(0);
        expect(failure.retryAt - start).toBeLessThanOrEqual(5 * minute);
      }),
    );
    expect(nextFailure(undefined, { error: network, now: start, random: 1 }).retryAt).toBe(start + 2_000);
  });

  it.each([
    ['a lost network', network, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]],
    ['a refusal', denied, [60, 120, 240, 480, 900, 900]],
  ])('nextFailure doubles the span of %s up to its longest', (_what, error, seconds) => {
    let failure: Failure | undefined;
    const spans = seconds.map(() => {
      failure = nextFailure(failure, { error, now: start, random: 1 });
      return (failure.retryAt - start) / 1_000;
    });
    expect(spans).toEqual(seconds);
  });

  it('isRemembered and isBackingOff end, and do not start before the failure', () => {
    const failure = nextFailure(undefined, { error: denied, now: start, random: 1 });
    expect(isRemembered(failure, start)).toBe(true);
    expect(isRemembered(failure, start + 4_999)).toBe(true);
    expect(isRemembered(failure, start + 5_000)).toBe(false);
    expect(isRemembered(failure, start - 1)).toBe(false);
    expect(isRemembered(undefined, start)).toBe(false);
    expect(isBackingOff(failure, start)).toBe(true);
    expect(isBackingOff(failure, start + minute - 1)).toBe(true);
    expect(isBackingOff(failure, start + minute)).toBe(false);
    expect(isBackingOff(failure, start - hour)).toBe(false);
    expect(isBackingOff(undefined, start)).toBe(false);
  });
});

describe('nextRefreshAt', () => {
  const never = { sessionExpiresAt: undefined };
  const failed = (error: AppError, retryAt: number): Failure => ({ error: error.toStored(), at: start, count: 1, retryAt });
  const due = dueAt(life(60));

  it('nextRefreshAt is the due time', () => {
    expect(nextRefreshAt({ life: life(60), failure: undefined }, never)).toBe(due);
  });

  it('nextRefreshAt waits for the end of a back-off that is later', () => {
    expect(nextRefreshAt({ life: life(60), failure: failed(denied, due + 1) }, never)).toBe(due + 1);
    expect(nextRefreshAt({ life: life(60), failure: failed(denied, due - 1) }, never)).toBe(due);
  });

  it('nextRefreshAt forgives what failed before a sleep, and nothing that failed since', () => {
    const facts = { life: life(60), failure: failed(denied, due + 1) };
    expect(nextRefreshAt(facts, { ...never, forgivenBefore: start + 1 })).toBe(due);
    expect(nextRefreshAt(facts, { ...never, forgivenBefore: start })).toBe(due + 1);
  });

  it('nextRefreshAt tries what never worked again only where time may mend it', () => {
    expect(nextRefreshAt({ life: undefined, failure: failed(network, start + 1) }, never)).toBe(start + 1);
    expect(nextRefreshAt({ life: undefined, failure: failed(denied, start + 1) }, never)).toBeUndefined();
    expect(nextRefreshAt({ life: undefined, failure: undefined }, never)).toBeUndefined();
    // The state of another version: nothing is known of such an error.
    const unread = { ...failed(network, start + 1), error: { code: 'recipe-invalid', details: {} } } as const;
    expect(nextRefreshAt({ life: undefined, failure: unread }, never)).toBeUndefined();
  });

  it('nextRefreshAt is the last call before the session ends, and never once it has', () => {
    const sessionExpiresAt = start + 20 * minute;
    const facts = { life: life(60), failure: undefined };
    expect(nextRefreshAt(facts, { sessionExpiresAt })).toBe(dueAt(life(60), sessionExpiresAt));
    const backingOff = (retryAt: number) => ({ life: life(60), failure: failed(denied, retryAt) });
    expect(nextRefreshAt(backingOff(sessionExpiresAt - 1), { sessionExpiresAt })).toBe(sessionExpiresAt - 1);
    expect(nextRefreshAt(backingOff(sessionExpiresAt), { sessionExpiresAt })).toBeUndefined();
  });
});
