import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isUnedited, parseEditRecords, recordEdit, takesKeys } from '../../src/config/edit-record.ts';
import { Secret } from '../../src/credentials/secret.ts';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG') };
const [id, secret] = [`aws_access_key_id = ${keys.accessKeyId}\n`, `aws_secret_access_key = ${keys.secretAccessKey.reveal()}\n`];

describe('recordEdit', () => {
  it('a record holds neither the secret nor the id of the keys', () => {
    const written = JSON.stringify(recordEdit('f', { before: `[corp]\n${id}${secret}`, after: '' }, keys));
    expect(written).not.toContain(keys.accessKeyId);
    expect(written).not.toContain(keys.secretAccessKey.reveal());
  });

  // The comparison took the section between for the moved one, and its secret went into the state directory.
  it('a record holds no secret of another profile, past which settings were moved', () => {
    const moved = 'mfa_serial = m\nmfa_process = p\nsession = x\nsession_duration_seconds = 900\n';
    const other = '[profile x]\naws_secret_access_key = other\n';
    const texts = { before: `[profile corp]\n${moved}${other}`, after: `[profile corp]\n${other}[rolekeeper corp]\n${moved}` };
    const record = recordEdit('f', texts, keys);
    expect(record.steps).toContainEqual({ copy: 2 });
    expect(JSON.stringify(record)).not.toContain('other');
  });

  it.each([
    'aws_secret_access_key = other\n',
    'aws_session_token=t\n',
    '# aws_access_key_id: AKIAOTHER\n',
    'aws_secret_access_key =\n  other\n',
    // These went into the record, so into a file, as they are.
    'aws_secret_access_key =\n\n  other\n',
    'aws_secret_access_key =\n# new\n  other\n',
    'aws_session_token =\n  other=\n',
    'aws_session_token = a\u2028b\n',
  ])('recordEdit refuses an edit that takes out %j, which is in no store', (line) => {
    expect(() => recordEdit('/f', { before: `[a]\n${line}`, after: '[a]\n' }, keys)).toThrow(/^will not edit \/f:[234]: /);
  });

  it('takesKeys knows whether taking the edit back gives the keys back', () => {
    const before = `[corp]\n${id}${secret}`;
    expect(takesKeys(recordEdit('f', { before, after: '[corp]\n' }, keys))).toBe(true);
    expect(takesKeys(recordEdit('f', { before, after: `${before}a = 1\n` }, keys))).toBe(false);
  });

  it('isUnedited knows the text before the edit, to the byte', () => {
    const record = recordEdit('f', { before: `[corp]\n${id}`, after: '[corp]\n' }, keys);
    expect(isUnedited(`[corp]\n${id}`, record)).toBe(true);
    expect(isUnedited('[corp]\n', record)).toBe(false);
    expect(isUnedited(`[corp]\r\n${id}`, record)).toBe(false);
  });

  it('recordEdit takes empty settings for no secrets', () => {
    const { steps } = recordEdit('f', { before: `[a]\naws_session_token =\n${secret}`, after: '[a]\n' }, keys);
    expect(steps).toContainEqual({ put: 'aws_session_token =\n' });
  });

  it('a record goes through JSON as it is', () => {
    const line = fc.constantFrom('[corp]\n', 'region = x\r\n', '\n', '# note\n', 'a\r', 'last', id, secret);
    const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const record = recordEdit('f', { before, after }, keys);
        expect(parseEditRecords(JSON.parse(JSON.stringify([record])))).toEqual([record]);
      }),
    );
  });

  it.each([
    undefined,
    null,
    {},
    [1],
    [{}],
    [{ path: 'f', sha256: 'x', steps: [] }],
    [{ path: 'f', lines: [], steps: [] }],
    [{ path: 7, before: 'b', lines: [], steps: [] }],
    [{ path: 'f', before: 7, lines: [], steps: [] }],
    [{ path: 'f', before: 'b', lines: 'x', steps: [] }],
    [{ path: 'f', before: 'b', lines: [], steps: 'x' }],
    [{ path: 'f', before: 'b', lines: [], steps: [7] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ put: 7 }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ drop: 0.5 }] }],
    [{ path: 'f', before: 'b', lines: ['x', 1], steps: [{ keep: 1 }, { keep: -1 }] }],
    [{ path: 'f', before: 'b', lines: [1], steps: [] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ keep: -1 }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ copy: 'x' }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{}] }],
  ])('%j is no record', (value) => {
    expect(parseEditRecords(value)).toBeUndefined();
  });
});
