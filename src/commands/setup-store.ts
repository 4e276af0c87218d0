// Which store `setup` puts the keys into: the one that is configured, else the keychain, else, if the person says so, an encrypted file.

import { join, resolve } from 'node:path';
import { findSection } from '../config/aws-config.ts';
import { indexAccount } from '../config/names.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Terminal } from '../ports/person.ts';
import type { Store } from '../ports/store.ts';
import type { TextFiles } from '../ports/text-files.ts';
import { openWiring, type SetupSide, type Wiring } from '../wiring.ts';
import { unlessInterrupted } from './interruption.ts';
import { writeStderr } from './report.ts';

export interface StoreWish {
  readonly store: string | undefined;
  readonly ageKeyFile: string | undefined;
}

export interface ChosenStore {
  readonly store: Store;
  /** What `[rolekeeper]` has to say from now on. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface StoreSide extends Pick<SetupSide, 'makeAgeKeyFile'> {
  readonly wiring: Wiring;
  readonly home: string;
  /** Undefined where nobody can be asked. */
  readonly terminal: Terminal | undefined;
  readonly textFiles: TextFiles;
  readonly signal: AbortSignal;
}

export const usualKeyFile = '~/.config/rolekeeper/age.key';

/** What the wish adds to `[rolekeeper]`. Throws `usage` for one that is at odds with what is there. */
export function settingsWished({ store, ageKeyFile }: StoreWish, wiring: Wiring): ChosenStore['settings'] {
  const current = configuredStore(wiring);
  if (store === undefined && ageKeyFile !== undefined)
    throw new AppError('usage', { problem: '--age-key-file is a part of --store age', hint: 'say both' });
  if (store === undefined || store === current || (store === 'keychain' && current === undefined)) return {};
  if (current !== undefined) {
    const problem = `the store is ${JSON.stringify(current.slice(0, 40))} already`;
    throw new AppError('usage', { problem, hint: 'leave --store away; what is in one store is not moved to another' });
  }
  return { store, ...(ageKeyFile === undefined ? {} : { age_key_file: wholePath(ageKeyFile) }) };
}

/** Opened, and asked. Throws what the store throws, where nobody can or will have another one. */
export async function openChosenStore(wish: StoreWish, side: StoreSide): Promise<ChosenStore> {
  const { terminal, wiring } = side;
  const settings = settingsWished(wish, wiring);
  try {
    return { store: await openAsked(settings, side), settings };
  } catch (error) {
    const isChosen = wish.store !== undefined || configuredStore(wiring) !== undefined;
    if (isChosen || !isAppError(error, 'store-locked', 'store-unavailable')) throw error;
    if (terminal === undefined) {
      writeStderr(['without a keychain: `rolekeeper setup --store age --age-key-file FILE` keeps them in encrypted files']);
      throw error;
    }
    const other = await chooseOther(error, terminal);
    return { store: await openAsked(other, side), settings: other };
  }
}

function configuredStore({ env, readConfig }: Wiring): string | undefined {
  return env['ROLEKEEPER_STORE'] || findSection(readConfig().config, 'rolekeeper-settings', '')?.settings.get('store')?.value;
}

const choices = {
  keyFile: 'encrypted files and a key file: works by itself, on servers and over SSH as well',
  passphrase: 'encrypted files and a passphrase: you type it once after each start',
  stop: 'neither: change nothing',
} as const;

async function chooseOther(error: AppError, terminal: Terminal): Promise<ChosenStore['settings']> {
  terminal.say(`${error.message}.`);
  // Who has a keychain may rather open it.
  if (isAppError(error, 'store-locked') && error.hint !== undefined) terminal.say(`To open it: ${error.hint}.`);
  const chosen = await terminal.choose('Where shall the keys go instead?', Object.values(choices));
  if (chosen === choices.keyFile) return { store: 'age', age_key_file: usualKeyFile };
  if (chosen === choices.passphrase) return { store: 'age' };
  throw error;
}

const storeDeadlineMs = 60_000;

async function openAsked(
  settings: ChosenStore['settings'],
  { wiring, home, makeAgeKeyFile, textFiles, signal }: StoreSide,
): Promise<Store> {
  const { store: kind, age_key_file: keyFile } = settings;
  const path = keyFile === undefined ? undefined : inHome(keyFile, home);
  if (path !== undefined && textFiles.read(path) === undefined) await makeAgeKeyFile(path, textFiles);
  const env = { ...wiring.env, ...(kind === undefined ? {} : { ROLEKEEPER_STORE: kind, ROLEKEEPER_AGE_KEY_FILE: path }) };
  const store = await openWiring(env).openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  // Nothing is changed by that but what a new passphrase makes, which goes with the store's directory.
  await unlessInterrupted(signal, () => store.get(indexAccount()));
  return store;
}

export function inHome(path: string, home: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Relative to where the person is now; programs will run elsewhere. */
function wholePath(path: string): string {
  return path.startsWith('~/') ? path : resolve(path);
}
