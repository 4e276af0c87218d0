import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEditRecords, recordEdit, undoEdit } from '../../src/config/edit-record.ts';
import { Secret } from '../../src/credentials/secret.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG') };
const line = fc.constantFrom(
  '[corp]\n',
  'region = x\r\n',
  '\n',
  '# note\n',
  'a\r',
  'last',
  `aws_secret_access_key = ${keys.secretAccessKey.reveal()}\n`,
  `aws_access_key_id = ${keys.accessKeyId}\n`,
);
const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(''));

describe('recordEdit', () => {
  it('undoing an edit gives back every byte, after a trip through JSON', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parsed = parseEditRecords(JSON.parse(JSON.stringify([recordEdit('f', { before, after }, keys)])));
        expect(parsed).toHaveLength(1);
        const [record] = parsed ?? [];
        expect(record === undefined ? undefined : undoEdit(after, record, keys)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });

  it('a record holds neither the secret nor the id of the keys', () => {
    const before = `[corp]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey.reveal()}\n`;
    const written = JSON.stringify(recordEdit('f', { before, after: '' }, keys));
    expect(written).not.toContain(keys.accessKeyId);
    expect(written).not.toContain(keys.secretAccessKey.reveal());
  });

  it('an undo puts in the keys that the store has now', () => {
    const record = recordEdit('f', { before: `k = ${keys.accessKeyId}\n`, after: '' }, keys);
    expect(undoEdit('', record, { accessKeyId: 'AKIANEW', secretAccessKey: new Secret('$& new') })).toBe('k = AKIANEW\n');
  });

  it('a text that was changed since is not undone', () => {
    const record = recordEdit('f', { before: 'a\n', after: 'b\n' }, keys);
    expect(undoEdit('b\nc\n', record, keys)).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    {},
    [1],
    [{}],
    [{ path: 'f', sha256: 'x', steps: [{ keep: -1 }] }],
    [{ path: 'f', sha256: 'x', steps: [{}] }],
  ])('%j is no record', (value) => {
    expect(parseEditRecords(value)).toBeUndefined();
  });
});
