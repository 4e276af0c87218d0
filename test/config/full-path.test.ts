import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fullPath } from '../../src/config/full-path.ts';

describe('fullPath', () => {
  it.each([
    ['~/key.pem', join('/home/me', 'key.pem')],
    ['~\\key.pem', join('/home/me', 'key.pem')],
    ['~/a/~/b', join('/home/me', 'a/~/b')],
    ['~', '~'],
    ['~other/key.pem', '~other/key.pem'],
    ['/a/~/key.pem', '/a/~/key.pem'],
    ['a~/key.pem', 'a~/key.pem'],
    ['/key.pem', '/key.pem'],
    ['', ''],
  ])('of %j is %j', (path, full) => {
    expect(fullPath(path, '/home/me')).toBe(full);
  });
});
