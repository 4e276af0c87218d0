// Certificates for tests, made on the spot by openssl: authorities, and what they issue. Needs Debian's package openssl.

import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type KeyType = 'rsa' | 'ec';

export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

export interface IssueOptions {
  /** As openssl has it: `/CN=alice/O=Example`. */
  readonly subject?: string;
  readonly keyType?: KeyType;
  readonly days?: number;
  readonly isAuthority?: boolean;
  /** Decimal. */
  readonly serial?: string;
  readonly altNames?: string;
}

/** A self-signed authority. Paths of PEM files in `directory`, named after `name`. */
export function makeAuthority(directory: string, name: string): Issued {
  const issued = { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  openssl([
    'req',
    '-x509',
    ...newKey('ec'),
    '-keyout',
    issued.key,
    '-out',
    issued.certificate,
    '-subj',
    `/CN=${name}`,
    '-days',
    '3650',
  ]);
  return issued;
}

/** What the authority signs. The key is PKCS#8 in PEM, not encrypted, mode 0600. */
export function issue(directory: string, name: string, authority: Issued, options: IssueOptions = {}): Issued {
  const { subject = `/CN=${name}`, keyType = 'ec', days = 30, isAuthority = false, serial, altNames } = options;
  const issued = { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) };
  const [request, extensions] = [join(directory, `${name}.csr`), join(directory, `${name}.ext`)];
  writeFileSync(
    extensions,
    [
      isAuthority ? 'basicConstraints=critical,CA:TRUE' : 'basicConstraints=critical,CA:FALSE',
      isAuthority ? 'keyUsage=critical,keyCertSign' : 'keyUsage=critical,digitalSignature',
      ...(altNames === undefined ? [] : [`subjectAltName=${altNames}`]),
    ].join('\n'),
  );
  openssl(['req', ...newKey(keyType), '-keyout', issued.key, '-out', request, '-subj', subject]);
  openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key, '-out', issued.certificate],
    ...['-days', String(days), '-extfile', extensions],
    ...(serial === undefined ? ['-CAcreateserial'] : ['-set_serial', serial]),
  ]);
  chmodSync(issued.key, 0o600);
  return issued;
}

/** The same key, encrypted: PKCS#8 with PBES2 (AES), or as older programs have it. */
export function encryptKey(key: string, passphrase: string, form: 'pkcs8' | 'traditional' = 'pkcs8'): string {
  const path = `${key}.${form}`;
  const how = form === 'pkcs8' ? ['pkcs8', '-topk8', '-v2', 'aes-256-cbc'] : ['pkey', '-traditional', '-aes256'];
  openssl([...how, '-in', key, '-out', path, '-passout', `pass:${passphrase}`]);
  chmodSync(path, 0o600);
  return path;
}

/** Both in one PKCS#12 file: with AES, or as older programs and macOS write it (3DES and RC2). */
export function makePkcs12(
  { certificate, key }: Issued,
  {
    passphrase,
    chain = [],
    isLegacy = false,
  }: { readonly passphrase: string; readonly chain?: readonly string[]; readonly isLegacy?: boolean },
): string {
  const path = `${certificate}${isLegacy ? '.legacy' : ''}.p12`;
  const between = `${path}.chain`;
  writeFileSync(between, chain.map((one) => readFileSync(one, 'utf8')).join(''));
  openssl([
    ...['pkcs12', '-export', '-inkey', key, '-in', certificate, '-out', path, '-passout', `pass:${passphrase}`],
    ...(chain.length === 0 ? [] : ['-certfile', between]),
    ...(isLegacy ? ['-legacy'] : []),
  ]);
  chmodSync(path, 0o600);
  return path;
}

function newKey(keyType: KeyType): readonly string[] {
  const kind = keyType === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  return ['-newkey', ...kind, '-nodes'];
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
