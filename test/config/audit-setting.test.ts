import { describe, expect, it } from 'vitest';
import { isAudited } from '../../src/config/audit-setting.ts';
import { AppError } from '../../src/errors.ts';

function throwing(error: Error): () => string {
  return () => {
    throw error;
  };
}

describe('isAudited', () => {
  it.each<[string | undefined, string | undefined, boolean]>([
    [undefined, undefined, false],
    [undefined, '', false],
    [undefined, ' ', false],
    [undefined, '0', false],
    [undefined, 'no', false],
    [undefined, 'off', false],
    [undefined, 'false', false],
    [undefined, ' Off ', false],
    [undefined, 'on', true],
    [undefined, 'offf', true],
    ['on', 'off', true],
    ['off', 'on', false],
    ['', 'on', false],
    [' NO', 'on', false],
  ])('with %j in the environment and %j in the file: %j', (variable, setting, isOn) => {
    expect(isAudited(variable, () => setting)).toBe(isOn);
  });

  it('is false where the file cannot be read, and true all the same where the environment says so', () => {
    const malformed = throwing(new AppError('config-malformed', { path: '/c', line: 1, problem: 'x' }));
    expect([isAudited(undefined, malformed), isAudited('on', malformed)]).toStrictEqual([false, true]);
  });

  it('lets a fault of the program through', () => {
    expect(() => isAudited(undefined, throwing(new TypeError('a fault')))).toThrow(new TypeError('a fault'));
  });
});
