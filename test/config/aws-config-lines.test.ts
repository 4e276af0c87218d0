import { describe, expect, it } from 'vitest';
import { readSectionLines, type SettingLines, scanLines } from '../../src/config/aws-config-lines.ts';
import { readValue } from '../../src/config/aws-config-values.ts';

/** The pieces of text that each setting's offsets stand for: what goes before the delimiter, and what follows it. */
function pieces(text: string, { key, line, start, delimiter, lastLine, end }: SettingLines): unknown {
  return [key, [line, lastLine], text.slice(start, delimiter), text.slice(delimiter, end)];
}

function scanned(text: string): unknown {
  const scan = scanLines(text, 'file');
  return {
    sections: scan.sections.map((section) => [
      section.header,
      text.slice(section.start, section.close + 1),
      scan.lineAt(section.start),
      text.slice(section.close + 1, section.end),
      [...readSectionLines(scan, section).values()].map((setting) => pieces(text, setting)),
    ]),
    defaults: [...scan.defaults.values()].map((setting) => pieces(text, setting)),
  };
}

describe('scanLines', () => {
  it.each([
    ['ordinary', '[a]\n', '[b]\n'],
    ['odd', '[a"]\n', "[b']\n"],
  ])('scanLines knows where %s sections and settings stand', (_kind, first, second) => {
    const text = `\ufeff# top\n\n${first}x = 1\n# in\nS3 =\n  a = b\n\n${second}y=2\n`;
    expect(scanned(text)).toStrictEqual({
      sections: [
        [
          first.slice(1, -2),
          first.slice(0, -1),
          3,
          '\nx = 1\n# in\nS3 =\n  a = b\n\n',
          [
            ['x', [4, 4], 'x ', '= 1'],
            ['s3', [6, 7], 'S3 ', '=\n  a = b'],
          ],
        ],
        [second.slice(1, -2), second.slice(0, -1), 9, '\ny=2\n', [['y', [10, 10], 'y', '=2']]],
      ],
      defaults: [],
    });
  });

  it('scanLines keeps [DEFAULT] apart, which may come twice', () => {
    const text = '[DEFAULT]\nx = 1\n  2\n["a"]\ny = 2\n[DEFAULT]\nz: 3';
    expect(scanned(text)).toStrictEqual({
      sections: [['"a"', '["a"]', 4, '\ny = 2\n', [['y', [5, 5], 'y ', '= 2']]]],
      defaults: [
        ['x', [2, 3], 'x ', '= 1\n  2'],
        ['z', [7, 7], 'z', ': 3'],
      ],
    });
  });

  it('scanLines takes a bracket that no line closes for the start of a key', () => {
    expect(scanned('[a]\n[x = 1\n] = 2\n  [b]\n[c: 3]\n[d: 3\n')).toStrictEqual({
      sections: [
        [
          'a',
          '[a]',
          1,
          '\n[x = 1\n] = 2\n  [b]\n',
          [
            ['[x', [2, 2], '[x ', '= 1'],
            [']', [3, 4], '] ', '= 2\n  [b]'],
          ],
        ],
        ['c: 3', '[c: 3]', 5, '\n[d: 3\n', [['[d', [6, 6], '[d', ': 3']]],
      ],
      defaults: [],
    });
  });

  it.each([
    ['\n', 'an ordinary one'],
    ['\r\n', 'Windows'],
    ['\r', 'old Macs'],
  ])('scanLines counts lines that end in %j', (newline) => {
    const text = ['["a"]', 'x = 1', '', '  2', '# c', '[b] # c', 'y = 3'].join(newline);
    expect(scanned(text)).toStrictEqual({
      sections: [
        [
          '"a"',
          '["a"]',
          1,
          ['', 'x = 1', '', '  2', '# c', ''].join(newline),
          [['x', [2, 4], 'x ', `= 1${newline}${newline}  2`]],
        ],
        ['b', '[b]', 6, ` # c${newline}y = 3`, [['y', [7, 7], 'y ', '= 3']]],
      ],
      defaults: [],
    });
  });
});

describe('keys and values', () => {
  it.each([
    ['x=a:b', 'x', 'a:b'],
    ['x:a=b', 'x', 'a=b'],
    ['x = [b]', 'x', '[b]'],
    ['x = a [b] c', 'x', 'a [b] c'],
    ['x:', 'x', ''],
    ['long key :', 'long key', ''],
    ['X = ', 'x', ''],
    ['x ==', 'x', '='],
    ['x = 1\n\n # no\n  2\n ', 'x', '1\n\n2'],
    ['x =\n 1 = 2 \n', 'x', '\n1 = 2'],
  ])('%j says that %j is %j', (line, key, value) => {
    const text = `["a"]\n${line}\n`;
    const scan = scanLines(text, 'file');
    const settings = scan.sections.flatMap((section) => [...readSectionLines(scan, section).values()]);
    expect(settings.map((setting) => [setting.key, readValue(text, setting, 'file').text])).toStrictEqual([[key, value]]);
  });

  it('sub-keys keep their case, their lines and what stands around a second "="', () => {
    const text = '["a"]\nx =\n  # no\n\n  A = b = c \n  ; no\n  b=\vD=e\n\n  =\n';
    const scan = scanLines(text, 'file');
    const [setting] = scan.sections.flatMap((section) => [...readSectionLines(scan, section).values()]);
    expect(setting && readValue(text, setting, 'file').nested).toStrictEqual([
      { key: 'A', value: 'b = c', line: 5 },
      { key: 'b', value: '', line: 7 },
      { key: 'D', value: 'e', line: 7 },
      { key: '', value: '', line: 9 },
    ]);
  });

  it('a value of several lines that begins behind the key has no sub-keys', () => {
    const text = '["a"]\nx = 1\n  a = b\n';
    const scan = scanLines(text, 'file');
    const [setting] = scan.sections.flatMap((section) => [...readSectionLines(scan, section).values()]);
    expect(setting && readValue(text, setting, 'file')).toStrictEqual({ text: '1\na = b', nested: [] });
  });
});
