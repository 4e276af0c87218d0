// `rolekeeper passphrase PROFILE`: the passphrase of a certificate's private key goes into the store, once it has opened the key.
// The terminal without echo, else one line on stdin; never an argument.

import process from 'node:process';
import { type CertificateHop, keyFileOf } from '../config/entry-hop.ts';
import { type Account, type ProfileName, parseProfileName, passphraseAccount } from '../config/names.ts';
import { certificateOf } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { toPassphraseItem } from '../credentials/credentials.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { Wiring } from '../wiring.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { handOver } from './hand-over.ts';
import { writeStderr } from './report.ts';
import { readLine } from './stdin.ts';

export interface PassphraseOptions {
  readonly profile: string;
  readonly isForgetting: boolean;
}

const storeDeadlineMs = 60_000;

/** Throws `certificate-unusable` for a passphrase that does not open the key; nothing is kept of it then. */
export async function passphrase({ profile: raw, isForgetting }: PassphraseOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(raw);
  const hop = certificateHop(profile, wiring);
  const account = passphraseAccount(keyFileOf(hop.files));
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    if (isForgetting) await forget(account, hop, { store: unopenedIfEmpty(store), wiring });
    else await keep(account, hop, { profile, store, wiring });
    await handOver(store, wiring);
  } finally {
    await store.close();
  }
}

function certificateHop(profile: ProfileName, { readConfig, env }: Wiring): CertificateHop {
  const recipe = resolveRecipe(profile, readConfig(), env);
  const hop = certificateOf(recipe);
  if (hop !== undefined) return hop;
  throw new AppError('recipe-invalid', {
    profile,
    problem: 'it does not start from a certificate',
    chain: recipe.chain,
    hint: 'name a profile that has the setting certificate',
  });
}

async function keep(
  account: Account,
  hop: CertificateHop,
  { profile, store, wiring }: { readonly profile: ProfileName; readonly store: Store; readonly wiring: Wiring },
): Promise<void> {
  const { certificates, remember } = await wiring.openRefresh(store);
  const keyFile = keyFileOf(hop.files);
  let given: Secret | undefined;
  const { certificate } = await certificates.open(hop.files, {
    profile,
    passphrase: async () => {
      given = await ask(keyFile, wiring);
      return given;
    },
  });
  if (given === undefined) return writeStderr([`nothing to keep: ${keyFile} is not encrypted`]);
  await remember(account);
  await store.set(account, toPassphraseItem(given, keyFile, account));
  writeStderr([`the passphrase of ${keyFile} is in ${store.description}; it opens the key of ${certificate.subject}`]);
}

async function forget(
  account: Account,
  hop: CertificateHop,
  { store, wiring }: { readonly store: Store; readonly wiring: Wiring },
): Promise<void> {
  const { forgetItem } = await import('../stores/item-index.ts');
  const wasThere = await store.delete(account);
  await forgetItem({ store, lock: await wiring.openLock() }, account);
  const keyFile = keyFileOf(hop.files);
  writeStderr([
    wasThere
      ? `removed the passphrase of ${keyFile} from ${store.description}`
      : `${store.description} has no passphrase of ${keyFile}`,
  ]);
}

async function ask(keyFile: string, wiring: Wiring): Promise<Secret> {
  const instead = 'run it in a terminal, or write the passphrase to its stdin';
  const terminal = await wiring.openTerminal({ command: 'passphrase', instead });
  if (terminal.isInteractive) return await terminal.askHidden(`Passphrase of ${keyFile}`);
  // A terminal that cannot be asked on, since stderr goes elsewhere, would show what is typed.
  const line = process.stdin.isTTY ? undefined : await readLine();
  if (line !== undefined) return new Secret(line);
  throw new AppError('no-terminal', { command: 'passphrase', instead });
}
