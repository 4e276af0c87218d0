import { describe, expect, it } from 'vitest';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { toAppError } from '../../src/errors.ts';

function refusal(raw: string) {
  try {
    return parseMfaCode(raw);
  } catch (error) {
    const { code, message, hint } = toAppError(error);
    return { code, message, hint };
  }
}

describe('parseMfaCode', () => {
  it.each(['012345', ' 012345\n', '012 345', '0\t1 2 3 4 5'])('parseMfaCode takes %j', (raw) => {
    expect(parseMfaCode(raw)).toBe('012345');
  });

  it.each(['', '12345', '1234567', 'a123456', '123456a', '12345a', '１２３４５６', '123-456'])(
    'parseMfaCode refuses %j',
    (raw) => {
      expect(refusal(raw)).toEqual({
        code: 'usage',
        message: 'an MFA code is exactly six digits',
        hint: 'type the code your device shows now',
      });
    },
  );
});
