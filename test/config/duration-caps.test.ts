import { describe, expect, it } from 'vitest';
import { durationCaps } from '../../src/config/duration-caps.ts';
import { recipeFrom } from './recipe-from.ts';

const serial = 'mfa_serial = arn:aws:iam::123456789012:mfa/alice\n';
const keys = '[corp]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n';

function arn(name: string): string {
  return `arn:aws:iam::222233334444:role/${name}`;
}

function role(name: string, source: string, more = ''): string {
  return `[profile ${name}]\nrole_arn = ${arn(name)}\nsource_profile = ${source}\n${more}`;
}

const chained = (signer: string, lowered = '') =>
  `3600 s at most: ${signer} signs it, which AWS counts as role chaining${lowered}`;
const long = (code = '') =>
  `43200 s at most, and no more than the role's MaxSessionDuration: long-term keys sign it${code}, so it is not chained`;
const ofKeys = "129600 s at most: AWS's limit for a session of a user's keys (GetSessionToken)";
const whileSession = 'made anew for as long as the MFA session lasts; then a login is needed';
const whileRole = 'made anew for as long as the role that took the MFA code lasts; then a login is needed';

describe('durationCaps', () => {
  const capsOf = (config: string, { credentials = '', asked }: { credentials?: string; asked?: number } = {}) => {
    const recipe = recipeFrom(config, { credentials });
    return [...recipe.hops, 'none'].map((_hop, index) => durationCaps(recipe, index, asked));
  };
  const corp = '[profile corp]\n';

  it.each<[string, string, readonly (readonly string[])[]]>([
    ['keys alone', '[profile dev]\n', [[ofKeys], []]],
    ['a role of keys', `${corp}${role('dev', 'corp')}`, [[long()], []]],
    [
      'a session and two roles',
      `${corp}${serial}${role('mid', 'corp')}${role('dev', 'mid')}`,
      [[ofKeys], [chained('the session'), whileSession], [chained('another role'), whileSession], []],
    ],
    [
      'a role that takes the code, and one behind it',
      `${corp}${serial}${role('mid', 'corp', 'duration_seconds = 7200\n')}${role('dev', 'mid')}`,
      [[long(' (the MFA code is spent on this role itself)')], [chained('another role'), whileRole], []],
    ],
    [
      'another way in, and a role behind it',
      `[profile mid]\nrole_arn = ${arn('mid')}\nsaml_process = print\n${role('dev', 'mid')}`,
      [[], [chained(`${arn('mid')} by SAML`)], []],
    ],
  ])('says of %s what bounds each hop', (_what, config, caps) => {
    expect(capsOf(config)).toStrictEqual(caps);
  });

  it.each([
    ['permanent', '', long()],
    ['temporary', 'aws_session_token = token\n', chained('a temporary key')],
  ])('says of a role of %s keys in a file what bounds it', (_which, token, cap) => {
    expect(capsOf(`${corp}${role('dev', 'corp')}`, { credentials: keys + token })).toStrictEqual([[cap], []]);
  });

  it.each([
    [3600, ''],
    [3601, '; 3601 was lowered to 3600'],
  ])('says of a chained role for which %i is written whether it was lowered', (asked, words) => {
    expect(capsOf(`${corp}${role('mid', 'corp')}${role('dev', 'mid')}`, { asked })[1]).toStrictEqual([
      chained('another role', words),
    ]);
  });
});
