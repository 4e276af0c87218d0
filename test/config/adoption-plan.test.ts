// What a plan of adoption says of each profile: adopted and what next, refused and why, there already, left alone.

import { describe, expect, it } from 'vitest';
import { ordinaryRoles, planAdoption } from '../../src/config/adoption.ts';
import { isProfileName, parseProfileName } from '../../src/config/names.ts';
import type { Environment } from '../../src/ports/environment.ts';

const paths = { configPath: 'config', credentialsPath: 'credentials' };
const program = '/bin/rolekeeper';
const keys = '[corp]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n';
const roleArn = 'role_arn = arn:aws:iam::222233334444:role/Dev\n';
const byHand = 'change that place by hand, then run the command again';
const device = 'mfa_serial = arn:aws:iam::123456789012:mfa/alice\n';
const portal = 'sso_session = s\nsso_account_id = 222233334444\nsso_role_name = R\n';
const session = '[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n';
/** Of what a login begins. */
const keyId = expect.stringMatching(/^[0-9a-f]{32}$/);
const signInId = '02385471451750e0a6aab9c76b47bc70';

interface Asked {
  readonly names?: readonly string[];
  readonly suffix?: string;
  readonly credentials?: string;
  readonly env?: Environment;
}

function planOf(config: string, { names, suffix, credentials = keys, env = {} }: Asked = {}) {
  const texts = { config, credentials };
  const profiles = names?.map(parseProfileName) ?? ordinaryRoles(texts, paths);
  const plan = planAdoption(profiles, { texts, paths, env, program, suffix });
  return {
    ...plan,
    adopted: plan.adopted.map(({ profile, next, record }) => [profile, next, record.path]),
    refused: plan.refused.map(({ profile, error }) => [profile, error.message, error.hint]),
  };
}

function role(name: string, source = 'corp', more = ''): string {
  return `[profile ${name}]\n${roleArn}source_profile = ${source}\n${more}`;
}

function pair(name: string, source = 'corp', more = ''): string {
  return `[profile ${name}]\ncredential_process = ${program} get ${name}\n\n[rolekeeper ${name}]\n${roleArn}source_profile = ${source}\n${more}`;
}

const importCorp = { kind: 'import', profile: 'corp' };
const nothing = { adopted: [], refused: [], already: [], leftAlone: [] };

describe('ordinaryRoles', () => {
  it('are the roles of the config file that have no recipe yet, in the order of the file', () => {
    const config = `${role('z')}[profile keys]\nregion = x\n${role('on')}[rolekeeper on]\n${role('a')}[profile web]\n${portal}[profile bad\u001b]\n${roleArn}[rolekeeper only]\n${roleArn}[default]\n${roleArn}`;
    expect(ordinaryRoles({ config, credentials: `[stored]\n${roleArn}` }, paths)).toStrictEqual(['z', 'a', 'web', 'default']);
    expect(isProfileName('bad\u001b')).toBe(false);
  });
});

describe('a plan of adoption', () => {
  it('of nothing is nothing, but for what is said of those that are no roles', () => {
    const config = '[profile tool]\nlogin_session = s\n';
    expect(planOf(config)).toStrictEqual({
      ...nothing,
      config,
      leftAlone: ['"tool" stays a console sign-in: roles that have it as their source_profile are adopted'],
    });
  });

  it('has every role once: adopted, refused or there already', () => {
    const alone = `[profile alone]\n${roleArn}`;
    const config = `${role('a')}${alone}${pair('on')}${role('b', 'a')}`;
    expect(planOf(config, { names: ['b', 'on', 'alone', 'a'] })).toStrictEqual({
      ...nothing,
      config: `${pair('a')}${alone}${pair('on')}${pair('b', 'a')}`,
      adopted: [
        ['b', importCorp, 'config'],
        ['a', importCorp, 'config'],
      ],
      already: ['on'],
      refused: [
        [
          'alone',
          'will not edit config:5: "alone": it has role_arn but no source_profile',
          'add source_profile to [profile alone]',
        ],
      ],
    });
  });

  it('with a suffix has a twin of each, and looks whether that one is there', () => {
    const twin = (name: string) => `\n[profile ${name}-rk]\nregion = eu-west-1\ncredential_process = ${program} get ${name}\n`;
    const region = 'region = eu-west-1\n';
    const config = `${role('a', 'corp', region)}${role('b', 'corp', region)}${twin('b')}`;
    expect(planOf(config, { suffix: 'rk' })).toStrictEqual({
      ...nothing,
      config: config.replace('[profile b]', `${twin('a')}[profile b]`),
      adopted: [['a-rk', importCorp, 'config']],
      already: ['b'],
    });
  });

  it.each([
    ['keys in plaintext', role('a'), keys, importCorp],
    ['keys in plaintext, behind another role', `${role('a', 'b')}${role('b')}`, keys, importCorp],
    ['keys in the store', `${role('a')}[profile corp]\nregion = x-y-1\n`, '', { kind: 'none' }],
    [
      'a device of its own',
      `${role('a', 'corp', device)}[profile corp]\nregion = x-y-1\n`,
      '',
      { kind: 'login', profile: 'a', start: keyId },
    ],
    ['a device of its keys', `${role('a')}[profile corp]\n${device}`, '', { kind: 'login', profile: 'corp', start: keyId }],
    ['a sign-in', `[profile a]\n${portal}${session}`, '', { kind: 'login', profile: 'a', start: signInId }],
    [
      'a sign-in of its source',
      `${role('a', 'web')}[profile web]\n${portal}${session}`,
      '',
      { kind: 'login', profile: 'a', start: signInId },
    ],
    ['a console sign-in', `${role('a', 'c')}[profile c]\nlogin_session = s\n`, '', { kind: 'none' }],
  ])('says what is next for a role with %s', (_what, config, credentials, next) => {
    const { adopted, refused } = planOf(config, { names: ['a'], credentials });
    expect([adopted, refused]).toStrictEqual([[['a', next, 'config']], []]);
  });

  it('asks for the import of keys by the name of their profile, whatever they are called in the store', () => {
    const config = `${role('a')}[profile corp]\nkeys = old\n`;
    expect(planOf(config, { names: ['a'] }).adopted).toStrictEqual([['a', importCorp, 'config']]);
  });
});

describe('what a plan of adoption refuses', () => {
  it('is a pair that would be another role, without keeping the others', () => {
    // What follows role_arn is read as settings of its own there, and as none here.
    const odd = '[profile odd]\nrole_arn =\n  x = y\nsource_profile = corp\n';
    expect(planOf(`${role('a')}${odd}${role('b')}`)).toStrictEqual({
      ...nothing,
      config: `${pair('a')}${odd}${pair('b')}`,
      adopted: [
        ['a', importCorp, 'config'],
        ['b', importCorp, 'config'],
      ],
      refused: [['odd', 'will not edit config:4: "odd" would be another role afterwards', byHand]],
    });
  });

  it.each([
    ['a suffix that makes no name', { suffix: 'x]' }, '"a-x]" cannot be a profile name', 'run `rolekeeper --help`'],
    [
      'a suffix that some SDK cannot pass on',
      { suffix: '$' },
      'the profile name "a-$" holds characters that some SDK cannot pass on',
      'rename the profile: letters, digits, blanks and -._/+@:=, are safe',
    ],
    [
      'a twin that has keys in the credentials file',
      { suffix: 'rk', credentials: `${keys}[a-rk]\naws_access_key_id = AKIA\n` },
      'will not edit credentials:5: "aws_access_key_id" of "a-rk" in this file would win over credential_process',
      'keep keys in a profile of their own, and name that one as source_profile',
    ],
    [
      'a twin that is another profile',
      { suffix: 'x' },
      'will not edit config:4: there is a profile "a-x" already',
      'choose another suffix',
    ],
  ])('is %s', (_what, asked, message, hint) => {
    const config = `${role('a')}[profile a-x]\nregion = x\n`;
    const expected = { ...nothing, config, refused: [['a', message, hint]] };
    expect(planOf(config, { names: ['a'], ...asked })).toStrictEqual(expected);
  });

  it('is not a name that no file has: that ends it all', () => {
    expect(() => planOf(role('a'), { names: ['a', 'nope'] })).toThrow(
      expect.objectContaining({ code: 'profile-unknown', message: 'there is no profile "nope" in config' }),
    );
  });

  it('is not a fault of the program, whenever there is one: that ends it all', () => {
    const odd = '[profile odd]\nrole_arn =\n  x = y\nsource_profile = corp\n';
    const ending = (look: number) => attempt(() => planOf(`${role('a')}${odd}`, { env: faultyAt(look) }).adopted.length);
    const endings = Array.from({ length: 50 }, (_, step) => ending(1 + 5 * step));
    const faults = endings.filter((each) => each === 'a fault').length;
    expect(faults).toBeGreaterThan(5);
    // Once it is later than the last look, and never before that, the plan is made.
    expect(endings).toStrictEqual([...Array(faults).fill('a fault'), ...Array(50 - faults).fill(1)]);
  });

  it('is not a malformed file: that ends it all', () => {
    expect(() => planOf('x\n', { names: [] })).toThrow(expect.objectContaining({ code: 'config-malformed' }));
  });
});

/** An environment that cannot be read once, after so many looks. */
function faultyAt(looks: number): Environment {
  let count = 0;
  return new Proxy<Environment>(
    {},
    {
      get: () => {
        count += 1;
        if (count === looks) throw new TypeError('a fault');
        return undefined;
      },
    },
  );
}

function attempt(work: () => number): number | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}
