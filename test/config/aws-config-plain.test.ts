import { describe, expect, it } from 'vitest';
import { findPlainSection, isPlainFile, plainLineCounter } from '../../src/config/aws-config-plain.ts';

const text = '# top\n[default]\nregion = x\n\n[profile dev] ; note\ns3 =\n  a = b\n';

describe('isPlainFile', () => {
  it.each([
    ['an empty file', '', true],
    ['comments alone', '# a\n\n ; b\n', true],
    ['sections', text, true],
    ['sections behind a mark', `\ufeff${text}`, true],
    ['a setting before the first section', 'region = x\n', false],
    ['a line that is neither', `${text}x\n`, false],
    ['[DEFAULT]', '[DEFAULT]\n', false],
    ['[profile default]', '[profile default]\n', false],
    ['a quoted name', '[profile "a"]\n', false],
    ['a header twice', '[a]\n[b]\n[a]\n', false],
    ['a header twice, with another tail', '[a] # one\n[a]\n', false],
    ['a key twice', '[a]\nx = 1\ny = 2\nx = 3\n', false],
    ['one key in two sections', '[a]\nx = 1\n[b]\nx = 3\n', true],
  ])('isPlainFile of %s', (_what, whole, isPlain) => {
    expect(isPlainFile(whole)).toBe(isPlain);
  });
});

describe('findPlainSection', () => {
  it.each([
    ['first behind a comment', text, 'default', { start: 6, close: 14, end: 28 }],
    ['last', text, 'profile dev', { start: 28, close: 40, end: 62 }],
    ['at the very start', '[a]\nx = 1\n[b]\n', 'a', { start: 0, close: 2, end: 10 }],
    ['right behind a mark', '\ufeff[a]\nx = 1\n[b]\n', 'a', { start: 1, close: 3, end: 11 }],
    ['whose name is the start of another', '[ab]\n[a]\n', 'a', { start: 5, close: 7, end: 9 }],
  ])('finds the section %s', (_where, whole, header, place) => {
    expect(findPlainSection(whole, header)).toStrictEqual({ header, ...place });
  });

  it.each([
    ['that is not there', text, 'profile prod'],
    ['that is not there, in an empty file', '', 'a'],
    ['that stands in a value alone', '[a]\nx = [b]\n', 'b'],
    ['that would be two', '[a]\nx = 1\n[b]\n', 'a]\nx = 1\n[b'],
    ['that has another way to be written', '[profile default]\n', 'profile default'],
    ['that every other inherits', '[DEFAULT]\n', 'DEFAULT'],
  ])('finds no section %s', (_what, whole, header) => {
    expect(findPlainSection(whole, header)).toBeUndefined();
  });
});

describe('plainLineCounter', () => {
  it('counts forwards and backwards from where it was asked last', () => {
    const lineAt = plainLineCounter('ab\n\ncd\r\nef');
    expect([0, 9, 4, 4, 3, 2, 8, 0].map((offset) => lineAt(offset))).toStrictEqual([1, 4, 3, 3, 2, 1, 4, 1]);
  });
});
