// A role by a certificate: CreateSession of IAM Roles Anywhere, signed with the certificate's key.

import type { CertificateHop } from '../config/entry-hop.ts';
import type { EntryStep } from '../config/recipe.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import type { Certificates } from '../ports/certificates.ts';
import type { RolesAnywhere } from '../ports/roles-anywhere.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import { principalOf } from './certificate-owner.ts';
import type { EntryCall } from './entry.ts';
import { keyOwner } from './key-passphrase.ts';

export interface CertificatePorts {
  readonly certificates: Certificates;
  readonly rolesAnywhere: RolesAnywhere;
  readonly store: Store;
  readonly state: State;
}

/** Throws what the ports throw. */
export async function requestCertificate(
  { hop, principal }: Pick<EntryStep, 'principal'> & { readonly hop: CertificateHop },
  call: EntryCall,
  { certificates, rolesAnywhere, store, state }: CertificatePorts,
): Promise<Credentials> {
  const { files, trustAnchorArn, profileArn, endpoint } = hop;
  const { roleArn, durationSeconds, roleSessionName } = hop.request;
  const identity = await certificates.open(files, keyOwner(hop, call.context?.profile ?? roleArn, store));
  if (principalOf(identity.certificate, state) !== principal) throw replaced(hop);
  // Without a name of the person's own AWS takes the serial number: a profile refuses names unless it is told to accept them.
  const name = roleSessionName === undefined ? {} : { roleSessionName };
  const request = { trustAnchorArn, profileArn, roleArn, durationSeconds, ...name };
  return await rolesAnywhere.createSession(request, { ...call, endpoint, identity });
}

// Between two looks into the file; what comes of it must not be kept as the first one's.
function replaced({ files }: CertificateHop): AppError {
  const problem = "it was replaced by somebody else's certificate just now";
  return new AppError('certificate-unusable', { path: files.certificate, problem, hint: 'try again' });
}
