import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownProgram } from '../../src/system/own-program.ts';

const script = '/opt/rolekeeper/dist/rolekeeper.js';

describe('ownProgram', () => {
  it.each([
    ['the front that started it', '/usr/local/bin/rolekeeper', '/usr/local/bin/rolekeeper'],
    ['the front, without detours in its path', '/opt/./bin/../rolekeeper', '/opt/rolekeeper'],
    ['the front under a name of its own', '/opt/bin/rk', '/opt/bin/rk'],
    ['the script when a shell found node', 'node', script],
    ['the script when node was called by its path', '/usr/bin/node', script],
    ['the script when node was called by another path', '/home/alice/.nvm/bin/node', script],
    ['the script when node was called by its old name', '/usr/bin/nodejs', script],
    ['the script when a front did not know its own path', 'rolekeeper', script],
    ['the script when argv[0] is empty', '', script],
  ])('is %s', (_what, argv0, expected) => {
    expect(ownProgram({ argv0, execPath: '/usr/bin/node', script })).toBe(expected);
  });

  it('is the script when node itself has another name', () => {
    expect(ownProgram({ argv0: '/opt/bin/node20', execPath: '/opt/bin/node20', script })).toBe(script);
  });

  it('is absolute whatever Node was told', () => {
    expect(ownProgram({ argv0: 'node', execPath: '/usr/bin/node', script: 'dist/rolekeeper.js' })).toBe(
      resolve('dist/rolekeeper.js'),
    );
    expect(ownProgram({ argv0: 'node', execPath: '/usr/bin/node', script: undefined })).toBe(resolve('rolekeeper'));
  });
});
