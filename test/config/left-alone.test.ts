import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/aws-config.ts';
import { leftAloneLines } from '../../src/config/left-alone.ts';

function linesFor(config: string): readonly string[] {
  return leftAloneLines(parseConfigFile(config, 'config'));
}

describe('leftAloneLines', () => {
  it.each([
    ['another program', 'credential_process = /opt/tool --x', 'write its credential_process into [rolekeeper a]'],
    ['a signing helper', 'credential_process = /opt/aws_signing_helper credential-process --certificate c', 'CERTIFICATE KEYS'],
    ['one of Windows', 'credential_process = "C:\\x\\aws_signing_helper.exe" credential-process', 'CERTIFICATE KEYS'],
    ['a console sign-in', 'login_session = arn:aws:sts::1:assumed-role/A/b', 'stays a console sign-in'],
  ])('leftAloneLines says what can be done with %s', (_what, setting, words) => {
    const lines = linesFor(`[profile a]\n${setting}\n`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(words);
  });

  it.each([
    ['ours', '[profile a]\ncredential_process = /usr/local/bin/rolekeeper get a\n'],
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
