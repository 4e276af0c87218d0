// What may be a name, and which account, id or kind comes of it. The ids are compared with those of Node's own SHA-256.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  accountOfRecord,
  indexAccount,
  isKeyId,
  isPassphraseAccount,
  isProfileName,
  isSignInAccount,
  keyIdOf,
  keysAccount,
  keysNameOf,
  newKeysAccount,
  oldKeysAccount,
  parseAccount,
  parseProfileName,
  passphraseAccount,
  roleAccount,
  sessionAccount,
  signInAccount,
  totpAccount,
  totpNameOf,
} from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';

const corp = parseProfileName('corp');
const id = keyIdOf('x');
const digits = '0123456789abcdef0123456789abcdef';

function refusal(raw: string): unknown {
  try {
    return parseProfileName(raw);
  } catch (error) {
    return error instanceof AppError ? [error.code, error.message] : error;
  }
}

describe("a profile's name", () => {
  it.each([
    'dev',
    'a',
    'my dev',
    'team/dev',
    'dev-',
    'a"b\\c[d',
    '~',
    '^',
    'Straße',
    'x\u00a0y',
    'x\u2027y',
    'x\u202fy',
    'x\u2065y',
    'x\u206ay',
    'x\ud7ffy',
    'x\ue000y',
    'x\uffffy',
    '日本 😀',
    '\u{10ffff}',
    'n'.repeat(256),
  ])('may be %j', (raw) => {
    expect(isProfileName(raw)).toBe(true);
    expect(parseProfileName(raw)).toBe(raw);
  });

  it.each([
    '',
    ' dev',
    'dev ',
    '-dev',
    '-',
    'a]b',
    ']a',
    'a]',
    'a\u0000b',
    'a\u001fb',
    'a\tb',
    'a\nb',
    'a\u007fb',
    'a\u0080b',
    'a\u009fb',
    'a\u2028b',
    'a\u202eb',
    'a\u2066b',
    'a\u2069b',
    'a\ud800b',
    'a\udfffb',
    'n'.repeat(257),
  ])('may not be %j', (raw) => {
    expect(isProfileName(raw)).toBe(false);
    expect(() => parseProfileName(raw)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it.each([
    ['as JSON', 'a\u0000]', '"a\\u0000]"'],
    ['with its first 80 characters', `-${'n'.repeat(90)}`, `"-${'n'.repeat(79)}"`],
  ])('is shown in a refusal %s', (_how, raw, shown) => {
    expect(refusal(raw)).toStrictEqual(['usage', `${shown} cannot be a profile name`]);
  });
});

describe('a key id', () => {
  it.each<[unknown, string]>([
    ['x', '"x"'],
    [null, 'null'],
    [7, '7'],
    [['b', 'a'], '["b","a"]'],
    [{ b: 1, a: 2, c: 3 }, '{"a":2,"b":1,"c":3}'],
    [{ c: 1, b: 2, a: 3 }, '{"a":3,"b":2,"c":1}'],
    [{ b: [{ d: null, c: 'ab' }], a: undefined }, '{"b":[{"c":"ab","d":null}]}'],
  ])('of %j is the hash of %s', (input, json) => {
    expect(keyIdOf(input)).toBe(createHash('sha256').update(json).digest('hex').slice(0, 32));
  });

  it.each([
    [digits, true],
    ['', false],
    [digits.slice(1), false],
    [`${digits}0`, false],
    [`g${digits}`, false],
    [`${digits}g`, false],
    [digits.toUpperCase(), false],
    [digits.replace('a', 'g'), false],
  ])('isKeyId of %j is %j', (text, isId) => {
    expect(isKeyId(text)).toBe(isId);
  });
});

describe('an account', () => {
  const keyFileHash = createHash('sha256').update('{"keyFile":"~/.ssh/key"}').digest('hex').slice(0, 32);
  it.each([
    [keysAccount(corp), 'keys/corp'],
    [newKeysAccount(corp), 'keys-new/corp'],
    [oldKeysAccount(corp), 'keys-old/corp'],
    [totpAccount(corp), 'totp/corp'],
    [keysAccount(parseProfileName('a/b')), 'keys/a/b'],
    [sessionAccount(id), `session/${id}`],
    [roleAccount(id), `role/${id}`],
    [signInAccount(id), `sso/${id}`],
    [passphraseAccount('~/.ssh/key'), `passphrase/${keyFileHash}`],
    [indexAccount(), 'index'],
    [accountOfRecord({ kind: 'session', id }), `session/${id}`],
    [accountOfRecord({ kind: 'role', id }), `role/${id}`],
    [accountOfRecord({ kind: 'sign-in', id }), `sso/${id}`],
  ])('%s is %s', (made, text) => {
    expect(made).toBe(text);
    expect(parseAccount(text)).toBe(text);
  });

  it.each([
    '',
    'index/',
    'index/x',
    'keys',
    'keys/',
    'keys/-x',
    'keys-new/',
    'keys-old/',
    'totp/',
    '/corp',
    'other/corp',
    'session/corp',
    `keys/${'n'.repeat(128)}/${'n'.repeat(128)}`,
    `session/${digits.slice(16)}/${digits.slice(16)}`,
    `/${digits}`,
    `other/${digits}`,
    `index/${digits}`,
    'role/',
    'sso/corp',
    'passphrase/corp',
  ])('parseAccount knows none in %j', (text) => {
    expect(parseAccount(text)).toBeUndefined();
  });

  it('none is made of what is no name', () => {
    // As a caller would that has no type to hold it back.
    const make = () => Reflect.apply(keysAccount, undefined, [' x']);
    expect(make).toThrow(expect.objectContaining({ code: 'usage', message: '"keys/ x" cannot name a store item' }));
  });
});

describe('what an account is for', () => {
  const none = { keys: undefined, totp: undefined, isSignIn: false, isPassphrase: false };
  it.each([
    [keysAccount(corp), { ...none, keys: 'corp' }],
    [newKeysAccount(corp), none],
    [oldKeysAccount(corp), none],
    [totpAccount(corp), { ...none, totp: 'corp' }],
    [keysAccount(parseProfileName('a/keys/b')), { ...none, keys: 'a/keys/b' }],
    [totpAccount(parseProfileName('totp/b')), { ...none, totp: 'totp/b' }],
    [keysAccount(parseProfileName('sso/')), { ...none, keys: 'sso/' }],
    [keysAccount(parseProfileName('passphrase/')), { ...none, keys: 'passphrase/' }],
    [sessionAccount(id), none],
    [roleAccount(id), none],
    [signInAccount(id), { ...none, isSignIn: true }],
    [passphraseAccount('k'), { ...none, isPassphrase: true }],
    [indexAccount(), none],
  ])('%s', (account, expected) => {
    expect({
      keys: keysNameOf(account),
      totp: totpNameOf(account),
      isSignIn: isSignInAccount(account),
      isPassphrase: isPassphraseAccount(account),
    }).toStrictEqual(expected);
  });
});
