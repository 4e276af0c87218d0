// One-time codes as an authenticator app shows them: RFC 6238 with SHA-1, six digits and steps of 30 seconds.

import { createHmac } from 'node:crypto';

export const stepMs = 30_000;

/** The number of 30-second steps since 1970. */
export function stepAt(atMs: number): number {
  return Math.floor(atMs / stepMs);
}

/** The code of one step. `digits` is 6 everywhere but in the RFC's own test vectors. */
export function totpCode(seed: Buffer, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', seed).update(counter).digest();
  // RFC 4226, 5.3: the last four bits say where in the digest the number starts; its sign bit is dropped.
  const offset = (digest.at(-1) ?? 0) & 0x0f;
  const number = digest.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** A seed as AWS prints it beside the QR code: base32 (RFC 4648), blanks and lower case allowed. Throws on anything else. */
export function decodeSeed(base32: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const letters = base32.toUpperCase().replace(/[\s=]/g, '');
  const bits = [...letters].map((letter) => {
    const value = alphabet.indexOf(letter);
    if (value < 0) throw new Error('an MFA seed is written in base32');
    return value.toString(2).padStart(5, '0');
  });
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
