import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/aws-config.ts';
import { leftAloneLines } from '../../src/config/left-alone.ts';

function linesFor(config: string): readonly string[] {
  return leftAloneLines(parseConfigFile(config, 'config'));
}

describe('leftAloneLines', () => {
  const helper =
    '"a" goes on running aws_signing_helper. rolekeeper needs no helper: write its options into [rolekeeper a], by the names in rolekeeper-config(5), CERTIFICATE KEYS';
  const other =
    '"a" goes on running another program: roles that have it as their source_profile are adopted. To have what it gives kept as well, write its credential_process into [rolekeeper a]';
  const signIn = '"a" stays a console sign-in: roles that have it as their source_profile are adopted';

  it.each([
    ['another program', 'credential_process = /opt/tool --x', other],
    ['a signing helper', 'credential_process = /opt/aws_signing_helper credential-process --certificate c', helper],
    ['one on the path', 'credential_process = aws_signing_helper  credential-process', helper],
    ['one of Windows', 'credential_process = "C:\\x\\aws_signing_helper.exe" credential-process', helper],
    ['one in quotes', "credential_process = '/opt/aws_signing_helper' credential-process", helper],
    ['its other verbs', 'credential_process = aws_signing_helper serve', other],
    ['a verb that only begins so', 'credential_process = aws_signing_helper credential-processes', other],
    ['a program whose name ends so', 'credential_process = /opt/my_aws_signing_helper credential-process', other],
    ['one that is but an argument', 'credential_process = /opt/tool aws_signing_helpercredential-process', other],
    ['a line of both', 'login_session = s\ncredential_process = /opt/tool', other],
    ['a console sign-in', 'login_session = arn:aws:sts::1:assumed-role/A/b', signIn],
  ])('leftAloneLines says what can be done with %s', (_what, setting, line) => {
    expect(linesFor(`[profile a]\n${setting}\n`)).toStrictEqual([line]);
  });

  it('leftAloneLines has one line for each, in the order of the file', () => {
    const each = (name: string) => `[profile ${name}]\nlogin_session = s\n`;
    expect(linesFor(`${each('b')}[profile keys]\nregion = x\n${each('a')}`)).toStrictEqual([
      signIn.replace('"a"', '"b"'),
      signIn,
    ]);
  });

  it.each([
    ['ours', '[profile a]\ncredential_process = /usr/local/bin/rolekeeper get a\n'],
    ['a role with a console sign-in', '[profile a]\nrole_arn = arn:aws:iam::222233334444:role/Dev\nlogin_session = s\n'],
    ['a sign-in with a recipe', '[profile a]\nlogin_session = s\n[rolekeeper a]\n'],
    ['with a recipe', '[profile a]\ncredential_process = /opt/tool\n[rolekeeper a]\ncredential_process = /opt/tool\n'],
    ['a role', '[profile a]\nrole_arn = arn:aws:iam::222233334444:role/Dev\ncredential_process = /opt/tool\n'],
    ['keys', '[profile a]\naws_access_key_id = AKIA\n'],
  ])('leftAloneLines has no word for a profile that is %s', (_what, config) => {
    expect(linesFor(config)).toEqual([]);
  });

  it('leftAloneLines passes over a name that would act on the terminal', () => {
    expect(linesFor('[profile a\u001b[2J]\ncredential_process = /opt/tool\n')).toEqual([]);
  });

  it('leftAloneLines never repeats a command, which may hold a password', () => {
    expect(linesFor('[profile a]\ncredential_process = /opt/tool --password hunter2\n').join()).not.toContain('hunter2');
  });
});
