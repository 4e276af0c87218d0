import { describe, expect, it } from 'vitest';
import {
  ensureSection,
  moveSettings,
  removeKeysFromCredentials,
  removeSection,
  removeSetting,
  type SectionName,
  setSetting,
} from '../../src/config/config-edit.ts';
import { AppError } from '../../src/errors.ts';

const path = '/home/alice/.aws/config';
const dev: SectionName = { type: 'profile', name: 'dev' };
const recipe: SectionName = { type: 'rolekeeper', name: 'dev' };
const otherReading = 'the lines around it would be read differently afterwards';

describe('what cannot be edited safely', () => {
  it.each([
    [
      'a profile with two headers',
      '[profile dev]\nx=1\n[profile "dev"]\ny=1\n',
      3,
      '[profile "dev"] means the same section as [profile dev] in line 1',
    ],
    ['a header with text behind it', '\n[profile dev] x = 1\n', 2, 'there is text behind [profile dev], which AWS ignores'],
    ['a value of several lines', '[profile dev]\nRegion = a\n  b\n', 2, '"region" has several lines'],
    ['a place where the next header would become part of the value', '[profile dev]\n   [b]\n', 1, otherReading],
  ])('setSetting refuses %s', (_what, text, line, problem) => {
    expect(() => setSetting(text, path, dev, 'region', 'x')).toThrow(refusal(line, problem));
  });

  it.each([
    ['two\nlines', 'the new value of "Region" has several lines'],
    ['two\r\n  lines', 'the new value of "Region" has several lines'],
    ['lines\r', 'the new value of "Region" has several lines'],
    [' blanks ', otherReading],
    ['nbsp\u00a0', otherReading],
  ])('setSetting refuses the value %j', (value, problem) => {
    expect(() => setSetting('', path, dev, 'Region', value)).toThrow(refusal(1, problem));
    expect(() => setSetting('[profile dev]\n\nregion = a\n', path, dev, 'Region', value)).toThrow(refusal(3, problem));
  });

  it.each(['# x', '[x]', 'a = b', ' x', ''])('setSetting refuses the key %j', (key) => {
    expect(() => setSetting('\n[profile dev]\n', path, dev, key, 'x')).toThrow(refusal(2, otherReading));
  });

  it('setSetting refuses a section that could not be found again', () => {
    const section: SectionName = { type: 'other', name: 'profile x' };
    expect(() => setSetting('[a]\n', path, section, 'x', '1')).toThrow(refusal(4, 'a section cannot have this name'));
  });

  it('removeSetting refuses to uncover what AWS would refuse', () => {
    const text = '[DEFAULT]\ns3 =\n  x\n[profile dev]\ns3 = y\n';
    expect(() => removeSetting(text, path, dev, 's3')).toThrow(refusal(5, otherReading));
  });

  it('removeSection refuses a removal after which the next header would continue a value', () => {
    expect(() => removeSection('[a]\nx=1\n[profile dev]\n   [b]\n', path, dev)).toThrow(refusal(3, otherReading));
  });

  it.each(['DEFAULT', '', 'a\nb'])('ensureSection refuses a section called %j', (name) => {
    expect(() => ensureSection('[a]\n', path, { type: 'credentials', name })).toThrow(refusal(2, otherReading));
  });

  it('ensureSection takes any name that comes out as it went in', () => {
    expect(ensureSection('[a]\n', path, { type: 'credentials', name: ' [x' })).toBe('[a]\n\n[ [x]\n');
  });

  it('removeKeysFromCredentials refuses keys that every profile inherits', () => {
    const text = '[DEFAULT]\n\naws_secret_access_key = S\n[corp]\naws_access_key_id = A\n';
    const problem = '"aws_secret_access_key" in [DEFAULT] belongs to every profile';
    expect(() => removeKeysFromCredentials(text, path, 'corp')).toThrow(refusal(3, problem));
  });

  it('moveSettings refuses a key that is there already', () => {
    const text = '[profile dev]\nx=1\n[rolekeeper dev]\nX=2\n';
    expect(() => moveSettings(text, path, dev, recipe, ['x'])).toThrow(refusal(4, '[rolekeeper dev] has "x" already'));
    const second = '[profile dev]\nw=0\nx=1\n[rolekeeper dev]\nX=2\n';
    expect(() => moveSettings(second, path, dev, recipe, ['w', 'x'])).toThrow(refusal(5, '[rolekeeper dev] has "x" already'));
  });

  it('every edit refuses a malformed file', () => {
    const problem = 'it stands before the first [section]';
    expect(() => setSetting('x\n', path, dev, 'region', 'x')).toThrow(
      new AppError('config-malformed', { path, line: 1, problem }),
    );
  });
});

/** Compared by its text, which has all of these. */
function refusal(line: number, problem: string): AppError {
  return new AppError('edit-refused', { path, line, problem });
}
