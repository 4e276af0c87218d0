import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  belongsTo,
  type Certificate,
  certificatesInPem,
  derOfKey,
  keyKindOf,
  openDerKey,
  openPemKey,
  parseCertificate,
  privateKeyInPem,
} from '../../src/credentials/certificate.ts';
import { encryptKey, type Issued, issue, makeAuthority } from '../harness/certificates.ts';

let directory: string;
let authority: Issued;
let pem: string;
let keyPem: string;
let encrypted: { readonly pkcs8: string; readonly traditional: string };

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-certificate-'));
  authority = makeAuthority(directory, 'authority');
  const subject = '/CN=alice/O=Example\u0007';
  const alice = issue(directory, 'alice', authority, {
    subject,
    serial: '1234567890123456789012',
    altNames: 'DNS:a.example,DNS:b',
  });
  pem = readFileSync(alice.certificate, 'utf8');
  keyPem = readFileSync(alice.key, 'utf8');
  const read = (form: 'pkcs8' | 'traditional') => readFileSync(encryptKey(alice.key, 'open', form), 'utf8');
  encrypted = { pkcs8: read('pkcs8'), traditional: read('traditional') };
});
afterAll(() => rmSync(directory, { recursive: true }));

function alice(): Certificate {
  const [der] = certificatesInPem(pem);
  const certificate = der === undefined ? undefined : parseCertificate(der);
  if (certificate === undefined) throw new Error('openssl has made one');
  return certificate;
}

function opened(text: string, passphrase?: string): KeyObject | undefined {
  const key = privateKeyInPem(text);
  if (key === undefined) throw new Error('a key is in it');
  return openPemKey(key, passphrase);
}

describe('parseCertificate', () => {
  it('has one line for whose it is, and the serial number in decimal', () => {
    const { subject, identity, serial, validFrom, validTo } = alice();
    expect(subject).toMatch(/^CN=alice, O=Example[ \\]/);
    expect(identity).toBe(`${subject}; DNS:a.example, DNS:b`);
    expect(serial).toBe('1234567890123456789012');
    expect(validTo - validFrom).toBe(30 * 86_400_000);
  });

  it('has no other names where there are none', () => {
    const [der] = certificatesInPem(readFileSync(join(directory, 'authority.pem'), 'utf8'));
    expect(parseCertificate(der ?? Buffer.alloc(0))).toMatchObject({ subject: 'CN=authority', identity: 'CN=authority' });
  });

  // The state remembers it: whoever issues certificates must not fill the disk, and two long ones must not be taken for one.
  it('keeps whose it is up to 2,000 characters, and of what is longer the beginning and a digest', () => {
    const shortest = 'CN=long; DNS:';
    const identityOf = (line: string) => {
      const { certificate } = issue(directory, 'long', authority, { altNames: line.slice('CN=long; '.length) });
      return certificatesInPem(readFileSync(certificate, 'utf8')).map((der) => parseCertificate(der)?.identity);
    };
    const [longest, longer] = [shortest.padEnd(2_000, 'a'), shortest.padEnd(2_001, 'a')];
    const digest = createHash('sha256').update(longer).digest('hex');
    expect(identityOf(longest)).toEqual([longest]);
    expect(identityOf(longer)).toEqual([`${longer.slice(0, 300)}… ${digest}`]);
  });

  it('is undefined for what is no certificate', () => {
    expect(parseCertificate(Buffer.from('nothing'))).toBeUndefined();
  });
});

describe('certificatesInPem', () => {
  it('finds each, in order, whatever is around them', () => {
    const other = readFileSync(join(directory, 'authority.pem'), 'utf8');
    const found = certificatesInPem(`Bag Attributes\n${pem}${keyPem}junk\n${other}`);
    expect(found.map((der) => parseCertificate(der)?.subject.slice(0, 8))).toEqual(['CN=alice', 'CN=autho']);
    expect(certificatesInPem(keyPem)).toEqual([]);
  });
});

describe('privateKeyInPem', () => {
  it.each(['pkcs8', 'pkcs1', 'sec1'] as const)('finds a key in the form %s, and that it is not encrypted', (type) => {
    const text =
      type === 'sec1'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type, format: 'pem' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type, format: 'pem' });
    const key = privateKeyInPem(`${pem}${text}${keyPem}`);
    expect(key).toEqual({ pem: String(text).trim(), isEncrypted: false });
    expect(opened(String(text))?.type).toBe('private');
  });

  it('tells an encrypted key in both forms, and opens it with its passphrase alone', () => {
    for (const text of [encrypted.pkcs8, encrypted.traditional]) {
      expect(privateKeyInPem(text)?.isEncrypted).toBe(true);
      expect(opened(text, 'open')?.equals(opened(keyPem) ?? expect.fail('it is open'))).toBe(true);
      expect(opened(text, 'wrong')).toBeUndefined();
      expect(opened(text)).toBeUndefined();
    }
  });

  it('takes no words about encryption within a line for encryption', () => {
    expect(privateKeyInPem(keyPem.replace('KEY-----\n', 'KEY-----\nX: Proc-Type: 4,ENCRYPTED\n'))?.isEncrypted).toBe(false);
  });

  it('finds none where there is none', () => {
    expect(privateKeyInPem(pem)).toBeUndefined();
    expect(privateKeyInPem(keyPem.replace('END PRIVATE', 'END EC PRIVATE'))).toBeUndefined();
  });
});

describe('derOfKey', () => {
  it('is what stands between the two lines of dashes', () => {
    const key = privateKeyInPem(`${pem}${encrypted.pkcs8}`) ?? expect.fail('a key is in it');
    const base64 = encrypted.pkcs8.split('\n').filter((line) => !line.startsWith('-'));
    expect(derOfKey(key).toString('base64')).toBe(base64.join(''));
  });
});

describe('a private key', () => {
  it('in DER is opened, and what is none is not', () => {
    const der = opened(keyPem)?.export({ type: 'pkcs8', format: 'der' });
    expect(openDerKey(der ?? Buffer.alloc(0))?.asymmetricKeyType).toBe('ec');
    expect(openDerKey(Buffer.from('nothing'))).toBeUndefined();
  });

  it('is of one of the two kinds that AWS takes', () => {
    const kinds = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ed25519'),
    ];
    expect(kinds.map(({ privateKey }) => keyKindOf(privateKey))).toEqual(['RSA', 'ECDSA', undefined]);
  });

  it('belongs to one certificate', () => {
    const key = opened(keyPem) ?? expect.fail('it is open');
    expect(belongsTo(key, alice())).toBe(true);
    expect(belongsTo(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, alice())).toBe(false);
    expect(belongsTo(key, { ...alice(), der: Buffer.from('nothing') })).toBe(false);
  });
});
