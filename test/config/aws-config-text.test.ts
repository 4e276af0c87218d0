import { describe, expect, it } from 'vitest';
import {
  endOfLine,
  lineCounter,
  nextLine,
  pythonLines,
  skipBlanks,
  startsComment,
  strip,
} from '../../src/config/aws-config-text.ts';

const mixed = 'a\nbc\r\n\rd\r';
//             0 1 23 4 5 6 7

describe('lines', () => {
  it.each([
    [0, 1, 2],
    [1, 1, 2],
    [2, 4, 6],
    [6, 6, 7],
    [7, 8, 9],
    [9, 9, 10],
  ])('endOfLine and nextLine know every kind of newline: from offset %i', (from, end, next) => {
    expect([endOfLine(mixed, from), nextLine(mixed, endOfLine(mixed, from))]).toStrictEqual([end, next]);
  });

  it('endOfLine finds the end of the text, and no return of another line', () => {
    expect(endOfLine('ab', 1)).toBe(2);
    expect(endOfLine('a\r\nbc\nd\re', 3)).toBe(5);
  });

  it.each([
    ['in order', [0, 1, 2, 5, 6, 7, 8, 9]],
    ['backwards', [9, 8, 7, 6, 5, 2, 1, 0]],
  ])('lineCounter counts from 1, asked %s', (_order, offsets) => {
    const lines = new Map([0, 1, 2, 5, 6, 7, 8, 9].map((offset, index) => [offset, [1, 1, 2, 2, 3, 4, 4, 5][index]]));
    const lineAt = lineCounter(mixed);
    expect(offsets.map((offset) => lineAt(offset))).toStrictEqual(offsets.map((offset) => lines.get(offset)));
  });

  it('lineCounter knows the line of each offset of many lines, and of the end', () => {
    const text = 'ab\n'.repeat(100);
    const lineAt = lineCounter(text);
    const offsets = Array.from({ length: text.length + 1 }, (_none, offset) => offset);
    expect(offsets.map((offset) => lineAt(offset))).toStrictEqual(offsets.map((offset) => Math.floor(offset / 3) + 1));
    expect(lineCounter('')(0)).toBe(1);
  });
});

describe('blanks', () => {
  // [chr(c) for c in range(0x110000) if chr(c).isspace()]
  const pythonBlanks = [
    ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680],
    ...[0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a],
    ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
  ];
  // All that anybody takes for blank is below.
  const everyCode = Array.from({ length: 0x3100 }, (_none, code) => code);

  it('strip and skipBlanks take for blank what str.isspace() does', () => {
    expect(everyCode.filter((code) => skipBlanks(String.fromCharCode(code), 0, 1) === 1)).toStrictEqual(pythonBlanks);
    expect(everyCode.filter((code) => strip(String.fromCharCode(code), 0, 1) === '')).toStrictEqual(pythonBlanks);
  });

  it('strip and skipBlanks stay in their part of the text', () => {
    expect(skipBlanks('a  \n b', 1, 3)).toBe(3);
    expect(skipBlanks('a  \n b', 1, 6)).toBe(5);
    expect(strip(' a  b c ', 2, 5)).toBe('b');
    expect(strip(' a \t b\u00a0 c ', 0, 7)).toBe('a \t b');
    expect(strip('a   b', 1, 4)).toBe('');
  });

  it('startsComment takes # and ; for the start of a comment', () => {
    expect(everyCode.filter(startsComment).map((code) => String.fromCharCode(code))).toStrictEqual(['#', ';']);
  });
});

describe('pythonLines', () => {
  it('pythonLines splits at what ends a line for str.splitlines() alone', () => {
    const ends = Array.from({ length: 0x3100 }, (_none, code) => code).filter(
      (code) => pythonLines(`a${String.fromCharCode(code)}b`).length > 1,
    );
    expect(ends).toStrictEqual([0x0b, 0x0c, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029]);
    expect(pythonLines('a\fbc\v\u2028d')).toStrictEqual(['a', 'bc', '', 'd']);
    expect(pythonLines('a\f')).toStrictEqual(['a', '']);
    expect(pythonLines('')).toStrictEqual(['']);
  });
});
