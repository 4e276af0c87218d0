import { describe, expect, it } from 'vitest';
import { editKeysPair, importPair, type KeysPair, typedPair } from '../../src/config/keys-pair.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { AppError } from '../../src/errors.ts';

const paths = { configPath: 'config', credentialsPath: 'credentials' };
const pair: KeysPair = {
  profile: parseProfileName('corp'),
  process: '/bin/rolekeeper get corp',
  recipe: {},
  ordinary: {},
  removesPlaintext: true,
};
const credentials = '[corp]\naws_access_key_id = AKIA1\naws_secret_access_key = secret\n';

describe('importPair and typedPair', () => {
  const [corp, work] = [parseProfileName('corp'), parseProfileName('work')];
  const bin = '/bin/rolekeeper';
  const ordinary = {};

  it('importPair names the keys where they are called otherwise, and the device where no file does', () => {
    const asked = { recipe: { profile: corp }, name: corp, isKept: false, serial: undefined };
    expect(importPair(asked, bin)).toStrictEqual(pair);
    expect(importPair({ ...asked, name: work, isKept: true, serial: 'S' }, bin)).toStrictEqual({
      ...pair,
      recipe: { keys: 'work', mfa_serial: 'S' },
      removesPlaintext: false,
    });
  });

  it('typedPair has a region if there is one, and never takes keys out of a file', () => {
    const asked = { profile: corp, name: corp, serial: undefined, region: undefined };
    const bare = { ...pair, ordinary, removesPlaintext: false };
    expect(typedPair(asked, bin)).toStrictEqual(bare);
    expect(typedPair({ ...asked, name: work, serial: 'S', region: 'eu-west-1' }, bin)).toStrictEqual({
      ...bare,
      recipe: { keys: 'work', mfa_serial: 'S' },
      ordinary: { region: 'eu-west-1' },
    });
  });

  it('importPair and typedPair refuse a program that no SDK could run', () => {
    const path = '/my tools/rolekeeper';
    const refusal = expect.objectContaining({ code: 'usage' });
    expect(() => importPair({ recipe: pair, name: corp, isKept: false, serial: undefined }, path)).toThrow(refusal);
    expect(() => typedPair({ profile: corp, name: corp, serial: undefined, region: undefined }, path)).toThrow(refusal);
  });
});

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
    expect(after.config).toBe(
      '[default]\nregion = eu-west-1\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper default]\n',
    );
    expect(after.credentials).toBe('');
  });

  it('editKeysPair takes along the MFA device that stands beside the keys, and leaves other lines and profiles alone', () => {
    const text = `; head\n[other]\naws_access_key_id = AKIA2\n\n${credentials}mfa_serial = S\nregion = eu-west-2\n`;
    const after = editKeysPair({ config: '', credentials: text }, pair, paths);
    expect(after.config).toBe(
      '[profile corp]\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper corp]\nmfa_serial = S\n',
    );
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

  // It named the line where the other device would have been after the first part of the edit.
  it('editKeysPair refuses a device that stands in both sections rather than choosing one', () => {
    const config = '[profile corp]\nmfa_serial = A\n[rolekeeper corp]\nmfa_serial = B\n';
    expect(() => editKeysPair({ config, credentials }, pair, paths)).toThrow(
      new AppError('edit-refused', { path: 'config', line: 4, problem: '[rolekeeper corp] has "mfa_serial" already' }),
    );
  });

  it('editKeysPair moves every setting that only rolekeeper knows, from either file', () => {
    const recipeLines = ['mfa_serial = S', 'mfa_process = p', 'session = none', 'session_duration_seconds = 900', 'keys = k'];
    const lines = `${recipeLines.join('\n')}\n`;
    const process = 'credential_process = /bin/rolekeeper get corp\n';
    const fromConfig = editKeysPair({ config: `[profile corp]\n${lines}region = x\n`, credentials: '' }, pair, paths);
    expect(fromConfig.config).toBe(`[profile corp]\nregion = x\n${process}\n[rolekeeper corp]\n${lines}`);
    const fromCredentials = editKeysPair({ config: '', credentials: `${credentials}${lines}` }, pair, paths);
    expect(fromCredentials).toStrictEqual({ config: `[profile corp]\n${process}\n[rolekeeper corp]\n${lines}`, credentials: '' });
  });

  it('editKeysPair takes an empty setting beside the keys for none, and its own words before those of a file', () => {
    const text = `${credentials}mfa_serial =\nsession = x\n`;
    const after = editKeysPair({ config: '', credentials: text }, { ...pair, recipe: { session: 'none' } }, paths);
    expect(after).toStrictEqual({
      config: '[profile corp]\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper corp]\nsession = none\n',
      credentials: '',
    });
  });

  it('editKeysPair takes a session token out of the config file, too', () => {
    const config = '[profile corp]\naws_access_key_id = A\naws_secret_access_key = S\naws_session_token = T\n';
    expect(editKeysPair({ config, credentials: '' }, pair, paths).config).toBe(
      '[profile corp]\ncredential_process = /bin/rolekeeper get corp\n\n[rolekeeper corp]\n',
    );
  });

  it.each([
    ['config', { config: 'x\n', credentials }],
    ['credentials', { config: '', credentials: 'x\n' }],
  ])('editKeysPair refuses a malformed file of %s by its path', (path, texts) => {
    const problem = 'it stands before the first [section]';
    const refusal = new AppError('config-malformed', { path, line: 1, problem });
    expect(() => editKeysPair(texts, pair, paths)).toThrow(refusal);
  });
});
