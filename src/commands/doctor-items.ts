// What the store lists against what the recipes lead to, for `doctor`.

import { keyFileOf } from '../config/entry-hop.ts';
import { type Account, keysAccount, passphraseAccount, signInAccount, totpAccount } from '../config/names.ts';
import { type ConfigFiles, keptProfiles, knownProfiles } from '../config/profile-settings.ts';
import { certificateOf, type Recipe, signInOf, stepsOf } from '../config/recipe.ts';
import { signInIdOf } from '../config/sign-in.ts';
import { checkUnusedItems } from '../doctor/unused-items.ts';
import { isAppError } from '../errors.ts';
import { lastPrincipal } from '../hops/keys.ts';
import { listItems } from '../stores/item-index.ts';
import type { Wiring } from '../wiring.ts';
import { type Examined, examined, recipeOrUndefined, withStore } from './doctor-look.ts';

/** Undefined where some recipe does not say what it leads to, or whose keys it starts from: its items would look as if nobody used them. */
export async function examineItems(files: ConfigFiles, wiring: Wiring): Promise<Examined | undefined> {
  const used = usedAccounts(files, wiring);
  if (used === undefined) return undefined;
  const listed = await listedItems(wiring);
  if (listed === undefined) return undefined;
  const ends = new Map(wiring.state.list().map(({ id, expiresAt }) => [String(id), expiresAt]));
  const now = wiring.clock.now();
  const isOver = (account: string) => (ends.get(account.split('/')[1] ?? '') ?? Number.POSITIVE_INFINITY) < now;
  return examined('unused-items', checkUnusedItems({ listed, used, isOver, configPath: wiring.configPath }));
}

async function listedItems(wiring: Wiring) {
  try {
    return await withStore(wiring, listItems);
  } catch (error) {
    // A store whose passphrase only the agent has answers to nobody else.
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

function usedAccounts(files: ConfigFiles, wiring: Wiring): ReadonlySet<string> | undefined {
  const used = new Set<string>();
  const kept = new Set(keptProfiles(files));
  for (const profile of knownProfiles(files)) {
    const recipe = recipeOrUndefined(profile, files, wiring);
    const principal = recipe === undefined ? undefined : lastPrincipal(recipe, wiring.state);
    if (principal === undefined && kept.has(profile)) return undefined;
    for (const account of recipe === undefined ? [] : accountsOf(recipe, principal)) used.add(account);
  }
  return used;
}

function accountsOf(recipe: Recipe, principal: string | undefined): readonly Account[] {
  const steps = principal === undefined ? [] : stepsOf(recipe, principal);
  const { keys } = recipe;
  const certificate = certificateOf(recipe);
  const signIn = signInOf(recipe);
  return [
    ...(keys === undefined ? [] : [keysAccount(keys.name), totpAccount(keys.name)]),
    ...(certificate === undefined ? [] : [passphraseAccount(keyFileOf(certificate.files))]),
    ...(signIn === undefined ? [] : [signInAccount(signInIdOf(signIn))]),
    ...steps.map(({ account }) => account),
  ];
}
