// How much work it is to try a passphrase on an encrypted key, by what its DER asks for (RFC 8018, RFC 7292, RFC 7914). Pure. A file that asks
// for two thousand million rounds would hold its reader up for an hour, and nobody can end OpenSSL in the middle of them.

const [integer, octetString] = [0x02, 0x04];
const isConstructed = (tag: number) => (tag & 0x20) !== 0;

const deepest = 20;

/** The most of any place: rounds follow a salt; with scrypt its three numbers, which multiply. What lies in encrypted parts is not seen. */
export function passphraseRounds(der: Buffer, depth = 0): number {
  if (depth > deepest) return 0;
  let [most, product, isAfterSalt] = [0, 1, false];
  for (const { tag, content } of partsOf(der)) {
    const isFactor = tag === integer && isAfterSalt;
    product = isFactor ? product * numberIn(content) : 1;
    isAfterSalt = tag === octetString || isFactor;
    const inner = isConstructed(tag) || tag === octetString ? passphraseRounds(content, depth + 1) : 0;
    most = Math.max(most, isFactor ? product : 0, inner);
  }
  return most;
}

/** Nothing for what is no DER. */
function partsOf(der: Buffer): readonly { readonly tag: number; readonly content: Buffer }[] {
  const parts = [];
  for (let at = 0; at + 2 <= der.length; ) {
    const first = der[at + 1] ?? 0;
    const extra = first < 0x80 ? 0 : first & 0x7f;
    const length = extra === 0 ? first : numberIn(der.subarray(at + 2, at + 2 + extra));
    const start = at + 2 + extra;
    if (start + length > der.length) return [];
    parts.push({ tag: der[at] ?? 0, content: der.subarray(start, start + length) });
    at = start + length;
  }
  return parts;
}

/** Big ones lose their last digits. */
function numberIn(bytes: Buffer): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}
