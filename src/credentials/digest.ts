// SHA-256 for names and ids. Pure JavaScript: Node's own crypto costs a cached `get` 3 ms to load, a tenth of it, for one short hash.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** 64 hex digits. */
export function sha256Hex(text: string): string {
  return Buffer.from(sha256(Buffer.from(text))).toString('hex');
}

/** 64 hex digits. */
export function hmacSha256Hex(key: string, text: string): string {
  return Buffer.from(hmac(sha256, Buffer.from(key), Buffer.from(text))).toString('hex');
}
