import { describe, expect, it } from 'vitest';
import { editKeysPair, type KeysPair } from '../../src/config/keys-pair.ts';
import { parseProfileName } from '../../src/config/names.ts';

const paths = { configPath: 'config', credentialsPath: 'credentials' };
const pair: KeysPair = {
  profile: parseProfileName('corp'),
  process: '/bin/rolekeeper get corp',
  recipe: {},
  ordinary: {},
  removesPlaintext: true,
};
const credentials = '[corp]\naws_access_key_id = AKIA1\naws_secret_access_key = secret\n';

describe('editKeysPair', () => {
  it('editKeysPair splits a profile into what every SDK reads and what only rolekeeper reads', () => {
    const config =
      '# mine\n[profile corp]\nregion = eu-west-1\nmfa_serial = arn:aws:iam::1:mfa/a ; phone\n# keep\noutput = json\n\n[profile x]\n';
    const after = editKeysPair({ config, credentials }, pair, paths);
    expect(after.config).toBe(
      '# mine\n[profile corp]\nregion = eu-west-1\n# keep\noutput = json\ncredential_process = /bin/rolekeeper get corp\n\n[profile x]\n\n[rolekeeper corp]\nmfa_serial = arn:aws:iam::1:mfa/a ; phone\n',
    );
    expect(after.credentials).toBe('');
  });

  it('editKeysPair makes both sections where there is none', () => {
    const after = editKeysPair(
      { config: '', credentials },
      { ...pair, ordinary: { region: 'eu-west-1' }, recipe: { mfa_serial: 'S' } },
      paths,
    );
    expect(after.config).toBe(
      '[profile corp]\nregion = eu-west-1\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper corp]\nmfa_serial = S\n',
    );
  });

  it('editKeysPair knows that the default profile has a short header', () => {
    const own = { ...pair, profile: parseProfileName('default') };
    const after = editKeysPair(
      { config: '[default]\nregion = eu-west-1\n', credentials: credentials.replace('corp', 'default') },
      own,
      paths,
    );
    expect(after.config).toContain('[default]\nregion = eu-west-1\ncredential_process = ');
    expect(after.credentials).toBe('');
  });

  it('editKeysPair takes along the MFA device that stands beside the keys, and leaves other lines and profiles alone', () => {
    const text = `; head\n[other]\naws_access_key_id = AKIA2\n\n${credentials}mfa_serial = S\nregion = eu-west-2\n`;
    const after = editKeysPair({ config: '', credentials: text }, pair, paths);
    expect(after.config).toContain('[rolekeeper corp]\nmfa_serial = S\n');
    expect(after.credentials).toBe('; head\n[other]\naws_access_key_id = AKIA2\n\n[corp]\nregion = eu-west-2\n');
  });

  it('editKeysPair takes keys out of the config file, too', () => {
    const config = '[profile corp]\naws_access_key_id = AKIA1\naws_secret_access_key = secret\nregion = eu-west-1\n';
    const after = editKeysPair({ config, credentials: '' }, pair, paths);
    expect(after.config).toBe(
      '[profile corp]\nregion = eu-west-1\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper corp]\n',
    );
  });

  it('editKeysPair leaves the plaintext where it is when told so', () => {
    const after = editKeysPair(
      { config: '', credentials: `${credentials}mfa_serial = S\n` },
      { ...pair, removesPlaintext: false },
      paths,
    );
    expect(after.credentials).toBe(`${credentials}mfa_serial = S\n`);
    expect(after.config).toContain('mfa_serial = S');
  });

  it('editKeysPair changes nothing the second time', () => {
    const once = editKeysPair(
      { config: '[profile corp]\nmfa_serial = S\n', credentials },
      { ...pair, recipe: { keys: 'k' } },
      paths,
    );
    expect(editKeysPair(once, { ...pair, recipe: { keys: 'k' } }, paths)).toEqual(once);
  });

  it('editKeysPair refuses a device that stands in both sections rather than choosing one', () => {
    const config = '[profile corp]\nmfa_serial = A\n[rolekeeper corp]\nmfa_serial = B\n';
    expect(() => editKeysPair({ config, credentials }, pair, paths)).toThrow(/has "mfa_serial" already/);
  });
});
