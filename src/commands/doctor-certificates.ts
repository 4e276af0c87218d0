// Opens the certificates that recipes start from, with their keys, for `doctor`.

import { keyFileOf } from '../config/entry-hop.ts';
import { fullPath } from '../config/full-path.ts';
import type { Account, ProfileName } from '../config/names.ts';
import { type ConfigFiles, keptProfiles } from '../config/profile-settings.ts';
import { certificateOf } from '../config/recipe.ts';
import { checkCertificate, unusableCertificate } from '../doctor/certificates.ts';
import { checkFileMode } from '../doctor/file-modes.ts';
import type { Finding } from '../doctor/finding.ts';
import { isAppError } from '../errors.ts';
import { keyOwner } from '../hops/key-passphrase.ts';
import type { Inspector } from '../ports/inspector.ts';
import type { Wiring } from '../wiring.ts';
import { type Examined, examined, recipeOrUndefined, withStore } from './doctor-look.ts';

export interface CertificateSide {
  readonly inspector: Inspector;
  readonly home: string;
  readonly wiring: Wiring;
}

export async function examineCertificates(files: ConfigFiles, side: CertificateSide): Promise<Examined> {
  const findings: Finding[] = [];
  for (const profile of keptProfiles(files)) findings.push(...(await findingsOf(profile, files, side)));
  return examined('certificates', findings);
}

async function findingsOf(
  profile: ProfileName,
  files: ConfigFiles,
  { inspector, home, wiring }: CertificateSide,
): Promise<readonly Finding[]> {
  const recipe = recipeOrUndefined(profile, files, wiring);
  const hop = recipe === undefined ? undefined : certificateOf(recipe);
  if (hop === undefined) return [];
  const key = inspector.look(fullPath(keyFileOf(hop.files), home));
  const modes = key === undefined ? [] : checkFileMode(key);
  if (modes.length > 0) return modes.map((finding) => ({ ...finding, check: 'certificates' as const, profile }));
  try {
    // The store is asked only where a key is encrypted.
    const get = (account: Account) => withStore(wiring, (store) => store.get(account));
    const { certificate, path } = await wiring.certificates.open(hop.files, keyOwner(hop, profile, { get }));
    return checkCertificate({ profile, path, subject: certificate.subject, life: certificate }, wiring.clock.now());
  } catch (error) {
    if (!isAppError(error)) throw error;
    return isAppError(error, 'certificate-unusable', 'config-unreadable') ? [unusableCertificate(profile, error)] : [];
  }
}
