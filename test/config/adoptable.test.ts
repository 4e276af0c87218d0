// Which profiles can be put on rolekeeper, and what is said, with which line, of those that cannot.

import { describe, expect, it } from 'vitest';
import { isAdopted, refuseStored, refuseUnadoptable } from '../../src/config/adoptable.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';

const dev = parseProfileName('dev');
const ours = 'credential_process = /x/rolekeeper get dev\n';
const role = 'role_arn = arn:aws:iam::222233334444:role/Dev\n';
const keys = 'aws_access_key_id = AKIA\naws_secret_access_key = secret\n';
const stored = `[corp]\n${keys}`;
const byHand = 'change that place by hand, then run the command again';

function filesOf(config: string, credentials = '') {
  return { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile(credentials, 'credentials') };
}

function attempt(config: string, credentials?: string): unknown {
  return refusalOf(() => refuseUnadoptable(dev, filesOf(config, credentials), { scanned: scanLines(config, 'config'), env: {} }));
}

function refusalOf(work: () => void): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof AppError ? [error.code, error.message, error.hint] : error;
  }
}

describe('isAdopted', () => {
  it.each([
    ['that is not there', '[profile other]\n', false],
    ['without a line', '[profile dev]\nregion = x\n', false],
    ['with the line of another program', '[profile dev]\ncredential_process = /bin/tool\n', false],
    ['with our line in another setting', '[profile dev]\nregion = /x/rolekeeper get dev\n', false],
    ['with our line', `[profile dev]\n${ours}`, true],
    ['with our line for another profile', '[profile dev]\ncredential_process = /x/rolekeeper get it\n', true],
    ['with what is no credential beside it', `[profile dev]\nregion = x\n${ours}output = json\n`, true],
    ['with a role beside it', `[profile dev]\n${role}${ours}`, false],
    ['with a device beside it', `[profile dev]\n${ours}region = x\nmfa_serial = s\n`, false],
    ['with keys beside it', `[profile dev]\n${ours}aws_access_key_id = AKIA\n`, false],
    ['with a secret beside it', `[profile dev]\n${ours}aws_secret_access_key = s\n`, false],
    ['with a token beside it', `[profile dev]\n${ours}aws_session_token = s\n`, false],
    ['with an old token beside it', `[profile dev]\n${ours}aws_security_token = s\n`, false],
    ['with a sign-in beside it', `[profile dev]\n${ours}login_session = s\n`, false],
  ])('of a profile %s', (_what, config, expected) => {
    expect(isAdopted('dev', filesOf(config))).toBe(expected);
  });
});

describe('refuseStored', () => {
  it.each(['[other]\naws_access_key_id = AKIA\n', '[dev]\nregion = x\noutput = json\n', ''])('takes %j', (text) => {
    expect(refuseStored(dev, parseCredentialsFile(text, 'credentials'))).toBeUndefined();
  });

  it.each([
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
    'aws_security_token',
    'login_session',
    'credential_process',
    'role_arn',
    'sso_session',
  ])('refuses %s, with its line', (key) => {
    const text = `[dev]\nregion = x\n${key} = x\nmfa_serial = x\n`;
    expect(refusalOf(() => refuseStored(dev, parseCredentialsFile(text, 'credentials')))).toStrictEqual([
      'edit-refused',
      `will not edit credentials:3: "${key}" of "dev" in this file would win over credential_process`,
      'keep keys in a profile of their own, and name that one as source_profile',
    ]);
  });
});

describe('refuseUnadoptable', () => {
  it.each([
    ['a role', `[profile dev]\n${role}source_profile = corp\nregion = x-y-1\n`],
    ['a role that runs us already', `[profile dev]\n${role}source_profile = corp\n${ours}`],
    ['a role below settings that are no credentials', `[DEFAULT]\nregion = x-y-1\n[profile dev]\n${role}source_profile = corp\n`],
    ['a role whose source is one', `[profile dev]\n${role}source_profile = b\n[profile b]\n${role}source_profile = corp\n`],
    [
      'a role of IAM Identity Center',
      '[profile dev]\nsso_session = s\nsso_account_id = 222233334444\nsso_role_name = R\n[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n',
    ],
  ])('takes %s', (_what, config) => {
    expect(attempt(config, stored)).toBeUndefined();
  });

  it('says of a name that no file has that there is none', () => {
    expect(attempt('[profile other]\n')).toStrictEqual([
      'profile-unknown',
      'there is no profile "dev" in config',
      'run `rolekeeper status`',
    ]);
  });

  it.each([
    [
      'a second section of that name',
      `[profile dev]\n${role}source_profile = corp\n[profile "dev"]\n`,
      'config:4: [profile "dev"] means the same section as [profile dev] in line 1',
      byHand,
    ],
    ['a recipe of that name', '[rolekeeper dev]\n', 'config:1: there is a section [rolekeeper dev] already', byHand],
    [
      'a credential of every profile',
      `[DEFAULT]\nregion = x\nmfa_serial = x\n[profile dev]\n${role}source_profile = corp\n`,
      'config:3: "mfa_serial" in [DEFAULT] belongs to every profile',
      byHand,
    ],
    [
      'no role',
      '[default]\n[profile dev]\nregion = x\n',
      'config:2: "dev" has no role_arn: it is not a role',
      'leave it as it is: only roles are adopted',
    ],
    [
      'a console sign-in',
      '[profile dev]\nlogin_session = s\n',
      'config:1: "dev" has no role_arn: it is not a role',
      'leave it as it is: roles that start from it can be adopted',
    ],
    [
      'another program',
      '[profile dev]\ncredential_process = /bin/tool\n',
      'config:1: "dev" has no role_arn: it is not a role',
      'leave it as it is: roles that start from it can be adopted; to keep its credentials, write its command into [rolekeeper dev]',
    ],
    [
      'keys',
      `[profile dev]\nlogin_session = s\ncredential_process = /bin/tool\n${keys}`,
      'config:1: "dev" has no role_arn: it is not a role',
      'access keys go into the store with `rolekeeper import dev`',
    ],
    [
      "another profile's line of ours",
      `[profile dev]\n${role}source_profile = corp\ncredential_process = /x/rolekeeper get corp\n`,
      'config:4: "credential_process" of "dev" is another way to credentials than its role',
      'take it out, or into a profile of its own',
    ],
    [
      "another program's line",
      `[profile dev]\nregion = x-y-1\n${role}source_profile = corp\ncredential_process = /bin/tool\n`,
      'config:5: "credential_process" of "dev" is another way to credentials than its role',
      'take it out, or into a profile of its own',
    ],
    [
      'a sign-in beside the role',
      `[profile dev]\n${role}source_profile = corp\nlogin_session = s\n`,
      'config:4: "login_session" of "dev" is another way to credentials than its role',
      'take it out, or into a profile of its own',
    ],
    [
      'a region of IAM Identity Center beside the role',
      `[profile dev]\n${role}source_profile = corp\nsso_region = eu-west-1\n`,
      'config:4: "sso_region" of "dev" is another way to credentials than its role',
      'take it out, or into a profile of its own',
    ],
  ])('refuses %s', (_what, config, problem, hint) => {
    expect(attempt(config, stored)).toStrictEqual(['edit-refused', `will not edit ${problem}`, hint]);
  });

  it.each([
    [
      'keys there, and nothing here',
      '',
      `[dev]\n${keys}`,
      'credentials:1: "dev" has no role_arn: it is not a role',
      'access keys go into the store with `rolekeeper import dev`',
    ],
    [
      'keys there, and a region here',
      '[profile dev]\nregion = x\n',
      `[dev]\n${keys}`,
      'config:1: "dev" has no role_arn: it is not a role',
      'access keys go into the store with `rolekeeper import dev`',
    ],
    [
      'the role there',
      '[profile dev]\nregion = x\n',
      `[dev]\n${role}`,
      'credentials:2: "role_arn" of "dev" in this file would win over credential_process',
      'keep keys in a profile of their own, and name that one as source_profile',
    ],
    [
      'the role here, and keys there',
      `[profile dev]\n${role}source_profile = corp\n`,
      `[dev]\n${keys}`,
      'credentials:2: "aws_access_key_id" of "dev" in this file would win over credential_process',
      'keep keys in a profile of their own, and name that one as source_profile',
    ],
  ])('looks into the credentials file as well: %s', (_what, config, credentials, problem, hint) => {
    expect(attempt(config, credentials)).toStrictEqual(['edit-refused', `will not edit ${problem}`, hint]);
  });
});

describe('a recipe that rolekeeper would refuse is refused with the line that is wrong', () => {
  it.each([
    [
      'of its own',
      `[profile dev]\n${role}source_profile = corp\nduration_seconds = 1\n`,
      stored,
      'config:4: "dev": duration_seconds: "1" is not a number of seconds from 900 to 43200',
      'change duration_seconds in [profile dev]',
    ],
    [
      'of its own, though its source has such a setting too',
      `[profile dev]\n${role}source_profile = b\nduration_seconds = 1\n[profile b]\n${role}source_profile = corp\nduration_seconds = 900\n`,
      stored,
      'config:4: "dev": duration_seconds: "1" is not a number of seconds from 900 to 43200',
      'change duration_seconds in [profile dev]',
    ],
    [
      'of its own, where it has no source',
      `[profile dev]\nregion = x-y-1\n${role}`,
      '',
      'config:3: "dev": it has role_arn but no source_profile',
      'add source_profile to [profile dev]',
    ],
    [
      'that the problem names, rather than one that the hint names',
      `[profile dev]\nregion = x-y-1\nendpoint_url = x\n${role}source_profile = corp\n`,
      stored,
      'config:3: "dev": endpoint_url = "x" is not a URL',
      'check region and endpoint_url of [profile dev]',
    ],
    [
      'of its recipe rather than of what that overrules',
      `[profile dev]\n${role}source_profile = b\n[profile b]\n${role}[rolekeeper b]\nregion = x\nrole_arn = x\nsource_profile = corp\n`,
      stored,
      `config:8: "dev" by way of "b": role_arn: "x" is not a role's ARN, as arn:aws:iam::123456789012:role/NAME`,
      'change role_arn in [rolekeeper b]',
    ],
    [
      'of the header, where no setting is named',
      `[profile dev]\n${role}source_profile = my tool\n[profile "my tool"]\nregion = x\nlogin_session = s\n`,
      '',
      'config:4: "dev" by way of "my tool": its name holds characters that a shell would read',
      'rename [profile my tool], then `aws login` anew',
    ],
    [
      'of the header in the credentials file',
      `[profile dev]\n${role}source_profile = my tool\n`,
      '\n[my tool]\nlogin_session = s\n',
      'credentials:2: "dev" by way of "my tool": its name holds characters that a shell would read',
      'rename [profile my tool], then `aws login` anew',
    ],
    [
      'of its source',
      `[profile dev]\n${role}source_profile = b\n[profile b]\nregion = x\n${role}source_profile = corp\nexternal_id = x\n`,
      stored,
      'config:8: "dev" by way of "b": external_id: has 1 characters, and AWS takes 2 to 1224',
      'change external_id in [profile b]',
    ],
    [
      'of its source in the credentials file',
      `[profile dev]\n${role}source_profile = corp\n[profile corp]\nregion = x-y-1\n`,
      `${stored}mfa_serial = x\n`,
      'credentials:4: "dev" by way of "corp": mfa_serial: has 1 characters, and AWS takes 9 to 256',
      'change the setting mfa_serial',
    ],
    [
      'of its source with a recipe',
      `[profile dev]\n${role}source_profile = b\n[profile b]\nregion = x\n[rolekeeper b]\n${role}`,
      '',
      'config:7: "dev" by way of "b": it has role_arn but no source_profile',
      'add source_profile to [rolekeeper b]',
    ],
    [
      'of the nearest, where its source is not there',
      `[profile dev]\n${role}source_profile = no\n`,
      '',
      'config:3: "dev": its source "no" does not exist',
      'change source_profile of "dev"',
    ],
  ])('%s', (_where, config, credentials, problem, hint) => {
    expect(attempt(config, credentials)).toStrictEqual(['edit-refused', `will not edit ${problem}`, hint]);
  });

  it('and keeps the refusal as its cause', () => {
    const config = `[profile dev]\n${role}`;
    const refuse = () => refuseUnadoptable(dev, filesOf(config), { scanned: scanLines(config, 'config'), env: {} });
    expect(refuse).toThrow(
      expect.objectContaining({ code: 'edit-refused', cause: expect.objectContaining({ code: 'recipe-invalid' }) }),
    );
  });
});
