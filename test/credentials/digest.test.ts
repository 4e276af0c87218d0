import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmacSha256Hex, sha256Hex } from '../../src/credentials/digest.ts';

// Around the ends of blocks, where the padding is, and with characters of more than one byte.
const text = fc.string({ unit: 'grapheme', maxLength: 300 });

describe('digest', () => {
  it('sha256Hex is the SHA-256 of FIPS 180-4, at every length around a block', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    for (let length = 0; length < 200; length += 1) {
      const message = 'é'.repeat(length % 7) + 'x'.repeat(length);
      expect(sha256Hex(message)).toBe(createHash('sha256').update(message).digest('hex'));
    }
  });

  it('sha256Hex agrees with OpenSSL on any text', () => {
    fc.assert(fc.property(text, (message) => sha256Hex(message) === createHash('sha256').update(message).digest('hex')));
  });

  it('hmacSha256Hex agrees with OpenSSL on any key, shorter or longer than a block', () => {
    fc.assert(
      fc.property(text, text, (key, message) => {
        return hmacSha256Hex(key, message) === createHmac('sha256', key).update(message).digest('hex');
      }),
    );
  });
});
