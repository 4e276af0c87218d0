import { describe, expect, it } from 'vitest';
import { parseRefusal, parseSessionReply } from '../../src/credentials/roles-anywhere-reply.ts';

const issuedAt = Date.UTC(2026, 0, 2);
const issued = { accessKeyId: 'ASIA1', secretAccessKey: 'secret', sessionToken: 'token', expiration: '2026-01-02T01:00:00Z' };
const assumedRoleUser = { arn: 'arn:aws:sts::123456789012:assumed-role/Build/7' };

function reply(credentials: object = issued, more: object = { assumedRoleUser }) {
  return parseSessionReply(JSON.stringify({ credentialSet: [{ credentials, ...more }] }), issuedAt);
}

describe('parseSessionReply', () => {
  it('gives the credentials, with the account that they act in', () => {
    const parsed = reply();
    expect(parsed).toMatchObject({
      kind: 'ok',
      credentials: { accessKeyId: 'ASIA1', issuedAt, expiresAt: issuedAt + 3_600_000, accountId: '123456789012' },
    });
    if (parsed.kind !== 'ok') return;
    expect(parsed.credentials.secretAccessKey.reveal()).toBe('secret');
    expect(parsed.credentials.sessionToken?.reveal()).toBe('token');
  });

  it.each([
    {},
    { assumedRoleUser: {} },
    { assumedRoleUser: { arn: 7 } },
    { assumedRoleUser: { arn: 'arn:aws:sts' } },
    { assumedRoleUser: { arn: 'a:b:c:d:1234567890123:f' } },
    { assumedRoleUser: { arn: 'a:b:c:d:x123456789012:f' } },
  ])('leaves the account open where the reply does not tell it: %j', (more) => {
    const parsed = reply(issued, more);
    expect(parsed.kind === 'ok' && 'accountId' in parsed.credentials).toBe(false);
    expect(parsed.kind).toBe('ok');
  });

  it.each([
    ['', 'no complete credentials'],
    ['null', 'no complete credentials'],
    ['{}', 'no complete credentials'],
    ['{"credentialSet":{"0":{}}}', 'no complete credentials'],
    ['{"credentialSet":[null]}', 'no complete credentials'],
  ])('takes %j for no reply', (text, words) => {
    expect(parseSessionReply(text, issuedAt)).toEqual({ kind: 'problem', problem: `its reply holds ${words}` });
  });

  it.each(Object.keys(issued))('takes nothing from a reply whose %s is missing, empty or no text', (name) => {
    for (const value of [undefined, '', 7]) {
      expect(reply({ ...issued, [name]: value })).toEqual({
        kind: 'problem',
        problem: 'its reply holds no complete credentials',
      });
    }
  });

  it.each([
    ['soon', 'problem', 'its credentials have no readable end'],
    ['2026-01-02T00:00:00Z', 'ended', 'its credentials have ended already'],
  ])('takes no credentials that end %s', (expiration, kind, problem) => {
    expect(reply({ ...issued, expiration })).toEqual({ kind, problem });
  });
});

describe('parseRefusal', () => {
  it.each([
    ['{"message":"m"}', { 'x-amzn-errortype': 'ValidationException' }, { awsCode: 'ValidationException', message: 'm' }],
    ['{"Message":"m"}', { 'x-amzn-errortype': 'aws#Denied:http://x/' }, { awsCode: 'Denied', message: 'm' }],
    ['{"__type":"a#b#Denied","code":"no"}', {}, { awsCode: 'Denied', message: '' }],
    ['{"code":"Denied","message":"m","Message":"n"}', {}, { awsCode: 'Denied', message: 'm' }],
    ['{"message":7}', {}, { awsCode: 'no code', message: '' }],
    ['<html>', {}, { awsCode: 'no code', message: '' }],
    ['null', {}, { awsCode: 'no code', message: '' }],
  ])('finds code and words of %s with headers %j', (text, headers, expected) => {
    expect(parseRefusal(text, headers)).toEqual(expected);
  });
});
