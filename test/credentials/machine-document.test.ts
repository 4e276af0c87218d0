import { describe, expect, it } from 'vitest';
import { readMachineDocument } from '../../src/credentials/machine-document.ts';

const now = Date.UTC(2026, 0, 2);
const document = { AccessKeyId: 'ASIA1', SecretAccessKey: 'secret', Token: 'token', Expiration: '2026-01-02T06:00:00Z' };

function read(changes: Readonly<Record<string, unknown>> = {}) {
  return readMachineDocument(JSON.stringify({ ...document, ...changes }), { now, sent: [] });
}

describe('readMachineDocument', () => {
  it.each([{}, { Code: 'Success' }, { Code: 7 }, { AccountId: '12345678901' }, { AccountId: 'x123456789012' }])(
    'reads credentials, issued now, of an account that is not told: %j',
    (changes) => {
      const answer = read(changes);
      expect(answer).toStrictEqual({ kind: 'ok', credentials: expect.objectContaining({ accessKeyId: 'ASIA1', issuedAt: now }) });
      if (answer.kind !== 'ok') return;
      expect(answer.credentials.expiresAt).toBe(now + 6 * 3_600_000);
      expect(answer.credentials.secretAccessKey.reveal()).toBe('secret');
      expect(answer.credentials.sessionToken?.reveal()).toBe('token');
      expect('accountId' in answer.credentials).toBe(false);
    },
  );

  it('has the account where it is told', () => {
    expect(read({ AccountId: '123456789012' })).toMatchObject({ credentials: { accountId: '123456789012' } });
    expect(read({ AccountId: '1234567890123' })).not.toMatchObject({ credentials: { accountId: expect.anything() } });
  });

  it.each(Object.keys(document))('takes nothing where %s is missing, empty or no text', (name) => {
    for (const value of [undefined, '', 7]) {
      expect(read({ [name]: value })).toEqual({ kind: 'problem', problem: 'its reply holds no complete credentials' });
    }
  });

  it.each([
    ['[]', 'its reply is no JSON object'],
    ['<html>', 'its reply is no JSON object'],
    [JSON.stringify({ ...document, Code: 'AssumeRoleUnauthorizedAccess' }), 'it says AssumeRoleUnauthorizedAccess'],
    [JSON.stringify({ Code: 'c'.repeat(101) }), `it says ${'c'.repeat(100)}…`],
    [JSON.stringify({ ...document, Expiration: 'soon' }), 'its credentials have no readable end'],
    // Without a zone it was taken for the local time: west of Greenwich, hours too late.
    [JSON.stringify({ ...document, Expiration: '2030-01-01T00:00:00' }), 'its credentials have no readable end'],
    [JSON.stringify({ ...document, Expiration: '2026-01-02T00:00:00Z' }), 'its credentials have ended already'],
  ])('says what is wrong with %s', (text, problem) => {
    const kind = problem.includes('have ended') ? 'ended' : 'problem';
    expect(readMachineDocument(text, { now, sent: [] })).toEqual({ kind, problem });
  });
});
