// A one-time MFA code as STS takes it: exactly six digits.

import { AppError } from '../errors.ts';

export type MfaCode = string & { readonly brand: 'MfaCode' };

/** Takes what a person or a program typed, with blanks around or inside ("123 456"). Throws `usage` for anything else. */
export function parseMfaCode(raw: string): MfaCode {
  const digits = raw.replace(/\s/g, '');
  if (!isMfaCode(digits)) {
    throw new AppError('usage', { problem: 'an MFA code is exactly six digits', hint: 'type the code your device shows now' });
  }
  return digits;
}

function isMfaCode(text: string): text is MfaCode {
  return /^[0-9]{6}$/.test(text);
}
