import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimsInWords } from '../../src/credentials/token-claims.ts';

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
}

const unsigned = token({ sub: 's' }).replace('.signature', '');

describe('claimsInWords', () => {
  it('says who issued a token, for whom, and about whom', () => {
    expect(claimsInWords(token({ iss: 'https://i', aud: ['a', 'b'], sub: 's', secret: 'x' }))).toBe(
      'issued by https://i, for a and b, subject s',
    );
  });

  it('says what there is of it', () => {
    expect(claimsInWords(token({ sub: 's', aud: 7 }))).toBe('subject s');
  });

  it.each([['opaque'], ['a.b'], ['a.b.c'], [unsigned], [token(null)], [token({})], [token([])]])('%s says nothing', (text) => {
    expect(claimsInWords(text)).toBeUndefined();
  });

  it('stays short, whatever the token says', () => {
    const words = claimsInWords(token({ iss: 'i'.repeat(9_000), sub: 's'.repeat(9_000) })) ?? '';
    expect(words.length).toBeLessThan(500);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof claimsInWords(`a.${text}.c`) !== 'number'));
  });
});
