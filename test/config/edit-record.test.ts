import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isUnedited,
  type LongTermKeys,
  lineDigest,
  parseEditRecords,
  recordEdit,
  takesKeys,
  withKeys,
} from '../../src/config/edit-record.ts';
import { sha256Hex } from '../../src/credentials/digest.ts';
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

  it('recordEdit keeps what the edit took out, and no more than digests of what is there', () => {
    const before = '[a]\nx = 1\ny = 2\r\nz = 3';
    const after = '[a]\nw = 0\nx = 1\n';
    expect(recordEdit('/f', { before, after })).toStrictEqual({
      path: '/f',
      before: sha256Hex(before),
      lines: ['[a]\n', 'w = 0\n', 'x = 1\n'].map((line) => sha256Hex(line).slice(0, 32)),
      steps: [{ keep: 1 }, { drop: 1 }, { keep: 1 }, { put: 'y = 2\r\n' }, { put: 'z = 3' }],
    });
    expect(lineDigest('[a]\n')).toBe(sha256Hex('[a]\n').slice(0, 32));
  });

  it('recordEdit has a mark in place of each of the keys, and copies a secret that is still there by its number', () => {
    const before = `[corp]\n${id}${secret}[x]\naws_session_token = T\n`;
    const after = '[x]\naws_session_token = T\n';
    expect(recordEdit('/f', { before, after }, keys).steps).toStrictEqual([
      { put: '[corp]\n' },
      { put: 'aws_access_key_id = \0access-key-id\0\n' },
      { put: 'aws_secret_access_key = \0secret-access-key\0\n' },
      { keep: 2 },
    ]);
    const moved = 'a = 1\nb = 2\nc = 3\nd = 4\n';
    const token = '[x]\naws_session_token = T\n';
    expect(recordEdit('/f', { before: `${moved}${token}`, after: `${token}[y]\n${moved}` }).steps).toStrictEqual([
      { drop: 3 },
      { keep: 4 },
      { put: '[x]\n' },
      { copy: 1 },
    ]);
  });

  it.each([
    ['aws_secret_access_key = other\n', 2],
    ['aws_secret_access_key = other\r\n', 2],
    ['aws_session_token=t\n', 2],
    ['# aws_access_key_id: AKIAOTHER\n', 2],
    [`aws_access_key_id = ${keys.accessKeyId} AKIAOTHER\n`, 2],
    ['aws_secret_access_key =\n  other\n', 3],
    // These went into the record, so into a file, as they are.
    ['aws_secret_access_key =\n\n  other\n', 4],
    ['aws_secret_access_key =\n# new\n  other\n', 4],
    ['aws_session_token =\n  other=\n', 3],
    ['aws_session_token = a\u2028b\n', 2],
  ])('recordEdit refuses an edit that takes out %j, which is in no store', (lines, line) => {
    const texts = { before: `[a]\n${lines}`, after: '[a]\n' };
    const details = {
      path: '/f',
      line,
      problem: 'this secret is none of the keys that are moved, and would be lost',
      hint: 'keep one pair of keys in the profile: move the other to a profile of its own, or delete it',
    };
    expect(() => recordEdit('/f', texts, keys)).toThrow(expect.objectContaining({ code: 'edit-refused', details }));
  });

  it('recordEdit without keys refuses to take out any', () => {
    expect(() => recordEdit('/f', { before: `[a]\nx = 1\n${id}`, after: '[a]\nx = 1\n' })).toThrow(
      /^will not edit \/f:3: this secret is none of the keys that are moved, and would be lost$/,
    );
  });

  it('takesKeys knows whether taking the edit back gives the keys back', () => {
    const before = `[corp]\n${id}${secret}`;
    expect(takesKeys(recordEdit('f', { before, after: '[corp]\n' }, keys))).toBe(true);
    expect(takesKeys(recordEdit('f', { before, after: `${before}a = 1\n` }, keys))).toBe(false);
    // It is the secret that nobody else has.
    expect(takesKeys(recordEdit('f', { before: `[corp]\n${id}`, after: '' }, keys))).toBe(false);
    expect(takesKeys(recordEdit('f', { before, after: '' }, keys))).toBe(true);
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

  it.each([
    ['aws_access_key_id = \0access-key-id\0\n', 'aws_access_key_id = AKIANEW$&\n'],
    ['aws_secret_access_key = \0secret-access-key\0\n', 'aws_secret_access_key = new$1\n'],
    ['x = \0secret-access-key\0\0access-key-id\0\0secret-access-key\0', 'x = new$1AKIANEW$&new$1'],
  ])('withKeys puts keys into %j, and does without none', (put, line) => {
    const other: LongTermKeys = { accessKeyId: 'AKIANEW$&', secretAccessKey: new Secret('new$1') };
    expect(withKeys(put, other)).toBe(line);
    expect(withKeys(put, undefined)).toBeUndefined();
    expect([withKeys('x = 1\n', other), withKeys('x = 1\n', undefined)]).toStrictEqual(['x = 1\n', 'x = 1\n']);
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

  it('parseEditRecords takes counts from nothing on', () => {
    const steps = [{ keep: 0 }, { drop: 0 }, { copy: 0 }, { put: '' }, { keep: 1 }, { drop: 2 }, { copy: 3 }];
    const records = [
      { path: 'f', before: 'b', lines: ['x'], steps },
      { path: 'g', before: 'b', lines: [], steps: [] },
    ];
    expect(parseEditRecords(records)).toStrictEqual(records);
    expect(parseEditRecords([])).toStrictEqual([]);
  });

  /** Each in a list, as they would otherwise be taken for lists of arguments. */
  const broken: readonly unknown[] = [
    undefined,
    null,
    {},
    [1],
    [null],
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
    [{ path: 'f', before: 'b', lines: [], steps: [{ drop: '1' }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ keep: 1 }, { copy: -1 }] }],
    [
      { path: 'f', before: 'b', lines: [], steps: [] },
      { path: 'f', before: 'b', lines: [], steps: [null] },
    ],
    [{ path: 'f', before: 'b', lines: ['x', 1], steps: [{ keep: 1 }, { keep: -1 }] }],
    [{ path: 'f', before: 'b', lines: [1], steps: [] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ keep: -1 }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{ copy: 'x' }] }],
    [{ path: 'f', before: 'b', lines: [], steps: [{}] }],
  ];

  it.each(broken.map((value) => [value]))('%j is no record', (value) => {
    expect(parseEditRecords(value)).toBeUndefined();
  });
});
