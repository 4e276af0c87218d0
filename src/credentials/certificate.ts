// Certificates and their private keys as IAM Roles Anywhere needs them, out of the bytes of their files. Pure.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { EpochMs } from './credentials.ts';
import { sha256Hex } from './digest.ts';
import { capped } from './foreign-words.ts';

export interface Certificate {
  readonly der: Buffer;
  /** Decimal, as AWS has it in signatures. */
  readonly serial: string;
  /** One line: `CN=alice, O=Example`. */
  readonly subject: string;
  /** Whose it is: the same for a renewed one. Subject and alternative names, one line. */
  readonly identity: string;
  readonly validFrom: EpochMs;
  readonly validTo: EpochMs;
}

/** What signs for a certificate. */
export interface SigningIdentity {
  /** Where the certificate lies, for messages. */
  readonly path: string;
  readonly certificate: Certificate;
  /** The certificates above it, DER, without the trust anchor's own. */
  readonly intermediates: readonly Buffer[];
  readonly key: KeyObject;
  readonly keyKind: KeyKind;
}

/** The two that AWS takes. */
export type KeyKind = 'RSA' | 'ECDSA';

/** Undefined for what is no certificate. */
export function parseCertificate(der: Buffer): Certificate | undefined {
  const x509 = parsed(der);
  if (x509 === undefined) return undefined;
  const subject = oneLine(x509.subject);
  const names = x509.subjectAltName === undefined ? '' : `; ${oneLine(x509.subjectAltName)}`;
  const identity = `${subject}${names}`;
  return {
    der,
    serial: BigInt(`0x${x509.serialNumber}`).toString(),
    subject: capped(subject),
    // The state remembers it, and a message may hold it.
    identity: identity.length <= longestIdentity ? identity : `${capped(identity)} ${sha256Hex(identity)}`,
    validFrom: Date.parse(x509.validFrom),
    validTo: Date.parse(x509.validTo),
  };
}

const longestIdentity = 2_000;

/** Every `CERTIFICATE` of a PEM text, in its order. What is around them is passed over, as OpenSSL does. */
export function certificatesInPem(text: string): readonly Buffer[] {
  const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return [...blocks].map(([, base64 = '']) => Buffer.from(base64, 'base64'));
}

/** The first private key of a PEM text; undefined when it has none. */
export function privateKeyInPem(text: string): PemKey | undefined {
  const found = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/.exec(text);
  if (found === null) return undefined;
  const [pem, label] = found;
  return { pem, isEncrypted: label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(pem) };
}

/** Its bytes, as far as they are encrypted as PKCS#8 is. */
export function derOfKey({ pem }: PemKey): Buffer {
  return Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64');
}

export interface PemKey {
  readonly pem: string;
  readonly isEncrypted: boolean;
}

/** Undefined for what cannot be read, or not with this passphrase. */
export function openPemKey({ pem }: PemKey, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined; // OpenSSL's words tell a person nothing, and differ by version
  }
}

/** PKCS#8, not encrypted. Undefined for what cannot be read. */
export function openDerKey(der: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined; // as above
  }
}

/** Undefined for kinds that AWS does not take. */
export function keyKindOf({ asymmetricKeyType }: KeyObject): KeyKind | undefined {
  if (asymmetricKeyType === 'rsa') return 'RSA';
  return asymmetricKeyType === 'ec' ? 'ECDSA' : undefined;
}

export function belongsTo(key: KeyObject, { der }: Certificate): boolean {
  return parsed(der)?.checkPrivateKey(key) === true;
}

function parsed(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined; // as in `openPemKey`
  }
}

// Whoever issues certificates may write anything into them; it ends up on terminals.
function oneLine(text: string): string {
  return text.replaceAll('\n', ', ').replace(/\p{Cc}/gu, ' ');
}
