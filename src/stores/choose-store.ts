// Chooses the store: ROLEKEEPER_STORE, else the setting, else the system's keychain. Never falls back to another one.
// Loads only the chosen one.

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Store, StoreManners } from '../ports/store.ts';
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
  const directory = pathFrom(env, 'ROLEKEEPER_AGE_DIR', undefined) ?? join(stateDirectory, 'age');
  const keyFile = pathFrom(env, 'ROLEKEEPER_AGE_KEY_FILE', settings.ageKeyFile);
  return (await import('./age-file.ts')).openAgeFile({
    ...{ env, manners, directory },
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(askPassphrase === undefined ? {} : { askPassphrase }),
  });
}

// `~/`, because a setting does not pass through a shell. Callers run us in any directory, where a relative path is another file each time.
function pathFrom(env: Environment, variable: string, setting: string | undefined): string | undefined {
  const path = env[variable] || setting || undefined;
  if (path === undefined) return undefined;
  const whole = path.startsWith('~/') ? join(env['HOME'] || homedir(), path.slice(2)) : path;
  if (isAbsolute(whole)) return whole;
  const problem = `${variable} (or its setting) says ${JSON.stringify(path.slice(0, 80))}, which is not an absolute path`;
  throw new AppError('usage', { problem, hint: 'write the whole path, or begin it with ~/' });
}

function unknownStore(name: string, where: string): AppError<'usage'> {
  const problem = `${where} says ${JSON.stringify(name.slice(0, 40))}, which is no store`;
  return new AppError('usage', { problem, hint: 'say `keychain` (the default) or `age`' });
}
