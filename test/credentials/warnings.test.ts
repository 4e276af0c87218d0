import { describe, expect, it } from 'vitest';
import { localMinute } from '../../src/credentials/credentials.ts';
import { isNight, type Watched, warningsFor } from '../../src/credentials/warnings.ts';
import { AppError } from '../../src/errors.ts';

const minute = 60_000;
const now = Date.UTC(2026, 0, 2, 8);
const failure = {
  error: new AppError('network', { endpoint: 'sts', problem: 'refused' }).toStored(),
  at: now - minute,
  count: 4,
  retryAt: now + minute,
};

function watched(more: Partial<Watched>): Watched {
  return { profile: 'dev', loginTarget: 'corp', life: undefined, failure: undefined, sessionExpiresAt: undefined, ...more };
}

function warn(...all: readonly Watched[]) {
  return warningsFor(all, { now, toLocal: (at) => at });
}

function lifeWith(leftMinutes: number) {
  return { issuedAt: now - 60 * minute, expiresAt: now + leftMinutes * minute };
}

describe('warningsFor', () => {
  it('warns 30 minutes before a session ends, with the command, and neither before nor after', () => {
    const at = (minutes: number) => warn(watched({ sessionExpiresAt: now + minutes * minute }));
    expect([at(31), at(0), at(-5)]).toEqual([[], [], []]);
    expect(at(30)).toEqual([
      {
        event: `session corp ${now + 30 * minute}`,
        title: 'AWS session of "corp" ends in 30 min',
        text: `It ends ${localMinute(now + 30 * minute)}. To go on: rolekeeper login corp`,
      },
    ]);
  });

  it('shows the time as the clock on the wall does', () => {
    const [warning] = warningsFor([watched({ sessionExpiresAt: now + minute })], { now, toLocal: (at) => at + 60 * minute });
    expect(warning?.text).toContain(`It ends ${localMinute(now + 61 * minute)}.`);
  });

  it('makes one warning for all profiles of one session, the same as long as it ends at that time', () => {
    const both = warn(
      watched({ sessionExpiresAt: now + 9 * minute }),
      watched({ profile: 'ops', sessionExpiresAt: now + 9 * minute }),
    );
    expect(both).toHaveLength(1);
    const later = warningsFor([watched({ sessionExpiresAt: now + 9 * minute })], { now: now + minute, toLocal: (at) => at });
    expect(later[0]?.event).toBe(both[0]?.event);
    expect(warn(watched({ sessionExpiresAt: now + 10 * minute }))[0]?.event).not.toBe(both[0]?.event);
  });

  it('warns of a failing refresh only while it threatens an answer', () => {
    expect(warn(watched({ life: lifeWith(16), failure }))).toEqual([]);
    expect(warn(watched({ life: lifeWith(0), failure }))).toEqual([]);
    expect(warn(watched({ failure }))).toEqual([]);
    expect(warn(watched({ life: lifeWith(10) }))).toEqual([]);
    expect(warn(watched({ life: lifeWith(15), failure }))).toEqual([
      {
        event: `failure dev ${now + 15 * minute}`,
        title: 'AWS credentials of "dev" cannot be refreshed',
        text: `They end ${localMinute(now + 15 * minute)}. What is wrong: rolekeeper status dev`,
      },
    ]);
  });

  it('isNight is true from 22:00 to 07:00 on the local clock', () => {
    const at = (hour: number, minutes = 0) => new Date(2026, 0, 2, hour, minutes).getTime();
    expect([at(21, 59), at(7), at(12)].map(isNight)).toEqual([false, false, false]);
    expect([at(22), at(0), at(6, 59)].map(isNight)).toEqual([true, true, true]);
  });
});
