import { describe, expect, it } from 'vitest';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import { type Contents, checkEdit, contentsOf, readBack } from '../../src/config/config-edit-check.ts';
import { AppError } from '../../src/errors.ts';

const place = { path: '/c', line: 7 };

function contents(text: string): Contents {
  return contentsOf(scanLines(text, '/c'));
}

describe('contentsOf', () => {
  it('contentsOf has the settings of each header, and those of [DEFAULT] under an empty one', () => {
    expect(contents('[DEFAULT]\nX = 1\n[profile a]\nY : b \ns3 =\n  c = d\n\n[b]\n')).toStrictEqual(
      new Map([
        ['', new Map([['x', '1']])],
        [
          'profile a',
          new Map([
            ['y', 'b'],
            ['s3', 'c = d'],
          ]),
        ],
        ['b', new Map()],
      ]),
    );
  });
});

describe('checkEdit', () => {
  const meant = contents('[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 2\n[b]\n');

  it('checkEdit gives back a text that says what was meant, however it is written', () => {
    const edited = '[b]\n[a] ; c\ny: 2\n\nX=1\n[DEFAULT]\nd=1';
    expect(checkEdit(edited, meant, place)).toBe(edited);
  });

  it.each([
    ['is malformed', 'x\n'],
    ['lacks a section', '[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 2\n'],
    ['has a section more', '[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 2\n[b]\n[c]\n'],
    ['has another section', '[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 2\n[c]\n'],
    ['lacks a setting', '[DEFAULT]\nd = 1\n[a]\nx = 1\n[b]\n'],
    ['has a setting more', '[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 2\n[b]\nz = 3\n'],
    ['has another key', '[DEFAULT]\nd = 1\n[a]\nx = 1\nz = 2\n[b]\n'],
    ['has another value', '[DEFAULT]\nd = 1\n[a]\nx = 1\ny = 3\n[b]\n'],
    ['has another value for all', '[DEFAULT]\nd = 2\n[a]\nx = 1\ny = 2\n[b]\n'],
  ])('checkEdit refuses a text that %s', (_how, edited) => {
    const problem = 'the lines around it would be read differently afterwards';
    expect(() => checkEdit(edited, meant, place)).toThrow(new AppError('edit-refused', { ...place, problem }));
  });
});

describe('readBack', () => {
  it('readBack is undefined for a malformed file alone', () => {
    expect(readBack('[a]\n', '/c')).toStrictEqual(contents('[a]\n'));
    expect(readBack('[a]\n[a]\n', '/c')).toBeUndefined();
    const noText: string = JSON.parse('null');
    expect(() => readBack(noText, '/c')).toThrow(TypeError);
  });
});
