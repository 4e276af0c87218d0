import { describe, expect, it } from 'vitest';
import {
  isAccountId,
  isEpochMs,
  isoSeconds,
  keySuffix,
  keySuffixIn,
  lastTime,
  localMinute,
  parseCredentialsItem,
  parseItem,
  parseKeysItem,
  parsePassphraseItem,
  parseProcessJson,
  parseTotpItem,
  soundEnd,
  toCredentialsItem,
  toKeysItem,
  toKeysJson,
  toPassphraseItem,
  toProcessJson,
  toTotpItem,
} from '../../src/credentials/credentials.ts';
import { Secret } from '../../src/credentials/secret.ts';

const keys = { accessKeyId: 'AKIA1', secretAccessKey: new Secret('s'), userArn: 'arn:aws:iam::123456789012:user/alice' };
const credentials = {
  accessKeyId: 'ASIA1',
  secretAccessKey: new Secret('s'),
  sessionToken: new Secret('t'),
  issuedAt: 1,
  expiresAt: 2,
  accountId: '123456789012',
};

describe('the process JSON', () => {
  it('is what SDKs read, to the byte', () => {
    expect(toProcessJson(credentials, 1_000_999)).toBe(
      '{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t","Expiration":"1970-01-01T00:16:40Z","AccountId":"123456789012"}',
    );
    const { sessionToken: _token, accountId: _account, ...bare } = credentials;
    expect(toProcessJson(bare, 1_000_000)).toBe(
      '{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","Expiration":"1970-01-01T00:16:40Z"}',
    );
    expect(toKeysJson(keys)).toBe('{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s"}');
    expect(toKeysJson({ ...keys, sessionToken: new Secret('t') })).toBe(
      '{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s","SessionToken":"t"}',
    );
  });

  it('printed then parsed gives credentials and keys back', () => {
    const parsed = parseProcessJson(toProcessJson(credentials, 1_000_000));
    expect(parsed).toEqual({
      accessKeyId: 'ASIA1',
      secretAccessKey: new Secret('s'),
      sessionToken: new Secret('t'),
      localExpiresAt: 1_000_000,
      accountId: '123456789012',
    });
    expect([parsed?.secretAccessKey.reveal(), parsed?.sessionToken?.reveal()]).toEqual(['s', 't']);
    expect(parseProcessJson(toKeysJson(keys))).toStrictEqual({ accessKeyId: 'AKIA1', secretAccessKey: new Secret('s') });
  });

  it.each([
    '',
    '{}',
    '[]',
    '{"Version":2,"AccessKeyId":"a","SecretAccessKey":"s"}',
    '{"Version":1,"AccessKeyId":"a"}',
    '{"Version":1,"SecretAccessKey":"s"}',
    '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"soon"}',
  ])('parseProcessJson takes %j for nothing', (text) => {
    expect(parseProcessJson(text)).toBeUndefined();
  });

  it('tells no more of a key than its last four characters', () => {
    expect(keySuffix('AKIAIOSFODNN7EXAMPLE')).toBe('MPLE');
    const key = { ...keys, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
    expect(keySuffixIn(Buffer.from(toKeysJson(key)))).toBe('MPLE');
    expect(keySuffixIn(Buffer.from(toProcessJson({ ...credentials, ...key }, 1_000_000)))).toBe('MPLE');
  });
});

describe('isEpochMs', () => {
  it.each([
    [1, true],
    [lastTime, true],
    [0, false],
    [lastTime + 1, false],
    [1.5, false],
    ['1', false],
  ])('of %j is %s', (value, expected) => {
    expect(isEpochMs(value)).toBe(expected);
  });
});

describe('soundEnd', () => {
  it.each([
    ['a time', 1_500.9, 1_500],
    ['the furthest that is believed', 2_000, 2_000],
    ['what is further off', 9e15, 2_000],
    ['what is just to come', 1_000.5, 1_000],
    ['what is over', 1_000, undefined],
    ['no end', Number.POSITIVE_INFINITY, undefined],
    ['no number', '1500', undefined],
    ['nothing', undefined, undefined],
  ])('of %s: %j → %j', (_what, at, end) => {
    expect(soundEnd(at, { now: 1_000, longestMs: 1_000 })).toBe(end);
  });
});

describe('localMinute', () => {
  it('is the local date and minute, two digits each', () => {
    expect(localMinute(new Date(2026, 0, 2, 3, 4, 59).getTime())).toBe('2026-01-02 03:04');
    expect(localMinute(new Date(2026, 10, 12, 13, 14).getTime())).toBe('2026-11-12 13:14');
  });
});

// A clock file that was off by ages moved the end out of what a Date can hold, and `get` ended in a RangeError; a little less, and SDKs were
// given a year of five digits.
describe('isoSeconds', () => {
  it.each([
    [1_767_003_600_999, '2025-12-29T10:20:00Z'],
    [253_402_300_800_000, '9999-12-31T23:59:59Z'],
    [9e15, '9999-12-31T23:59:59Z'],
    [-1, '1970-01-01T00:00:00Z'],
  ])('writes %d as %s', (at, text) => {
    expect(isoSeconds(at)).toBe(text);
  });
});

describe('store items', () => {
  it('written then parsed give it back', () => {
    expect(parseKeysItem(toKeysItem(keys, 'keys/corp'), 'keys/corp')).toEqual({ kind: 'ok', value: keys });
    expect(parseCredentialsItem(toCredentialsItem(credentials, 'role/1'), 'role/1')).toEqual({ kind: 'ok', value: credentials });
  });

  it('bring their secrets back', () => {
    const network = { httpsProxy: new Secret('http://user:pw@proxy'), noProxy: new Secret('localhost') };
    const parsed = parseCredentialsItem(toCredentialsItem({ ...credentials, network }, 'role/1'), 'role/1');
    if (parsed.kind === 'broken') throw new Error(parsed.problem);
    const { secretAccessKey, sessionToken, network: kept } = parsed.value;
    expect([secretAccessKey.reveal(), sessionToken?.reveal()]).toEqual(['s', 't']);
    expect(Object.entries(kept ?? {}).map(([name, value]) => [name, value.reveal()])).toEqual([
      ['httpsProxy', 'http://user:pw@proxy'],
      ['noProxy', 'localhost'],
    ]);
    const parsedKeys = parseKeysItem(toKeysItem(keys, 'keys/corp'), 'keys/corp');
    expect(parsedKeys.kind === 'ok' && parsedKeys.value.secretAccessKey.reveal()).toBe('s');
    const totp = parseTotpItem(toTotpItem({ serial: 'arn', secret: new Secret('ABCD') }, 'totp/corp'), 'totp/corp');
    expect(totp.kind === 'ok' && [totp.value.serial, totp.value.secret.reveal()]).toEqual(['arn', 'ABCD']);
    const passphrase = parsePassphraseItem(toPassphraseItem(new Secret('p'), '/key', 'pass/1'), 'pass/1');
    expect(passphrase.kind === 'ok' && passphrase.value.reveal()).toBe('p');
    expect(JSON.parse(toPassphraseItem(new Secret('p'), '/key', 'pass/1').reveal())).toMatchObject({ keyFile: '/key' });
  });

  it('pass over what is no setting of a network', () => {
    const item = new Secret(
      JSON.stringify({
        ...JSON.parse(toCredentialsItem(credentials, 'role/1').reveal()),
        network: { noProxy: 7, caBundle: '/ca' },
      }),
    );
    const parsed = parseCredentialsItem(item, 'role/1');
    expect(parsed.kind === 'ok' && Object.keys(parsed.value.network ?? {})).toEqual(['caBundle']);
  });

  it('say nothing of an account and a network that are not known', () => {
    const { accountId: _, ...rest } = credentials;
    expect(toCredentialsItem(rest, 'role/1').reveal()).not.toContain('network');
    expect(parseCredentialsItem(toCredentialsItem(rest, 'role/1'), 'role/1')).toStrictEqual({ kind: 'ok', value: rest });
  });

  const items = {
    credentials: [toCredentialsItem(credentials, 'a/1'), parseCredentialsItem],
    keys: [toKeysItem(keys, 'a/1'), parseKeysItem],
    totp: [toTotpItem({ serial: 'arn', secret: new Secret('ABCD') }, 'a/1'), parseTotpItem],
    passphrase: [toPassphraseItem(new Secret('p'), '/key', 'a/1'), parsePassphraseItem],
  } as const;

  it.each([
    ['credentials', { accessKeyId: '' }, 'a key is missing'],
    ['credentials', { secretAccessKey: 7 }, 'a key is missing'],
    ['credentials', { issuedAt: 0 }, 'a time is missing or wrong'],
    ['credentials', { issuedAt: 2 }, 'a time is missing or wrong'],
    ['credentials', { expiresAt: 'soon' }, 'a time is missing or wrong'],
    ['keys', { accessKeyId: '' }, 'a field is missing'],
    ['keys', { secretAccessKey: undefined }, 'a field is missing'],
    ['keys', { userArn: 7 }, 'a field is missing'],
    ['totp', { serial: '' }, 'a field is missing'],
    ['totp', { secret: undefined }, 'a field is missing'],
    ['passphrase', { passphrase: '' }, 'a field is missing'],
    ['credentials', { v: undefined }, 'no format number'],
    ['credentials', { v: '2' }, 'no format number'],
    ['keys', { v: 0 }, 'no format number'],
    ['totp', { account: 'a/2' }, 'it was made for another account of the store'],
    ['passphrase', { account: 'a/2' }, 'it was made for another account of the store'],
  ] as const)('of %s with %j are broken: %s', (kind, changes, problem) => {
    const [item, parse] = items[kind];
    const changed = new Secret(JSON.stringify({ ...JSON.parse(item.reveal()), ...changes }));
    expect(parse(changed, 'a/1')).toEqual({ kind: 'broken', problem });
  });

  it('of credentials that have no token keep that, and are broken where a token was lost', () => {
    const { sessionToken: _none, ...keysOnly } = credentials;
    const item = toCredentialsItem(keysOnly, 'role/1');
    expect(parseCredentialsItem(item, 'role/1')).toEqual({ kind: 'ok', value: keysOnly });
    const lost = new Secret(item.reveal().replace('"sessionToken":null,', ''));
    expect(parseCredentialsItem(lost, 'role/1')).toEqual({ kind: 'broken', problem: 'the token is missing' });
  });

  // An item copied over another one was served as that one's: production's credentials for the sandbox.
  it('of another account, or of none, are broken', () => {
    const other = { kind: 'broken', problem: 'it was made for another account of the store' };
    expect(parseKeysItem(toKeysItem(keys, 'keys/corp'), 'keys/home')).toEqual(other);
    expect(parseCredentialsItem(toCredentialsItem(credentials, 'role/1'), 'role/2')).toEqual(other);
    const unbound = JSON.stringify({ ...JSON.parse(toKeysItem(keys, 'keys/corp').reveal()), account: undefined });
    expect(parseKeysItem(new Secret(unbound), 'keys/corp')).toEqual(other);
  });

  it('are read by their fields, whatever the kind', () => {
    const fields = { v: 1, account: 'a/1', some: 'thing' };
    expect(parseItem(new Secret(JSON.stringify(fields)), 'a/1')).toEqual({ kind: 'ok', value: fields });
    expect(parseItem(new Secret('[]'), 'a/1')).toEqual({ kind: 'broken', problem: 'not a JSON object' });
  });

  it('with times that nobody can write down are broken', () => {
    const item = toCredentialsItem({ ...credentials, expiresAt: 253_402_300_800_000 }, 'role/1');
    expect(parseCredentialsItem(item, 'role/1')).toEqual({ kind: 'broken', problem: 'a time is missing or wrong' });
  });

  it('of a later format are left alone, and named', () => {
    expect(() => parseKeysItem(new Secret('{"v":2}'), 'keys/corp')).toThrow(/the store's item keys\/corp .*newer/);
  });
});

describe('isAccountId', () => {
  it.each([
    ['222233334444', true],
    ['22223333444', false],
    ['2222333344445', false],
    ['x222233334444', false],
    ['aaaabbbbcccc', false],
    [222233334444, false],
    [undefined, false],
  ])('of %j is %s', (id, outcome) => {
    expect(isAccountId(id)).toBe(outcome);
  });
});
