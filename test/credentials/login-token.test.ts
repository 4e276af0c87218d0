import { describe, expect, it } from 'vitest';
import { parseLoginToken } from '../../src/credentials/login-token.ts';

const accessToken = {
  accessKeyId: 'ASIA1',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  accountId: '123456789012',
  expiresAt: '2026-01-02T03:04:05Z',
};
const entry = { accessToken, clientId: 'id', refreshToken: 'refresh', dpopKey: 'key' };

describe('parseLoginToken', () => {
  it('takes the credentials of a whole entry, and nothing else', () => {
    const parsed = parseLoginToken(JSON.stringify(entry));
    expect(parsed).toMatchObject({
      accessKeyId: 'ASIA1',
      accountId: '123456789012',
      expiresAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
    expect([parsed?.secretAccessKey.reveal(), parsed?.sessionToken.reveal()]).toEqual(['secret', 'token']);
  });

  it.each([...Object.keys(entry)])('takes nothing of an entry without its %s', (name) => {
    for (const value of [undefined, '', 7]) expect(parseLoginToken(JSON.stringify({ ...entry, [name]: value }))).toBeUndefined();
  });

  it.each(Object.keys(accessToken).filter((name) => name !== 'accountId'))('takes nothing of a token without its %s', (name) => {
    for (const value of [undefined, '', 7]) {
      expect(parseLoginToken(JSON.stringify({ ...entry, accessToken: { ...accessToken, [name]: value } }))).toBeUndefined();
    }
  });

  it.each(['', 'null', '[]', '7', '{}'])('takes %j for none', (text) => {
    expect(parseLoginToken(text)).toBeUndefined();
  });
});
