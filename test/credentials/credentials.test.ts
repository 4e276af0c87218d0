import { describe, expect, it } from 'vitest';
import {
  isoSeconds,
  parseCredentialsItem,
  parseKeysItem,
  parseProcessJson,
  toCredentialsItem,
  toKeysItem,
  toKeysJson,
  toProcessJson,
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
  it('printed then parsed gives credentials and keys back', () => {
    expect(parseProcessJson(toProcessJson(credentials, 1_000_000))).toEqual({
      accessKeyId: 'ASIA1',
      secretAccessKey: new Secret('s'),
      sessionToken: new Secret('t'),
      localExpiresAt: 1_000_000,
    });
    expect(parseProcessJson(toKeysJson(keys))).toEqual({ accessKeyId: 'AKIA1', secretAccessKey: new Secret('s') });
  });

  it.each(['', '{}', '{"Version":2,"AccessKeyId":"a","SecretAccessKey":"s"}', '{"Version":1,"AccessKeyId":"a"}'])(
    'parseProcessJson takes %j for nothing',
    (text) => {
      expect(parseProcessJson(text)).toBeUndefined();
    },
  );
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

  it('with times that nobody can write down are broken', () => {
    const item = toCredentialsItem({ ...credentials, expiresAt: 253_402_300_800_000 }, 'role/1');
    expect(parseCredentialsItem(item, 'role/1')).toEqual({ kind: 'broken', problem: 'a time is missing or wrong' });
  });

  it('of a later format are left alone, and named', () => {
    expect(() => parseKeysItem(new Secret('{"v":2}'), 'keys/corp')).toThrow(/the store's item keys\/corp .*newer/);
  });
});
