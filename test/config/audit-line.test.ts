import { describe, expect, it } from 'vitest';
import { parseAuditLine, toAuditLine } from '../../src/config/audit-line.ts';
import type { AuditEntry } from '../../src/ports/audit.ts';

const least: AuditEntry = {
  at: Date.parse('2026-01-02T03:04:05.678Z'),
  verb: 'get',
  profile: 'dev',
  outcome: 'cached',
  answeredBy: 'agent',
  caller: { isClaimed: false },
};
const leastLine =
  '{"v":1,"at":"2026-01-02T03:04:05.678Z","verb":"get","profile":"dev","outcome":"cached","answeredBy":"agent","claimed":false}\n';
const full: AuditEntry = {
  ...least,
  verb: 'exec',
  outcome: 'failed',
  keySuffix: 'Q3ZK',
  code: 'login-needed',
  answeredBy: 'process',
  caller: { pid: 42, program: 'aws', isClaimed: true },
};
const fullLine =
  '{"v":1,"at":"2026-01-02T03:04:05.678Z","verb":"exec","profile":"dev","outcome":"failed","keySuffix":"Q3ZK","code":"login-needed","answeredBy":"process","pid":42,"program":"aws","claimed":true}\n';
const fields = { v: 1, at: '2026-01-02T03:04:05.678Z', verb: 'get', profile: 'dev', outcome: 'cached', answeredBy: 'agent' };

describe('a line of the audit trail', () => {
  it.each([
    ['what an answer has at least', least, leastLine],
    ['all that it can have', full, fullLine],
  ])('holds %s, and gives it back', (_what, entry, line) => {
    expect(toAuditLine(entry)).toBe(line);
    expect(parseAuditLine(line)).toStrictEqual(entry);
  });

  it.each<[Partial<AuditEntry>]>([[{ verb: 'env' }], [{ outcome: 'refreshed' }], [{ profile: '' }], [{ at: 0 }]])(
    'comes back with %j',
    (part) => {
      expect(parseAuditLine(toAuditLine({ ...least, ...part }))).toStrictEqual({ ...least, ...part });
    },
  );

  it.each([
    ['', 'an empty line'],
    ['{"v":1,"at":"2026-01-02T03', 'half a line'],
    ['null', 'no object'],
    ['[]', 'a list'],
    ['"x"', 'a text'],
  ])('%j is no entry: %s', (line) => {
    expect(parseAuditLine(line)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['v', 2],
    ['v', '1'],
    ['at', 'yesterday'],
    ['at', 2026],
    ['verb', 'login'],
    ['verb', undefined],
    ['profile', 5],
    ['outcome', 'stale'],
    ['outcome', undefined],
    ['answeredBy', 'front'],
    ['answeredBy', undefined],
  ])('is no entry where %s is %j', (key, value) => {
    expect(parseAuditLine(JSON.stringify({ ...fields, [key]: value }))).toBeUndefined();
  });

  it('is read without those of its parts that are of no use', () => {
    const odd = { ...fields, keySuffix: 1, code: null, pid: '42', program: 7, claimed: 'yes' };
    expect(parseAuditLine(JSON.stringify(odd))).toStrictEqual(least);
  });
});
