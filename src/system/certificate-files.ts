// Certificates, their private keys and the certificates above them, in PEM or PKCS#12 files. Reads only.

import type { KeyObject } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { CertificatePaths } from '../config/entry-hop.ts';
import { fullPath } from '../config/full-path.ts';
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
  type SigningIdentity,
} from '../credentials/certificate.ts';
import { passphraseRounds } from '../credentials/passphrase-work.ts';
import type { Secret } from '../credentials/secret.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Certificates, KeyOwner } from '../ports/certificates.ts';
import { shellWord } from '../shell-word.ts';
import { readPlainBytes } from './plain-file.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface CertificatePlace {
  readonly home: string;
  /** Undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
}

export function createCertificates(place: CertificatePlace): Certificates {
  return {
    read: async (paths, owner) => (await readHolder(paths, { place, owner })).certificate,
    open: async (paths, owner) => {
      const reading = { place, owner };
      const holder = await readHolder(paths, reading);
      const key = holder.key ?? (await readKey(paths, reading));
      const intermediates = paths.intermediates === undefined ? holder.others : readPem(paths.intermediates, place);
      return identityOf(paths, { certificate: holder.certificate, key, intermediates });
    },
  };
}

interface Reading {
  readonly place: CertificatePlace;
  readonly owner: KeyOwner;
}

/** What the certificate's own file holds. */
interface Holder {
  readonly certificate: Certificate;
  readonly others: readonly Buffer[];
  /** Of PKCS#12 alone. */
  readonly key?: KeyObject;
}

async function readHolder(paths: CertificatePaths, reading: Reading): Promise<Holder> {
  const { certificate: path, privateKey } = paths;
  const file = readFile(path, reading.place);
  if (privateKey !== undefined || file.includes('-----BEGIN')) return pemHolder(path, file);
  return await pkcs12Holder(path, readKeyFile(path, reading.place), reading);
}

function pemHolder(path: string, file: Buffer): Holder {
  const [first, ...others] = certificatesInPem(file.toString('utf8'));
  const certificate = first === undefined ? undefined : parseCertificate(first);
  if (certificate === undefined) throw new AppError('config-unreadable', { path, problem: 'there is no certificate in it' });
  return { certificate, others };
}

/** The certificate is the one that the key belongs to, wherever it stands. */
async function pkcs12Holder(path: string, file: Buffer, { owner }: Reading): Promise<Holder> {
  refuseEndlessWork(path, file, mostRounds.pkcs12);
  const { openPkcs12 } = await import('./pkcs12.ts');
  const stored = await owner.passphrase();
  const opened = openPkcs12(file, stored?.reveal() ?? '');
  if (opened.kind === 'wrong-passphrase') throw notOpened(path, stored, owner);
  if (opened.kind === 'unreadable') throw new AppError('config-unreadable', { path, problem: opened.problem });
  const certificates = opened.certificates.flatMap((der) => parseCertificate(der) ?? []);
  const [key] = opened.keys.flatMap((der) => openDerKey(der) ?? []);
  const certificate = key === undefined ? undefined : certificates.find((one) => belongsTo(key, one));
  if (key === undefined || certificate === undefined) {
    throw new AppError('config-unreadable', { path, problem: 'there is no certificate with its private key in it' });
  }
  return { certificate, others: certificates.filter((one) => one !== certificate).map(({ der }) => der), key };
}

/** Some seconds of work. OpenSSL's own files have 2,048; PKCS#12 is opened by JavaScript, which takes a hundred times as long. */
const mostRounds = { pem: 10_000_000, pkcs12: 50_000 } as const;

function refuseEndlessWork(path: string, der: Buffer, most: number): void {
  if (passphraseRounds(der) <= most) return;
  const problem = `its passphrase is stretched by more than ${most.toLocaleString('en')} rounds, which would take ages here`;
  throw new AppError('config-unreadable', { path, problem });
}

async function readKey(
  { certificate, privateKey: path = certificate }: CertificatePaths,
  { place, owner }: Reading,
): Promise<KeyObject> {
  const pem = privateKeyInPem(readKeyFile(path, place).toString('utf8'));
  if (pem === undefined) throw new AppError('config-unreadable', { path, problem: 'there is no private key in it' });
  if (pem.isEncrypted) refuseEndlessWork(path, derOfKey(pem), mostRounds.pem);
  const stored = pem.isEncrypted ? await owner.passphrase() : undefined;
  const key = pem.isEncrypted && stored === undefined ? undefined : openPemKey(pem, stored?.reveal());
  if (key !== undefined) return key;
  if (pem.isEncrypted) throw notOpened(path, stored, owner);
  throw new AppError('config-unreadable', { path, problem: 'its private key cannot be read' });
}

function readPem(path: string, place: CertificatePlace): readonly Buffer[] {
  const certificates = certificatesInPem(readFile(path, place).toString('utf8'));
  if (certificates.length > 0 && certificates.every((der) => parseCertificate(der) !== undefined)) return certificates;
  throw new AppError('config-unreadable', { path, problem: 'there is no certificate in it' });
}

function identityOf(
  { certificate: path, privateKey = path }: CertificatePaths,
  { certificate, key, intermediates }: Pick<SigningIdentity, 'certificate' | 'key' | 'intermediates'>,
): SigningIdentity {
  const keyKind = keyKindOf(key);
  if (keyKind === undefined) {
    const problem = `AWS takes RSA and elliptic curve keys, and this one is ${key.asymmetricKeyType ?? 'neither'}`;
    throw new AppError('certificate-unusable', {
      path: privateKey,
      problem,
      hint: 'have a certificate made for an RSA or EC key',
    });
  }
  if (!belongsTo(key, certificate)) {
    const problem = `this private key is not the one of the certificate in ${path} (${certificate.subject})`;
    throw new AppError('certificate-unusable', { path: privateKey, problem, hint: 'correct certificate or private_key' });
  }
  return { path, certificate, intermediates: intermediates.filter((der) => !der.equals(certificate.der)), key, keyKind };
}

function notOpened(path: string, stored: Secret | undefined, { profile }: KeyOwner): AppError {
  const problem =
    stored === undefined ? 'it is encrypted, and the store has no passphrase for it' : 'the passphrase does not open it';
  return new AppError('certificate-unusable', { path, problem, hint: `run \`rolekeeper passphrase ${shellWord(profile)}\`` });
}

/** Certificates have a few kilobytes, and a chain of them a few dozen. */
const mostBytes = 1_000_000;

function readFile(path: string, { home }: CertificatePlace, look: (stats: Stats) => void = () => undefined): Buffer {
  try {
    return readPlainBytes(fullPath(path, home), (stats) => {
      if (stats.size > mostBytes) throw new AppError('config-unreadable', { path, problem: 'it is too large for a certificate' });
      look(stats);
    });
  } catch (error) {
    if (isAppError(error)) throw error;
    const problem = errorCode(error) === 'ENOENT' ? 'there is no such file' : problemWords(error);
    throw new AppError('config-unreadable', { path, problem }, error);
  }
}

// As ssh does with the keys of its user. What an administrator has opened to a group is theirs to answer for.
function readKeyFile(path: string, place: CertificatePlace): Buffer {
  return readFile(path, place, ({ uid, mode }) => {
    if (place.uid === undefined || uid !== place.uid || (mode & 0o077) === 0) return;
    const problem = `others may read this private key (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
    throw new AppError('certificate-unusable', { path, problem, hint: `run \`chmod 600 ${shellWord(path)}\`` });
  });
}
