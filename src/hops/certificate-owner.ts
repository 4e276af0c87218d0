// Whose certificate a recipe starts with. A renewed one is the same person's, so its credentials stay theirs; another's never are.
// Remembered with the digest of its file, so that a cached answer costs no parsing, and no passphrase where the file is encrypted.

import type { CertificateHop } from '../config/entry-hop.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { Certificate } from '../credentials/certificate.ts';
import type { EpochMs } from '../credentials/credentials.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Certificates, KeyOwner } from '../ports/certificates.ts';
import type { State } from '../ports/state.ts';
import { personName } from './person.ts';

/** Of the state, what tells whose something is. */
export type Owners = Pick<State, 'principal' | 'userName' | 'digestOf'>;

export interface KnownCertificate {
  /** Ends in the person's name, which default session names are made of (decisions.md 10). */
  readonly principal: string;
  readonly validFrom: EpochMs;
  readonly validTo: EpochMs;
}

/**
 * As the state remembers it. Undefined for a file that has changed since: somebody has to look into it. What cannot be read now was the
 * last one's that could.
 */
export function knownCertificate({ files }: CertificateHop, state: Owners): KnownCertificate | undefined {
  const last = recall(files.certificate, state);
  const digest = state.digestOf(files.certificate);
  return digest === undefined || digest === last?.digest ? last : undefined;
}

/** The last one that was in that file. For work in the background, which looks into the file before it uses it. */
export function lastCertificate({ files }: CertificateHop, state: Owners): KnownCertificate | undefined {
  return recall(files.certificate, state);
}

/** Looks into the file where the state does not know it. Throws what `Certificates.read` throws. */
export async function certificatePrincipal(
  hop: CertificateHop,
  owner: KeyOwner,
  { certificates, state }: { readonly certificates: Certificates; readonly state: State },
): Promise<string> {
  const known = knownCertificate(hop, state);
  if (known !== undefined) return known.principal;
  const path = hop.files.certificate;
  const digest = state.digestOf(path);
  try {
    const certificate = await certificates.read(hop.files, owner);
    if (digest !== undefined && digest === state.digestOf(path)) remember(path, { digest, certificate }, state);
    return principalOf(certificate, state);
  } catch (error) {
    // Half of a file that is being replaced says nothing of its owner.
    const last = isAppError(error, 'config-unreadable') ? recall(path, state) : undefined;
    if (last === undefined) throw error;
    return last.principal;
  }
}

export function principalOf({ identity }: Pick<Certificate, 'identity'>, state: Pick<State, 'userName'>): string {
  return `certificate of ${identity}/${personName(state)}`;
}

interface Remembered extends KnownCertificate {
  readonly digest: string;
}

function recall(path: string, state: Owners): Remembered | undefined {
  const found = /^([0-9a-f]{64}) (\d+) (\d+) (.+)$/.exec(state.principal(aliasOf(path)) ?? '');
  if (found === null) return undefined;
  const [, digest = '', validFrom, validTo, identity = ''] = found;
  return { digest, validFrom: Number(validFrom), validTo: Number(validTo), principal: principalOf({ identity }, state) };
}

// The state is only a copy: where it cannot be written, the file is looked into again the next time.
function remember(
  path: string,
  { digest, certificate }: { readonly digest: string; readonly certificate: Certificate },
  state: State,
): void {
  const { validFrom, validTo, identity } = certificate;
  try {
    state.rememberPrincipal(aliasOf(path), `${digest} ${validFrom} ${validTo} ${identity}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** One for a path, whatever follows whatever there. */
function aliasOf(path: string): ProfileName {
  return parseProfileName(`certificate:${sha256Hex(path).slice(0, 32)}`);
}
