import { describe, expect, it } from 'vitest';
import { decodeSeed, stepAt, totpCode } from '../../src/sandbox/totp.ts';

describe('totpCode', () => {
  // RFC 6238, appendix B, the SHA-1 column.
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('totpCode gives the code of the RFC for second %i', (seconds, code) => {
    expect(totpCode(Buffer.from('12345678901234567890'), stepAt(seconds * 1000), 8)).toBe(code);
  });

  it('totpCode has six digits unless told otherwise, zeros in front included', () => {
    expect(totpCode(Buffer.from('12345678901234567890'), stepAt(1_111_111_109_000))).toBe('081804');
  });
});

describe('decodeSeed', () => {
  it('decodeSeed reads base32 as apps show it', () => {
    expect(decodeSeed('GEZD GNBV gy3t qojq GEZDGNBVGY3TQOJQ').toString()).toBe('12345678901234567890');
    expect(decodeSeed('MZXW6===').toString()).toBe('foo');
  });

  it('decodeSeed throws on what is no base32', () => {
    expect(() => decodeSeed('0189')).toThrow(/base32/);
  });
});
