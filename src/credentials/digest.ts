// SHA-256 (FIPS 180-4) and HMAC (RFC 2104) for names and ids. Written out because every `get` starts cold and hashes a few hundred bytes:
// node:crypto takes 3 ms to load, and a library's general code 0.8 ms more for its one run (docs/decisions/build.md).

/** 64 hex digits. */
export function sha256Hex(text: string): string {
  return hex(sha256(Buffer.from(text)));
}

/** 64 hex digits. */
export function hmacSha256Hex(key: string, text: string): string {
  const bytes = Buffer.from(key);
  const block = new Uint8Array(blockBytes);
  block.set(bytes.length > blockBytes ? sha256(bytes) : bytes);
  const inner = sha256(joined(masked(block, 0x36), Buffer.from(text)));
  return hex(sha256(joined(masked(block, 0x5c), inner)));
}

const blockBytes = 64;

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
const roundConstants = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/** The same of the square roots of the first eight (5.3.3). */
const firstHash = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

function sha256(message: Uint8Array): Uint8Array {
  const blocks = padded(message);
  const hash = new DataView(new ArrayBuffer(32));
  for (const [index, word] of firstHash.entries()) hash.setUint32(index * 4, word);
  for (let at = 0; at < blocks.byteLength; at += blockBytes) compress(hash, blocks, at);
  return new Uint8Array(hash.buffer);
}

/** The message, a one bit, zeros, and its length in bits, in whole blocks (5.1.1). */
function padded(message: Uint8Array): DataView {
  const bytes = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes);
  bytes.set(message);
  const view = new DataView(bytes.buffer);
  view.setUint8(message.length, 0x80);
  view.setUint32(bytes.length - 4, message.length * 8);
  return view;
}

/** One block (6.2.2). Rotations are spelt out: a call for each would take twice the time. */
function compress(hash: DataView, blocks: DataView, at: number): void {
  const schedule: number[] = [];
  let [a, b, c, d] = [hash.getInt32(0), hash.getInt32(4), hash.getInt32(8), hash.getInt32(12)];
  let [e, f, g, h] = [hash.getInt32(16), hash.getInt32(20), hash.getInt32(24), hash.getInt32(28)];
  for (const constant of roundConstants) {
    const word = nextWord(schedule, blocks, at);
    const mixed = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + mixed + ((e & f) ^ (~e & g)) + constant + word) | 0;
    const other = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const second = (other + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) hash.setInt32(index * 4, hash.getInt32(index * 4) + word);
}

/** Sixteen words of the block, then what follows from those before (6.2.2, step 1). */
function nextWord(schedule: number[], blocks: DataView, at: number): number {
  const index = schedule.length;
  let word: number;
  if (index < 16) word = blocks.getInt32(at + index * 4);
  else {
    const near = schedule[index - 2] ?? 0;
    const far = schedule[index - 15] ?? 0;
    const low = ((near >>> 17) | (near << 15)) ^ ((near >>> 19) | (near << 13)) ^ (near >>> 10);
    const high = ((far >>> 7) | (far << 25)) ^ ((far >>> 18) | (far << 14)) ^ (far >>> 3);
    word = (low + (schedule[index - 7] ?? 0) + high + (schedule[index - 16] ?? 0)) | 0;
  }
  schedule.push(word);
  return word;
}

function masked(block: Uint8Array, mask: number): Uint8Array {
  return block.map((byte) => byte ^ mask);
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const all = new Uint8Array(left.length + right.length);
  all.set(left);
  all.set(right, left.length);
  return all;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
