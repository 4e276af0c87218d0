// Codes of a virtual MFA device, from its secret (RFC 6238): what an authenticator app does. Pure.

import { Secret as Seed, TOTP, URI } from 'otpauth';
import { AppError } from '../errors.ts';
import type { EpochMs } from './credentials.ts';
import { type MfaCode, parseMfaCode } from './mfa-code.ts';
import { Secret } from './secret.ts';

/** Codes change at whole multiples of this since 1970. */
export const stepMs = 30_000;

/** RFC 4226, 4: at least 128 bits; some issue 80. AWS's secrets have 320. */
const fewestBytes = 10;

/**
 * The secret as AWS shows it beside the QR code (base32; blanks and lower case allowed), or what the QR code says (otpauth://totp/…). Returns
 * it as base32. Throws `usage`, which never repeats it.
 */
export function parseTotpSecret(raw: Secret): Secret {
  const text = raw.reveal().trim();
  const base32 = text.startsWith('otpauth:') ? secretOfUri(text) : text.replace(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  if (!/^[A-Z2-7]+$/.test(base32)) throw refused('it is not written in base32 (A to Z and 2 to 7)');
  if (Seed.fromBase32(base32).bytes.length < fewestBytes) throw refused('it is too short');
  return new Secret(base32);
}

/** `at` on AWS's clock. */
export function totpCode(secret: Secret, at: EpochMs): MfaCode {
  return parseMfaCode(new TOTP({ secret: Seed.fromBase32(secret.reveal()) }).generate({ timestamp: at }));
}

/** When the next code begins. */
export function nextStepAt(at: EpochMs): EpochMs {
  return (Math.floor(at / stepMs) + 1) * stepMs;
}

function secretOfUri(text: string): string {
  const device = parsedUri(text);
  if (!(device instanceof TOTP) || device.digits !== 6 || device.period !== 30 || device.algorithm !== 'SHA1') {
    throw refused("AWS's devices have six digits, 30 seconds and SHA-1, and this is another kind");
  }
  return device.secret.base32;
}

function parsedUri(text: string): unknown {
  try {
    return URI.parse(text);
  } catch {
    return undefined; // a URIError or TypeError of the library, whose words may repeat the secret
  }
}

function refused(problem: string): AppError {
  return new AppError('usage', {
    problem: `that is no secret of an MFA device: ${problem}`,
    hint: 'take the secret that AWS shows beside the QR code, or the otpauth:// text of the QR code itself',
  });
}
