// Certificates and a private key out of a PKCS#12 file. The only importer of node-forge, and of that only what opens the container:
// what comes out goes to node:crypto as DER.

import forge from 'node-forge';

export type Pkcs12 =
  | { readonly kind: 'ok'; readonly certificates: readonly Buffer[]; readonly keys: readonly Buffer[] }
  | { readonly kind: 'wrong-passphrase' }
  /** Its words name what this reader does not know. */
  | { readonly kind: 'unreadable'; readonly problem: string };

/** DER each, keys as PKCS#8. Both ways of encrypting are read: the old one (3DES, RC2) and PBES2 (AES). Never throws. */
export function openPkcs12(file: Buffer, passphrase: string): Pkcs12 {
  const parsed = parseDer(file);
  if (parsed === undefined) return { kind: 'unreadable', problem: 'it is neither PEM nor PKCS#12' };
  try {
    const bags = forge.pkcs12.pkcs12FromAsn1(parsed, false, passphrase).safeContents.flatMap(({ safeBags }) => safeBags);
    return {
      kind: 'ok',
      certificates: bags.filter(({ type }) => type === forge.pki.oids['certBag']).map(certificateDer),
      keys: bags.filter(({ type }) => keyBags.has(type)).map(keyDer),
    };
  } catch (error) {
    return failureOf(error, passphrase);
  }
}

const keyBags: ReadonlySet<string> = new Set([forge.pki.oids['keyBag'] ?? '', forge.pki.oids['pkcs8ShroudedKeyBag'] ?? '']);

function parseDer(file: Buffer): forge.asn1.Asn1 | undefined {
  try {
    return forge.asn1.fromDer(forge.util.createBuffer(file.toString('binary')));
  } catch {
    return undefined; // whatever it is, it is no DER
  }
}

// What forge has no class for, elliptic curves, stays ASN.1.
function certificateDer({ cert, asn1 }: forge.pkcs12.Bag): Buffer {
  return toDer(cert === undefined || cert === null ? asn1 : forge.pki.certificateToAsn1(cert));
}

function keyDer({ key, asn1 }: forge.pkcs12.Bag): Buffer {
  return toDer(key === undefined || key === null ? asn1 : forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
}

function toDer(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

/** Forge has no codes, only these words. */
function failureOf(error: unknown, passphrase: string): Pkcs12 {
  const words = error instanceof Error ? error.message : String(error);
  if (/invalid password|wrong password/i.test(words)) return { kind: 'wrong-passphrase' };
  if (!/failed to decrypt/i.test(words)) return { kind: 'unreadable', problem: `this PKCS#12 cannot be read: ${words}` };
  // The check sum was right. Forge encodes a passphrase for PBES2 otherwise than OpenSSL where it is not ASCII.
  const isPlain = /^[ -~]*$/.test(passphrase);
  return isPlain
    ? { kind: 'wrong-passphrase' }
    : { kind: 'unreadable', problem: 'with AES only a passphrase of ASCII characters can be used' };
}
