// The bounds of each parameter from both sides, and every refusal word for word: it is all that a person learns of the limit.

import { describe, expect, it } from 'vitest';
import {
  type Checked,
  parseExternalId,
  parsePolicy,
  parsePolicyArns,
  parseRoleArn,
  parseRoleDuration,
  parseSamlProviderArn,
  parseSerial,
  parseSessionDuration,
  parseSessionName,
  parseSourceIdentity,
  parseTags,
  parseTransitiveTagKeys,
  policySizeProblem,
  sanitizeSessionName,
} from '../../src/config/limits.ts';

type Parse = (raw: string) => Checked<unknown>;
const roleArn = 'arn:aws:iam::123456789012:role/Dev';
const samlArn = 'arn:aws:iam::123456789012:saml-provider/Okta';
const policyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const notRole = (shown: string) => `${shown} is not a role's ARN, as arn:aws:iam::123456789012:role/NAME`;
const notProvider = (shown: string) => `${shown} is not a provider's ARN, as arn:aws:iam::123456789012:saml-provider/NAME`;
const notPolicy = (shown: string) => `${shown} is not a policy's ARN, as arn:aws:iam::aws:policy/ReadOnlyAccess`;
const notSeconds = (shown: string, max: number) => `${shown} is not a number of seconds from 900 to ${max}`;
const names = 'letters, digits and _+=,.@-';
const tagCharacters = 'letters, digits, spaces and _.:/=+-@';
const securityKey =
  'a passkey or security key cannot be used with this API of AWS; register an authenticator app (TOTP) or a hardware code device for the same user, and give its ARN';

describe('is taken, and comes back', () => {
  it.each<[string, Parse, string, unknown]>([
    ['a serial', parseSerial, 'ab_+=/:,.@-9', 'ab_+=/:,.@-9'],
    ['a session name', parseSessionName, 'aZ_9+=,.@-', 'aZ_9+=,.@-'],
    ['an external id', parseExternalId, 'aZ_9+=,.@:/-', 'aZ_9+=,.@:/-'],
    ['a source identity', parseSourceIdentity, 'x.aws', 'x.aws'],
    ['a source identity', parseSourceIdentity, 'aws', 'aws'],
    ['a role', parseRoleArn, `arn:aws:iam::123456789012:role/${'p'.repeat(512)}/${'n'.repeat(64)}`, undefined],
    ['a provider', parseSamlProviderArn, samlArn, samlArn],
    ['a provider', parseSamlProviderArn, samlArn.replace('aws', 'aws-us-gov'), undefined],
    ['a provider', parseSamlProviderArn, samlArn.replace('Okta', 'a_9+=,.@-'.padEnd(128, 'x')), undefined],
    ['a policy', parsePolicy, ' {"a":"\u00ff"} ', '{"a":"\u00ff"}'],
    ['a policy', parsePolicy, `${' '.repeat(9)}{"a":"${'x'.repeat(2040)}"}`, `{"a":"${'x'.repeat(2040)}"}`],
    [
      'policies',
      parsePolicyArns,
      `${policyArn},arn:aws-cn:iam::123456789012:policy/a/b`,
      [policyArn, 'arn:aws-cn:iam::123456789012:policy/a/b'],
    ],
    ['a policy of a long name', parsePolicyArns, `arn:aws:iam::aws:policy/${'n'.repeat(640)}`, undefined],
    ['a role duration', parseRoleDuration, '000003600', 3600],
    ['a session duration', parseSessionDuration, '36000', 36_000],
    [
      'tags',
      parseTags,
      ` a b = c d ,\r\n${'k'.repeat(128)}=${'v'.repeat(256)}`,
      { 'a b': 'c d', ['k'.repeat(128)]: 'v'.repeat(256) },
    ],
    ['tags', parseTags, 'a_.:/+-@=b_.:/=+-@', { 'a_.:/+-@': 'b_.:/=+-@' }],
    ['tags', parseTags, 'laws:s=aws:x', { 'laws:s': 'aws:x' }],
    ['keys of tags', parseTransitiveTagKeys, 'a\nb\rc,,d', ['a', 'b', 'c', 'd']],
  ])('%s: %#', (_what, parse, raw, value) => {
    expect(parse(raw)).toStrictEqual({
      kind: 'ok',
      value: value === undefined ? (parse === parsePolicyArns ? [raw] : raw) : value,
    });
  });
});

describe('is refused, in words', () => {
  it.each<[string, Parse, string, string]>([
    ['a security key', parseSerial, 'arn:aws:iam::123456789012:u2f/alice', securityKey],
    ['a security key', parseSerial, 'arn:aws:iam::123456789012:FIDO/alice', securityKey],
    ['a passkey', parseSerial, 'arn:aws:iam::123456789012:passkey/alice', securityKey],
    ['a serial', parseSerial, 'serial number', 'may not contain " ": only letters, digits and _+=/:,.@-'],
    ['a serial', parseSerial, 'serial\u{1f600}number', 'may not contain "\u{1f600}": only letters, digits and _+=/:,.@-'],
    ['a session name', parseSessionName, 'a/b', `may not contain "/": only ${names}`],
    ['a source identity', parseSourceIdentity, 'a b', `may not contain " ": only ${names}`],
    [
      'a source identity',
      parseSourceIdentity,
      `aws:${'x'.repeat(76)}`,
      `"aws:${'x'.repeat(76)}" begins with aws:, which AWS keeps for itself`,
    ],
    [
      'a source identity',
      parseSourceIdentity,
      `aws:${'x'.repeat(77)}`,
      `"aws:${'x'.repeat(76)}…" begins with aws:, which AWS keeps for itself`,
    ],
    ['a role', parseRoleArn, 'Dev', notRole('"Dev"')],
    ['a role', parseRoleArn, `x${roleArn}`, notRole(`"x${roleArn}"`)],
    ['a role', parseRoleArn, `${roleArn} `, notRole(`"${roleArn} "`)],
    ['a role', parseRoleArn, `${roleArn}/`, notRole(`"${roleArn}/"`)],
    ['a provider', parseSamlProviderArn, roleArn, notProvider(`"${roleArn}"`)],
    ['a provider', parseSamlProviderArn, `x${samlArn}`, notProvider(`"x${samlArn}"`)],
    ['a provider', parseSamlProviderArn, `${samlArn} `, notProvider(`"${samlArn} "`)],
    ['a provider', parseSamlProviderArn, samlArn.replace('2:', ':'), notProvider(`"${samlArn.replace('2:', ':')}"`)],
    ['a role duration', parseRoleDuration, '899', notSeconds('"899"', 43_200)],
    ['a session duration', parseSessionDuration, '1h', notSeconds('"1h"', 129_600)],
    ['a policy', parsePolicy, `{"a":"${'x'.repeat(2041)}"}`, "is longer than 2048 characters, AWS's limit"],
    ['a policy', parsePolicy, '{"a":"\u0100"}', 'AWS takes no "\u0100" in a policy'],
    ['a policy', parsePolicy, '{"a":"\u001f"}', 'AWS takes no "\\u001f" in a policy'],
    ['a policy', parsePolicy, '[{}]', 'is not a JSON object'],
    ['policies', parsePolicyArns, '', 'names nothing'],
    ['policies', parsePolicyArns, `${policyArn},${roleArn}`, notPolicy(`"${roleArn}"`)],
    ['policies', parsePolicyArns, `x${policyArn}`, notPolicy(`"x${policyArn}"`)],
    ['policies', parsePolicyArns, `${policyArn} x`, notPolicy(`"${policyArn} x"`)],
    ['policies', parsePolicyArns, policyArn.replace('::aws', '::aw'), notPolicy(`"${policyArn.replace('::aws', '::aw')}"`)],
    ['tags', parseTags, `${'k'.repeat(129)}=x`, `the key "${'k'.repeat(80)}…" has 129 characters, and AWS takes 1 to 128`],
    ['tags', parseTags, 'a = x, A = y', 'the key "A" is there twice'],
    ['tags', parseTags, 'a=x,b', '"b" has no "=": write key=value, key2=value2'],
    ['tags', parseTags, 'te;am=x', `the key "te;am" may not contain ";": only ${tagCharacters}`],
    ['tags', parseTags, `a=${'v'.repeat(257)}`, 'the value of "a" has 257 characters, and AWS takes 0 to 256'],
    ['keys of tags', parseTransitiveTagKeys, ' ', 'names nothing'],
    ['keys of tags', parseTransitiveTagKeys, 'a,aws:b,;', '"aws:b" begins with aws:, which AWS keeps for itself'],
    ['keys of tags', parseTransitiveTagKeys, 'a,;', `the key ";" may not contain ";": only ${tagCharacters}`],
    ['keys of tags', parseTransitiveTagKeys, 'a,b,A', 'the key "A" is there twice'],
  ])('%s: %#', (_what, parse, raw, problem) => {
    expect(parse(raw)).toStrictEqual({ kind: 'problem', problem });
  });
});

describe('policySizeProblem', () => {
  const tooLong = 'policy and policy_arns have 2049 characters together, and AWS takes 2048';
  it.each<[number | undefined, readonly number[] | undefined, string | undefined]>([
    [2048, undefined, undefined],
    [2049, undefined, tooLong],
    [undefined, [1000, 1048], undefined],
    [undefined, [1000, 1049], tooLong],
    [1000, [1000, 48], undefined],
    [1000, [1000, 49], tooLong],
  ])('of a policy of %j characters and ARNs of %j', (policy, arns, problem) => {
    const text = (length: number) => 'x'.repeat(length);
    expect(policySizeProblem(policy === undefined ? undefined : text(policy), arns?.map(text))).toBe(problem);
  });
});

describe('sanitizeSessionName', () => {
  it.each([
    ['a', 'a-'],
    ['aZ_9+=,.@-', 'aZ_9+=,.@-'],
    ['a b/c', 'a-b-c'],
    ['x'.repeat(65), 'x'.repeat(64)],
  ])('makes of %j', (text, name) => {
    expect(sanitizeSessionName(text)).toBe(name);
  });
});
