// The passphrase of a certificate's private key, out of the store.

import { type CertificateHop, keyFileOf } from '../config/entry-hop.ts';
import { passphraseAccount } from '../config/names.ts';
import { parsePassphraseItem } from '../credentials/credentials.ts';
import type { Secret } from '../credentials/secret.ts';
import type { KeyOwner } from '../ports/certificates.ts';
import type { Store } from '../ports/store.ts';

/** Opens what is encrypted with the passphrase of the store. `profile` is for messages. */
export function keyOwner({ files }: CertificateHop, profile: string, store: Pick<Store, 'get'>): KeyOwner {
  return { profile, passphrase: () => storedPassphrase(keyFileOf(files), store) };
}

/** An item that cannot be read is none: the person puts it in again. */
async function storedPassphrase(keyFile: string, store: Pick<Store, 'get'>): Promise<Secret | undefined> {
  const account = passphraseAccount(keyFile);
  const item = await store.get(account);
  const parsed = item === undefined ? undefined : parsePassphraseItem(item, account);
  return parsed?.kind === 'ok' ? parsed.value : undefined;
}
