import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import { nextStepAt, parseTotpSecret, totpCode } from '../../src/credentials/totp.ts';
import { isAppError } from '../../src/errors.ts';
import { totpCode as codeOfDouble, decodeSeed, stepAt } from '../../src/sandbox/totp.ts';

const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

function parsed(text: string): string {
  return parseTotpSecret(new Secret(text)).reveal();
}

describe('totpCode', () => {
  // RFC 6238, appendix B, the SHA-1 column: the last six of its eight digits.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('totpCode gives the code of the RFC for second %i', (seconds, code) => {
    expect(totpCode(new Secret(base32), seconds * 1000)).toBe(code);
  });

  it("totpCode agrees with the STS double's own reading of the RFC", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z2-7]{64}$/), fc.integer({ min: 0, max: 4e12 }), (secret, at) => {
        expect(totpCode(new Secret(secret), at)).toBe(codeOfDouble(decodeSeed(secret), stepAt(at)));
      }),
    );
  });
});

describe('nextStepAt', () => {
  it.each([
    [0, 30_000],
    [29_999, 30_000],
    [30_000, 60_000],
  ])('nextStepAt after %i is %i', (at, next) => {
    expect(nextStepAt(at)).toBe(next);
  });
});

describe('parseTotpSecret', () => {
  it.each([
    base32,
    base32.toLowerCase(),
    'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ\n',
    'GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ',
    `${base32}======`,
    ` otpauth://totp/alice?secret=${base32}\n`,
    `otpauth://totp/Amazon%20Web%20Services:alice@corp?secret=${base32}&issuer=Amazon%20Web%20Services`,
    `otpauth://totp/alice?secret=${base32}&digits=6&period=30&algorithm=SHA1`,
  ])('parseTotpSecret reads %j', (text) => {
    expect(parsed(text)).toBe(base32);
  });

  it('parseTotpSecret takes 80 bits, which is the least that is issued', () => {
    expect(parsed('GEZDGNBVGY3TQOJQ')).toBe('GEZDGNBVGY3TQOJQ');
  });

  it.each([
    ['', /base32/],
    ['hunter2!', /base32/],
    [`${base32}1`, /base32/],
    [`1${base32}`, /base32/],
    [`GEZD=${base32}`, /base32/],
    ['GEZDGNBVGY3TQO', /too short/],
    [`otpauth://hotp/alice?secret=${base32}&counter=1`, /another kind/],
    [`otpauth://totp/alice?secret=${base32}&digits=8`, /another kind/],
    [`otpauth://totp/alice?secret=${base32}&period=60`, /another kind/],
    [`otpauth://totp/alice?secret=${base32}&algorithm=SHA256`, /another kind/],
    ['otpauth://totp/alice', /another kind/],
    ['otpauth:', /another kind/],
  ])('parseTotpSecret refuses %j without repeating it', (text, words) => {
    try {
      parsed(text);
      expect.unreachable();
    } catch (error) {
      if (!isAppError(error, 'usage')) throw error;
      expect(error.message).toMatch(words);
      expect(error.hint).toContain('the secret that AWS shows beside the QR code, or the otpauth:// text');
      if (text.length > 8) expect(`${error.message}${error.hint}${String(error.cause)}`).not.toContain(text);
    }
  });
});
