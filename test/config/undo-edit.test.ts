import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/aws-config.ts';
import { recordEdit } from '../../src/config/edit-record.ts';
import { editKeysPair, type KeysPair } from '../../src/config/keys-pair.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { changedLine, undoEdit } from '../../src/config/undo-edit.ts';
import { Secret } from '../../src/credentials/secret.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG') };
const plaintext = `aws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey.reveal()}\n`;
const profile = parseProfileName('corp');
const undoing = { keys, profile };

const pair: KeysPair = { profile, process: 'rolekeeper get corp', recipe: {}, ordinary: {}, removesPlaintext: true };
const paths = { configPath: '/config', credentialsPath: '/credentials' };
const dev = '[profile dev]\nregion = eu-west-1\nmfa_serial = arn:m\n';
const texts = {
  config: `[profile corp]\nregion = eu-west-1\nmfa_serial = arn:m\n\n${dev}`,
  credentials: `[home]\nregion = x\n\n[corp]\n${plaintext}`,
};
const edited = editKeysPair(texts, pair, paths);
const configRecord = recordEdit('/config', { before: texts.config, after: edited.config }, keys);
const credentialsRecord = recordEdit('/credentials', { before: texts.credentials, after: edited.credentials }, keys);

/** The config with the import undone, after somebody changed it. */
function undone(change: (config: string) => string): string | undefined {
  return undoEdit(change(edited.config), configRecord, undoing);
}

describe('undoEdit', () => {
  it('undoEdit gives back every byte when the line that runs rolekeeper was written anew', () => {
    expect(undone((config) => config.replace('= rolekeeper get corp', '= /opt/new/rolekeeper get corp'))).toBe(texts.config);
    expect(undone((config) => config.replace('= rolekeeper get corp', '= /opt/other get corp'))).toBeUndefined();
  });

  it('undoEdit gives back every byte where nothing was changed since', () => {
    const line = fc.constantFrom('[corp]\n', 'region = x\r\n', '\n', '# note\n', 'a\r', 'last', plaintext);
    const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(undoEdit(after, recordEdit('f', { before, after }, keys), undoing)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it('undoEdit puts in the keys that it is given', () => {
    const record = recordEdit('f', { before: `[corp]\nk = ${keys.accessKeyId}\n`, after: '' }, keys);
    const other = { accessKeyId: 'AKIANEW', secretAccessKey: new Secret('$& new') };
    expect(undoEdit('', record, { keys: other, profile })).toBe('[corp]\nk = AKIANEW\n');
  });

  it.each([
    ['a section above', (text: string) => `[profile top]\nx = 1\n\n${text}`],
    ['a section below', (text: string) => `${text}\n[profile end]\nx = 1\n`],
    ['a comment below', (text: string) => `${text}# that was it\n`],
    ['another section', (text: string) => text.replace(dev, `${dev}output = json\n`)],
    [
      'the same section, before what the import put in',
      (text: string) => text.replace('[profile corp]\n', '[profile corp]\noutput = json\n'),
    ],
    [
      'the same section, behind what the import put in',
      (text: string) => text.replace('get corp\n', 'get corp\noutput = json\n'),
    ],
  ])('undoEdit takes only its own lines out after a change in %s', (_where, change) => {
    const now = change(edited.config);
    const result = undoEdit(now, configRecord, undoing) ?? '';
    const added = now.split('\n').filter((line) => !edited.config.split('\n').includes(line));
    expect(added.length).toBeGreaterThan(0);
    expect(
      result
        .split('\n')
        .filter((line) => !added.includes(line))
        .join('\n')
        .replace(/\n+/g, '\n')
        .trim(),
    ).toBe(texts.config.replace(/\n+/g, '\n').trim());
    for (const line of added) expect(result).toContain(line);
    expect(result).not.toContain('rolekeeper');
  });

  it.each([
    ['its own line was changed', (text: string) => text.replace('get corp', 'get corp2')],
    ['its own line is gone', (text: string) => text.replace('credential_process = rolekeeper get corp\n', '')],
    ['a setting was added to the section that it made', (text: string) => `${text}mfa_process = x\n`],
    [
      'something stands between its lines',
      (text: string) => text.replace('[rolekeeper corp]\n', '[rolekeeper corp]\nsession = none\n'),
    ],
    ['its line has a continuation now', (text: string) => text.replace('get corp\n', 'get corp\n  --more\n')],
    ['every line ends in another way', (text: string) => text.replaceAll('\n', '\r\n')],
  ])('undoEdit gives up when %s', (_how, change) => {
    expect(change(edited.config)).not.toBe(edited.config);
    expect(undone(change)).toBeUndefined();
  });

  // It gave up, and `uninstall --purge` then deleted the keys.
  it.each(['\n', ''])('undoEdit finds the section that the import made where somebody moved it as a whole, %j above', (above) => {
    const [section = ''] = /\n\[rolekeeper corp\]\n[^[]*/.exec(edited.config) ?? [];
    const apart = edited.config.replace(section, '');
    const moved = apart.replace(/get corp\n/, `get corp\n${above}${section.trim()}\n`);
    expect(moved).not.toBe(edited.config);
    const result = undoEdit(moved, configRecord, undoing) ?? '';
    expect(result.replace(/\n+/g, '\n')).toBe(texts.config.replace(/\n+/g, '\n'));
  });

  it('changedLine tells where the own lines of the edit were changed', () => {
    const now = edited.config.replace('get corp', 'get corp2');
    const line = now.split('\n').findIndex((text) => text.includes('corp2')) + 1;
    expect(changedLine(now, configRecord)).toBe(line);
    expect(changedLine('', configRecord)).toBe(1);
  });

  it('undoEdit puts the keys back beside profiles that came since', () => {
    const now = `${edited.credentials}\n[new]\naws_access_key_id = AKIANEW\n`;
    expect(undoEdit(now, credentialsRecord, undoing)).toBe(`${texts.credentials}\n[new]\naws_access_key_id = AKIANEW\n`);
  });

  it('undoEdit never changes what another section says, whatever was put in, taken out or repeated since', () => {
    const all = edited.config.split('\n').slice(0, -1);
    const change = fc.record({
      at: fc.nat(all.length),
      count: fc.constantFrom(0, 0, 0, 1, 2),
      lines: fc.array(fc.constantFrom(...all, 'output = json', '[profile new]', '[rolekeeper new]', '# note'), { maxLength: 4 }),
    });
    let count = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const lines = changes.reduce((rest, one) => rest.toSpliced(one.at, one.count, ...one.lines), all);
        const now = lines.map((line) => `${line}\n`).join('');
        const result = undoEdit(now, configRecord, undoing);
        if (result === undefined) return;
        count += 1;
        expect(others(result)).toEqual(others(now));
      }),
      { numRuns: 1000 },
    );
    expect(count).toBeGreaterThan(100);
  });
});

/** What the sections of other profiles say. */
function others(text: string): unknown {
  const sections = parseConfigFile(text, '/config').sections;
  return sections
    .filter(({ name }) => name !== 'corp')
    .map(({ type, name, settings }) => [type, name, [...settings].map(([key, { value }]) => [key, value])]);
}
