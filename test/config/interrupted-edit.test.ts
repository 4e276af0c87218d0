import { describe, expect, it } from 'vitest';
import { recordEdit } from '../../src/config/edit-record.ts';
import { originalTexts } from '../../src/config/interrupted-edit.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { Secret } from '../../src/credentials/secret.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG') };
const undoing = { keys, profile: parseProfileName('corp') };
const config = { before: '[profile corp]\nregion = x\n', after: '[profile corp]\nregion = x\ncredential_process = p\n' };
const credentials = { before: `[corp]\naws_access_key_id = ${keys.accessKeyId}\n`, after: '' };
const records = [recordEdit('/config', config, keys), recordEdit('/credentials', credentials, keys)];

function originals(configText: string, credentialsText: string, earlier = records): readonly string[] {
  const now = [
    { path: '/config', text: configText },
    { path: '/credentials', text: credentialsText },
  ];
  return originalTexts(now, earlier, undoing).map(({ text }) => text);
}

describe('originalTexts', () => {
  it('originalTexts looks past an edit that reached one of two files', () => {
    expect(originals(config.after, credentials.before)).toEqual([config.before, credentials.before]);
    expect(originals(config.before, credentials.after)).toEqual([config.before, credentials.before]);
  });

  it('originalTexts keeps what came into the edited file since', () => {
    expect(originals(`${config.after}[profile new]\n`, credentials.before)).toEqual([
      `${config.before}[profile new]\n`,
      credentials.before,
    ]);
  });

  it('originalTexts takes the files as they are after an edit that was finished, or none', () => {
    expect(originals(config.after, credentials.after)).toEqual([config.after, credentials.after]);
    expect(originals(config.after, '[corp]\naws_access_key_id = NEW\n')).toEqual([
      config.after,
      '[corp]\naws_access_key_id = NEW\n',
    ]);
    expect(originals(config.after, credentials.before, [])).toEqual([config.after, credentials.before]);
  });

  it('originalTexts takes a file as it is when it was changed where the edit was', () => {
    const changed = config.after.replace('= p', '= q');
    expect(originals(changed, credentials.before)).toEqual([changed, credentials.before]);
  });

  it('originalTexts leaves a file alone that the edit has not reached, though its lines could be put in once more', () => {
    const noted = { before: '# note\n[profile corp]\nx = 1\n', after: '[profile corp]\nx = 1\n' };
    const earlier = [recordEdit('/config', noted, keys), recordEdit('/credentials', credentials, keys)];
    expect(originals(noted.before, credentials.after, earlier)).toEqual([noted.before, credentials.before]);
  });

  it('originalTexts takes an edit for finished that had nothing to change in one of the files', () => {
    const same = { before: config.before, after: config.before };
    const earlier = [recordEdit('/config', same, keys), recordEdit('/credentials', credentials, keys)];
    expect(originals(config.before, credentials.after, earlier)).toEqual([config.before, credentials.after]);
  });

  it('originalTexts looks past an edit of one file beside one that it was not about', () => {
    const [, earlier] = records;
    const other = { path: '/other', text: 'x = 1\n' };
    const left = { path: '/credentials', text: credentials.before };
    expect(originalTexts([other, left], earlier === undefined ? [] : [earlier], undoing)).toStrictEqual([other, left]);
  });
});
