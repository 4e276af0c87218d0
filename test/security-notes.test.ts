// docs/security.md names a test for each defence. Each of them is there.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const named = [...readFileSync('docs/security.md', 'utf8').matchAll(/`(test\/[\w/.-]+)`(?:: "([^"]+)")?/g)].filter(
  ([, path = '']) => path.endsWith('.test.ts'),
);

describe('docs/security.md', () => {
  it('names tests that exist', () => {
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter(
      ([, path = '', title = '']) => !readFileSync(path, 'utf8').replaceAll("\\'", "'").includes(title),
    );
    expect(missing.map(([whole]) => whole)).toEqual([]);
  });
});

// SECURITY.md promised that --debug shows no account numbers; each hop is an ARN there.
describe('whoever sends what --debug shows', () => {
  it.each(['SECURITY.md', 'docs/troubleshooting.md'])('is told by %s of the account numbers in it', (path) => {
    const told = readFileSync(path, 'utf8').replaceAll('\n', ' ');
    expect(told).toMatch(
      /account numbers, and the names of users, roles and MFA devices(, are in it)?: replace those before you send/i,
    );
  });
});
