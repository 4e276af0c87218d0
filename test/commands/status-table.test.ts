import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StatusRow, shortRole, statusTable } from '../../src/commands/status-table.ts';

const dev: StatusRow = {
  profile: 'dev',
  credentials: '222233334444 Dev',
  keys: 'corp',
  left: '59 min',
  expires: '15:20',
  sessionUntil: '11-25 02:13',
  next: 'refreshed from 15:00',
};
const corp: StatusRow = {
  ...dev,
  profile: 'corp',
  credentials: 'session',
  left: '11 h 59 min',
  expires: '11-25 02:13',
  next: 'log in: `rolekeeper login corp` before it ends',
};

describe('statusTable', () => {
  it('statusTable shows every column where there is room', () => {
    expect(statusTable([dev, corp], 120)).toEqual([
      'PROFILE  CREDENTIALS       KEYS  LEFT         EXPIRES      SESSION UNTIL  NEXT',
      'dev      222233334444 Dev  corp  59 min       15:20        11-25 02:13    refreshed from 15:00',
      'corp     session           corp  11 h 59 min  11-25 02:13  11-25 02:13    log in: `rolekeeper login corp` before it ends',
    ]);
  });

  it('statusTable leaves columns out and wraps NEXT on eighty columns, and keeps a command in one piece', () => {
    expect(statusTable([dev, corp], 80)).toEqual([
      'PROFILE  CREDENTIALS       LEFT         NEXT',
      'dev      222233334444 Dev  59 min       refreshed from 15:00',
      'corp     session           11 h 59 min  log in: `rolekeeper login corp` before',
      '                                        it ends',
    ]);
  });

  it('statusTable gives each profile lines of its own where no table fits', () => {
    const long = {
      ...corp,
      profile: 'AdministratorAccess-123456789012',
      credentials: '222233334444 OrganizationAccountAccessRole',
    };
    expect(statusTable([long, { ...dev, left: '-' }], 60)).toEqual([
      'AdministratorAccess-123456789012',
      '  222233334444 OrganizationAccountAccessRole',
      '  11 h 59 min left',
      '  log in: `rolekeeper login corp` before it ends',
      'dev',
      '  222233334444 Dev',
      '  nothing yet',
      '  refreshed from 15:00',
    ]);
  });

  it('statusTable with bars keeps them, the time left and the session end on eighty columns, whatever their colour', () => {
    const green = '\u001b[32m████████\u001b[39m';
    expect(
      statusTable(
        [
          { ...dev, life: green },
          { ...dev, profile: 'ops', life: '', left: '-' },
        ],
        80,
      ),
    ).toEqual([
      'PROFILE  CREDENTIALS       LIFE      LEFT    SESSION UNTIL  NEXT',
      `dev      222233334444 Dev  ${green}  59 min  11-25 02:13    refreshed from 15:00`,
      'ops      222233334444 Dev            -       11-25 02:13    refreshed from 15:00',
    ]);
    expect(
      statusTable(
        [
          { ...dev, life: green },
          { ...corp, life: green },
        ],
        80,
      )[0],
    ).toBe('PROFILE  LIFE      LEFT         SESSION UNTIL  NEXT');
  });

  it('statusTable is never wider than it may be, whatever the names, and shows every one of them', () => {
    const name = fc.string({ minLength: 1, maxLength: 64, unit: fc.constantFrom('a', 'B', '-', 'é') });
    const row = fc.record({ profile: name, role: name, keys: name, login: name }).map(
      ({ profile, role, keys, login }): StatusRow => ({
        ...dev,
        profile,
        credentials: `222233334444 ${role}`,
        keys,
        next: `until it ends; then log in: \`rolekeeper login ${login.slice(0, 50)}\``,
      }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 80, max: 200 }), (rows, columns) => {
        const lines = statusTable(rows, columns);
        expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
        for (const { profile, next } of rows) {
          expect(lines.some((line) => line === profile || line.startsWith(`${profile} `))).toBe(true);
          expect(lines.join('\n')).toContain(/`.*`/.exec(next)?.[0]);
        }
      }),
    );
  });
});

describe('shortRole', () => {
  it.each([
    ['arn:aws:iam::222233334444:role/Dev', '222233334444 Dev'],
    ['arn:aws-cn:iam::222233334444:role/apps/Dev', '222233334444 apps/Dev'],
    ['arn:aws:iam::222233334444:user/x', 'arn:aws:iam::222233334444:user/x'],
  ])('shortRole of %s is %s', (arn, words) => {
    expect(shortRole(arn)).toBe(words);
  });
});
