import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemFileName } from '../../src/stores/age-directory.ts';

const anyName = fc.string({ unit: 'grapheme', maxLength: 300 });

describe('itemFileName', () => {
  it.each([
    ['index', 'index.age'],
    ['role/0123456789abcdef0123456789abcdef', 'role%2f0123456789abcdef0123456789abcdef.age'],
    ['keys/Corp Süd', 'keys%2f%43orp%20%53%c3%bcd.age'],
    ['keys/../../x', 'keys%2f%2e%2e%2f%2e%2e%2fx.age'],
    ['keys/con:1\\2', 'keys%2fcon%3a1%5c2.age'],
  ])('writes %s as %s', (account, name) => {
    expect(itemFileName(account)).toBe(name);
  });

  it('is a plain file name on every system, with room for what is put before and after it', () => {
    fc.assert(
      fc.property(anyName, (account) => {
        expect(itemFileName(account)).toMatch(/^[a-z0-9%_~-]{0,200}\.age$/);
      }),
    );
  });

  it('short names can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 15 }), (account) => {
        const name = itemFileName(account);
        expect(name.includes('~') || decodeURIComponent(name.slice(0, -'.age'.length)) === account).toBe(true);
      }),
    );
  });

  it('never gives two accounts one name, not even where capitals do not count', () => {
    const pair = fc.tuple(anyName, anyName).filter(([one, two]) => one !== two);
    const near = anyName.map((text): [string, string] => [`a${text}`, `A${text}`]);
    fc.assert(
      fc.property(fc.oneof(pair, near), ([one, two]) => {
        expect(itemFileName(one).toLowerCase()).not.toBe(itemFileName(two).toLowerCase());
      }),
    );
    expect(itemFileName(`${'x'.repeat(300)}a`)).not.toBe(itemFileName(`${'x'.repeat(300)}b`));
  });
});
