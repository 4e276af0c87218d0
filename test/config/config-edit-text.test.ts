import { describe, expect, it } from 'vitest';
import {
  afterLine,
  contentStart,
  cutLines,
  indentOf,
  insertLines,
  lineContent,
  newlineBefore,
  newlineStyle,
  previousLine,
  wholeLines,
} from '../../src/config/config-edit-text.ts';

const mark = '\ufeff';

describe('lines of a text', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\nb', ['a\n', 'b']],
    ['\n\r\n\ra\r', ['\n', '\r\n', '\r', 'a\r']],
    [`${mark}a\n\n`, [`${mark}a\n`, '\n']],
  ])('wholeLines of %j', (text, lines) => {
    expect(wholeLines(text)).toStrictEqual(lines);
  });

  it.each([
    [0, 3],
    [1, 3],
    [3, 4],
    [4, 5],
    [5, 5],
  ])('afterLine from offset %i is %i', (offset, after) => {
    expect(afterLine('a\r\n\nb', offset)).toBe(after);
  });

  it.each([
    ['a\nb', 0, undefined],
    [`${mark}a\nb`, 0, undefined],
    [`${mark}a\nb`, 1, undefined],
    [`${mark}a\nb`, 3, 1],
    ['a\nb\nc', 4, 2],
    ['a\rb\rc', 4, 2],
    ['a\r\nb\r\nc', 6, 3],
    ['\nb', 1, 0],
    ['\n\nb', 2, 1],
    ['\r\rb', 2, 1],
    ['ab\ncd', 5, 3],
    ['abcd', 4, 0],
  ])('previousLine in %j, from the line at %i, is at %s', (text, lineStart, above) => {
    expect(previousLine(text, lineStart)).toBe(above);
  });

  it('indentOf and lineContent part a line into its blanks and the rest', () => {
    expect([indentOf('x\n \t\u00a0a b \ny', 2), lineContent('x\n \t\u00a0a b \ny', 2)]).toStrictEqual([' \t\u00a0', 'a b ']);
    expect([indentOf('  \n a', 0), lineContent('  \n a', 0)]).toStrictEqual(['  ', '']);
    expect([indentOf('a', 0), lineContent('a', 0)]).toStrictEqual(['', 'a']);
  });

  it('contentStart is behind a mark', () => {
    expect([contentStart(''), contentStart('a'), contentStart(mark), contentStart(`a${mark}`)]).toStrictEqual([0, 0, 1, 0]);
  });
});

describe('newlines', () => {
  it.each([
    ['a', 0, ''],
    ['a', 1, ''],
    ['a\n', 2, '\n'],
    ['a\r\n', 3, '\r\n'],
    ['a\r\n', 2, '\r'],
    ['\nabc', 1, '\n'],
    ['\r\nabc', 2, '\r\n'],
    ['\n\r', 2, '\r'],
    ['\nabc', 4, ''],
    ['\na', 2, ''],
  ])('newlineBefore in %j, at %i, is %j', (text, offset, newline) => {
    expect(newlineBefore(text, offset)).toBe(newline);
  });

  it.each([
    ['the last before it', 'a\r\nb\nc\r', 6, '\n'],
    ['the last before it', 'a\nb\r\nc\n', 5, '\r\n'],
    ['the last before it', 'a\rb\nc', 2, '\r'],
    ['the last before it, not the one behind', 'a\n\r\n', 2, '\n'],
    ['the last before it, not the one behind', 'a\nb\r\n', 2, '\n'],
    ['the last before it, whatever line that is', 'a\nbc', 4, '\n'],
    ['the last before it, at the start of the text', '\nb\r\n', 1, '\n'],
    ['the first, at the start', 'a\r\nb\n', 0, '\r\n'],
    ['the first, at the start', '\r\nb', 0, '\r\n'],
    ['the first behind it, in the first line', 'abc\r\n\n', 2, '\r\n'],
    ['that of most systems, where there is none', 'abc', 1, '\n'],
    ['that of most systems, where there is none', 'abc', 3, '\n'],
    ['that of most systems, where there is none', '', 0, '\n'],
  ])('newlineStyle is %s: in %j, at %i', (_what, text, at, newline) => {
    expect(newlineStyle(text, at)).toBe(newline);
  });
});

describe('insertLines and cutLines', () => {
  it.each([
    ['at the start', 'a\n', 0, 'x', 'x\na\n'],
    ['with its own newline', 'a\r\n', 0, 'x\n', 'x\na\r\n'],
    ['in the middle', 'a\r\nb\n', 3, 'x', 'a\r\nx\r\nb\n'],
    ['at an end with a newline', 'a\r\n', 3, 'x', 'a\r\nx\r\n'],
    ['at an end without one', 'a\r\nb', 4, 'x\ny\n', 'a\r\nb\r\nx\ny'],
    ['at an end without one', 'b', 1, 'x\r\n', 'b\nx'],
    ['into nothing', '', 0, 'x', 'x\n'],
    ['behind a mark', mark, 1, 'x', `${mark}x\n`],
  ])('insertLines puts lines in %s, and cutLines takes them out', (_where, text, at, block, edited) => {
    expect(insertLines(text, at, block)).toBe(edited);
    const start = edited.indexOf('x');
    expect(cutLines(edited, start, edited.length - (text.length - at))).toBe(text);
  });

  it.each([
    ['the first', 'a\nb', 0, 2, 'b'],
    ['the last of an unended text', 'a\r\nb', 3, 4, 'a'],
    ['the last of an ended text', 'a\r\nb\r\n', 3, 6, 'a\r\n'],
    ['all', 'a', 0, 1, ''],
    ['none at the end', 'a\nb', 3, 3, 'a\nb'],
  ])('cutLines takes %s', (_which, text, from, to, rest) => {
    expect(cutLines(text, from, to)).toBe(rest);
  });
});
