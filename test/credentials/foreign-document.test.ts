import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseForeignDocument, parseMoment } from '../../src/credentials/foreign-document.ts';
import { Secret } from '../../src/credentials/secret.ts';

const whole = {
  Version: 1,
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret/+=',
  SessionToken: 'token',
  Expiration: '2026-01-02T03:04:05Z',
};

function problemOf(text: string): string {
  const parsed = parseForeignDocument(text);
  return parsed.kind === 'broken' ? parsed.problem : 'none';
}

function changed(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...whole, ...fields });
}

describe('parseForeignDocument', () => {
  it('parseForeignDocument takes a whole document, and passes over what it does not know', () => {
    const parsed = parseForeignDocument(`  ${changed({ AccountId: '123456789012', CredentialScope: 'eu-west-1' })}\n`);
    if (parsed.kind === 'broken') throw new Error(parsed.problem);
    const { secretAccessKey, sessionToken, ...others } = parsed.value;
    expect([secretAccessKey.reveal(), sessionToken?.reveal()]).toEqual(['secret/+=', 'token']);
    expect(others).toEqual({
      accessKeyId: 'ASIAEXAMPLE',
      expiresAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      accountId: '123456789012',
    });
  });

  it.each([
    ['absent', { SessionToken: undefined, Expiration: undefined }],
    ['null', { SessionToken: null, Expiration: null }],
    ['empty', { SessionToken: '', Expiration: '' }],
  ])('parseForeignDocument takes long-term keys: token and end %s', (_how, fields) => {
    const parsed = parseForeignDocument(changed(fields));
    expect(parsed).toStrictEqual({
      kind: 'ok',
      value: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: expect.any(Secret) },
    });
  });

  it.each([123456789012, '12345678901', '1234567890123', 'x123456789012', null])(
    'parseForeignDocument passes over an account that is none: %j',
    (AccountId) => {
      const parsed = parseForeignDocument(changed({ AccountId }));
      expect(parsed.kind === 'ok' && !('accountId' in parsed.value)).toBe(true);
    },
  );

  it.each([
    ['', /no JSON object/],
    ['null', /no JSON object/],
    ['[]', /no JSON object/],
    ['"text"', /no JSON object/],
    [`${JSON.stringify(whole)}${JSON.stringify(whole)}`, /no JSON object/],
    [`Please touch your key\n${JSON.stringify(whole)}`, /no JSON object/],
    [JSON.stringify(whole).slice(0, -1), /no JSON object/],
    [`\ufeff${JSON.stringify(whole)}`, /no JSON object/],
    [changed({ Version: '1' }), /"Version"/],
    [changed({ Version: 2 }), /"Version"/],
    [changed({ Version: undefined }), /"Version"/],
    [changed({ AccessKeyId: undefined }), /no "AccessKeyId"/],
    [changed({ AccessKeyId: 7 }), /"AccessKeyId" is not printable/],
    [changed({ AccessKeyId: 'ASIA\r\nX-Evil: 1' }), /"AccessKeyId" is not printable/],
    [changed({ SecretAccessKey: null }), /no "SecretAccessKey"/],
    [changed({ SecretAccessKey: ['a'] }), /"SecretAccessKey" is not printable/],
    [changed({ SessionToken: {} }), /"SessionToken" is not printable/],
    [changed({ Expiration: 1_767_000_000 }), /"Expiration" is not printable/],
    [changed({ Expiration: 'tomorrow' }), /"Expiration" is no time/],
    [changed({ Expiration: '2026-01-02' }), /"Expiration" is no time/],
    [changed({ Expiration: '2026-01-02T03:04:05' }), /"Expiration" is no time/],
    [changed({ Expiration: '2026-13-02T03:04:05Z' }), /"Expiration" is no time/],
  ])('parseForeignDocument refuses %j', (text, words) => {
    expect(problemOf(text)).toMatch(words);
  });

  it('parseForeignDocument never throws, and never repeats what it was given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => changed({ SecretAccessKey: value })),
        ),
        (text) => {
          const problem = problemOf(text);
          return text.length < 25 || !problem.includes(text);
        },
      ),
    );
  });
});

describe('parseMoment', () => {
  it.each([
    ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05.678901Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['2026-01-02T04:04:05+01:00', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T04:04:05+0100', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ])('parseMoment reads %s', (text, at) => {
    expect(parseMoment(text)).toBe(at);
  });

  // `Date` itself would take them.
  it.each([
    '+012026-01-02T03:04:05Z',
    '2026-01-02T04:04:05+01:00 (CET)',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
  ])('parseMoment takes %s for none', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });
});
