import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmacSha256Hex, sha256Hex } from '../../src/credentials/digest.ts';

describe('digest', () => {
  it('sha256Hex is what Node makes of the same text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(sha256Hex(text)).toBe(createHash('sha256').update(text).digest('hex'));
      }),
      { examples: [['ä€😀']] },
    );
  });

  it('hmacSha256Hex is what Node makes of the same key and text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, message) => {
        expect(hmacSha256Hex(key, message)).toBe(createHmac('sha256', key).update(message).digest('hex'));
      }),
      { examples: [['ä', '€']] },
    );
  });
});
