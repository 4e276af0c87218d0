import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  configHeader,
  configSectionName,
  credentialsSectionName,
  type SectionType,
  shellWords,
} from '../../src/config/aws-config-header.ts';

describe('configSectionName', () => {
  it.each([
    ['default', 'profile', 'default'],
    ['profile dev', 'profile', 'dev'],
    ['profile team/a.b@c+d-e_f', 'profile', 'team/a.b@c+d-e_f'],
    ['profile "my name"', 'profile', 'my name'],
    ['profile  two  ', 'profile', 'two'],
    ['profile ""', 'profile', ''],
    ['profilesque odd', 'profile', 'odd'],
    ['sso-session corp', 'sso-session', 'corp'],
    ['services local', 'services', 'local'],
    ['servicesx y', 'services', 'y'],
    ['rolekeeper dev', 'rolekeeper', 'dev'],
    ['rolekeeper "a b"', 'rolekeeper', 'a b'],
    ['rolekeeper ""', 'rolekeeper', ''],
    ['rolekeeper', 'rolekeeper-settings', ''],
    ['rolekeeper ', 'rolekeeper-settings', ''],
    ['rolekeeperx y', 'other', 'rolekeeperx y'],
    ['rolekeeperx', 'other', 'rolekeeperx'],
    ['rolekeeper a b', 'other', 'rolekeeper a b'],
    ['rolekeeper "open', 'other', 'rolekeeper "open'],
    ['profile', 'other', 'profile'],
    ['profile a b', 'other', 'profile a b'],
    ['profile "open', 'other', 'profile "open'],
    ['services', 'other', 'services'],
    ['DEFAULT', 'other', 'DEFAULT'],
    [' profile x', 'other', ' profile x'],
    ['corp', 'other', 'corp'],
  ] as const)('configSectionName takes %j for a %s called %j', (header, type, name) => {
    expect(configSectionName(header)).toStrictEqual({ type, name });
  });

  it('credentialsSectionName takes any header for a profile of that name', () => {
    expect(credentialsSectionName('profile "a"')).toStrictEqual({ type: 'profile', name: 'profile "a"' });
  });
});

describe('configHeader', () => {
  it.each([
    ['profile', 'dev', 'profile dev'],
    ['profile', 'default', 'default'],
    ['services', 'default', 'services default'],
    ['sso-session', 'my corp', 'sso-session "my corp"'],
    ['rolekeeper', '', 'rolekeeper ""'],
    ['profile', 'a\tb', 'profile "a\tb"'],
    ['profile', "o'brien", 'profile "o\'brien"'],
    ['profile', 'a"b\\c"', 'profile "a\\"b\\\\c\\""'],
    ['rolekeeper-settings', '', 'rolekeeper'],
    ['other', 'profile a b', 'profile a b'],
  ] as const)('configHeader of the %s %j is %j', (type, name, header) => {
    expect(configHeader({ type, name })).toBe(header);
  });

  it('configHeader writes what configSectionName reads back', () => {
    const types: readonly SectionType[] = ['profile', 'sso-session', 'services', 'rolekeeper'];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.string({ unit: 'binary-ascii' }), (type, name) => {
        expect(configSectionName(configHeader({ type, name }))).toEqual({ type, name });
      }),
      { seed: 20_260_723 },
    );
  });
});

describe('shellWords', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['a', ['a']],
    [' a  b\tc\rd\ne ', ['a', 'b', 'c', 'd', 'e']],
    ['a"b c"d', ['ab cd']],
    ["a'b c'd", ['ab cd']],
    ['\'a"b\' "a\'b"', ['a"b', "a'b"]],
    ['"" \'\'', ['', '']],
    ['a\\ b \\"c \\\\', ['a b', '"c', '\\']],
    ['"a\\"b" "a\\\\b" "a\\b"', ['a"b', 'a\\b', 'a\\b']],
    ["'a\\'", ['a\\']],
    ['a #b', ['a', '#b']],
    ['a "b', []],
    ["a 'b", []],
    ['a \\', []],
    ['a "b\\"', []],
  ])('shellWords splits %j as shlex does', (header, words) => {
    expect(shellWords(header)).toStrictEqual(words);
  });
});
