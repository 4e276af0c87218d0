// Chooses the store: ROLEKEEPER_STORE, else the setting, else the system's keychain. Never falls back to another one.
// Loads only the chosen one.

import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Environment, Store, StoreManners } from '../ports.ts';
import type { AskPassphrase } from './age-passphrase.ts';

export interface ChooseStoreOptions {
  readonly env: Environment;
  /** Settings of the section `[rolekeeper]`. */
  readonly settings: { readonly store?: string | undefined; readonly ageKeyFile?: string | undefined };
  readonly platform: NodeJS.Platform;
  readonly stateDirectory: string;
  readonly manners: StoreManners;
  /** For the age store's passphrase; only interactive commands have it. */
  readonly askPassphrase?: AskPassphrase;
}

/** Opens nothing yet: the first call does. Throws `usage` for a store there is not. */
export async function chooseStore(options: ChooseStoreOptions): Promise<Store> {
  const { env, settings } = options;
  const fromEnv = env['ROLEKEEPER_STORE'];
  const wanted = fromEnv || settings.store || 'keychain';
  switch (wanted) {
    case 'keychain':
      return await openKeychain(options);
    case 'age':
      return await openAge(options);
    case 'memory':
      // Forgets everything with the process: never something to set for good.
      if (fromEnv) return (await import('./memory.ts')).openMemoryStore();
      throw unknownStore(wanted, 'the setting `store`');
    default:
      throw unknownStore(wanted, fromEnv ? 'ROLEKEEPER_STORE' : 'the setting `store`');
  }
}

async function openKeychain({ env, manners, platform }: ChooseStoreOptions): Promise<Store> {
  if (platform === 'darwin' || platform === 'win32') {
    return (await import('./keytar-child.ts')).openKeytarChild({ env, manners, platform });
  }
  return (await import('./secret-service.ts')).openSecretService({ env, manners });
}

async function openAge({ env, settings, stateDirectory, manners, askPassphrase }: ChooseStoreOptions): Promise<Store> {
  const keyFile = env['ROLEKEEPER_AGE_KEY_FILE'] || settings.ageKeyFile;
  return (await import('./age-file.ts')).openAgeFile({
    ...{ env, manners, directory: join(stateDirectory, 'age') },
    ...(keyFile === undefined || keyFile === '' ? {} : { keyFile: withHome(keyFile, env) }),
    ...(askPassphrase === undefined ? {} : { askPassphrase }),
  });
}

// A setting does not pass through a shell.
function withHome(path: string, env: Environment): string {
  return path.startsWith('~/') ? join(env['HOME'] ?? env['USERPROFILE'] ?? '', path.slice(2)) : path;
}

function unknownStore(name: string, where: string): AppError<'usage'> {
  const problem = `${where} says ${JSON.stringify(name.slice(0, 40))}, which is no store`;
  return new AppError('usage', { problem, hint: 'say `keychain` (the default) or `age`' });
}
