// Long-term keys in the store: who uses them, where else they are, and how they go. Shared by all that removes keys.

import { keysAccount, type ProfileName } from '../config/names.ts';
import { type ConfigFiles, knownProfiles, profileSettings } from '../config/profile-settings.ts';
import type { KeysSource, PlaintextKeys } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isAppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { Environment } from '../ports/environment.ts';
import type { Lock } from '../ports/lock.ts';
import type { State } from '../ports/state.ts';
import type { Store } from '../ports/store.ts';
import { forgetItem } from '../stores/item-index.ts';

/** Undefined for an item that is not there, or that cannot be read any more. */
export async function usableKeys(name: ProfileName, store: Store): ReturnType<typeof loadStoredKeys> {
  try {
    return await loadStoredKeys(name, store);
  } catch (error) {
    if (isAppError(error, 'keys-broken')) return undefined;
    throw error;
  }
}

/** Profiles whose recipe starts from them. */
export function usersOfKeys(keys: ProfileName, files: ConfigFiles, env: Environment): readonly ProfileName[] {
  return knownProfiles(files).filter((profile) => keysNameOf(profile, files, env) === keys);
}

/** Undefined for a profile that starts from something else, or that cannot work. */
export function keysNameOf(profile: ProfileName, files: ConfigFiles, env: Environment): ProfileName | undefined {
  return keysSourceOf(profile, files, env)?.name;
}

/** Undefined likewise. */
export function keysSourceOf(profile: ProfileName, files: ConfigFiles, env: Environment): KeysSource | undefined {
  try {
    return resolveRecipe(profile, files, env).keys;
  } catch (error) {
    if (isAppError(error)) return undefined;
    throw error;
  }
}

/** Where a file has this key in plaintext: after `import --keep` and `import --undo`. */
export function plaintextOf(accessKeyId: string, files: ConfigFiles): PlaintextKeys | undefined {
  return knownProfiles(files)
    .map((profile) => profileSettings(profile, files)?.plaintext)
    .find((plaintext) => plaintext?.accessKeyId === accessKeyId);
}

export async function removeKeys(
  name: ProfileName,
  { store, lock, state }: { readonly store: Store; readonly lock: Lock; readonly state: Pick<State, 'forgetPrincipal'> },
): Promise<void> {
  const account = keysAccount(name);
  await store.delete(account);
  await forgetItem({ store, lock }, account);
  state.forgetPrincipal(name);
}
