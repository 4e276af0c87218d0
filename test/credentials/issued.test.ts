import { describe, expect, it } from 'vitest';
import { lastTime } from '../../src/credentials/credentials.ts';
import { type CameFields, readIssued } from '../../src/credentials/issued.ts';

const now = Date.UTC(2026, 10, 26);
const whole: CameFields = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 'a/secret+',
  sessionToken: 'token==',
  expiresAt: now + 3_600_000,
  accountId: '123456789012',
};
const read = (changes: Partial<CameFields> = {}) => readIssued({ ...whole, ...changes }, now);
const incomplete = { kind: 'problem', problem: 'its reply holds no complete credentials' };

describe('readIssued', () => {
  it('takes what is whole', () => {
    const issued = read();
    if (issued.kind !== 'ok') throw new Error(issued.problem);
    const { secretAccessKey, sessionToken, ...open } = issued.credentials;
    expect(open).toStrictEqual({
      accessKeyId: 'ASIA1',
      issuedAt: now,
      expiresAt: now + 3_600_000,
      accountId: '123456789012',
    });
    expect([secretAccessKey.reveal(), sessionToken?.reveal()]).toEqual(['a/secret+', 'token==']);
  });

  it.each(['accessKeyId', 'secretAccessKey', 'sessionToken'])('takes nothing where the %s is no word', (field) => {
    for (const value of [undefined, null, '', 7, 'two words', 'one\n', 'ä']) expect(read({ [field]: value })).toEqual(incomplete);
  });

  it('takes nothing without an end', () => {
    expect(read({ expiresAt: undefined })).toEqual(incomplete);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, now + 0.5, lastTime + 1])('cannot read the end %s', (expiresAt) => {
    expect(read({ expiresAt })).toEqual({ kind: 'problem', problem: 'its credentials have no readable end' });
  });

  it('tells what has ended from what has not', () => {
    const ended = { kind: 'ended', problem: 'its credentials have ended already' };
    for (const expiresAt of [now, 0, -1]) expect(read({ expiresAt })).toEqual(ended);
    expect(read({ expiresAt: now + 1 }).kind).toBe('ok');
  });

  it.each([undefined, '', '12345678901', '1234567890123', ' 123456789012', 123456789012])(
    'has no account for the number %j',
    (accountId) => {
      const issued = read({ accountId });
      expect(issued.kind === 'ok' && 'accountId' in issued.credentials).toBe(false);
      expect(issued.kind).toBe('ok');
    },
  );
});
