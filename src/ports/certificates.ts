// Certificates in files. Types only.

import type { CertificatePaths } from '../config/entry-hop.ts';
import type { Certificate, SigningIdentity } from '../credentials/certificate.ts';
import type { Secret } from '../credentials/secret.ts';

/** Certificates, their private keys, and the certificates above them. Reads only. */
export interface Certificates {
  /**
   * The certificate alone. Its private key is not touched, but for PKCS#12 files, which hold both. Throws `config-unreadable` for what is
   * not there or no certificate, and `certificate-unusable` for what the passphrase does not open.
   */
  read(paths: CertificatePaths, owner: KeyOwner): Promise<Certificate>;
  /** What signs. Throws as `read` does, and for a key that others may read, or that is not the certificate's. */
  open(paths: CertificatePaths, owner: KeyOwner): Promise<SigningIdentity>;
}

export interface KeyOwner {
  /** For messages. */
  readonly profile: string;
  /** Asked only for what is encrypted. */
  readonly passphrase: () => Promise<Secret | undefined>;
}
