// What is common to the looks that `doctor` takes: their outcome, and what several of them need.

import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import type { CheckName, Finding } from '../doctor/finding.ts';
import { isAppError } from '../errors.ts';
import type { Store } from '../ports/store.ts';
import type { Wiring } from '../wiring.ts';

export interface Examined {
  readonly name: CheckName;
  /** What is there, or why nobody could look. */
  readonly says?: string;
  readonly isSkipped: boolean;
  readonly findings: readonly Finding[];
}

export function examined(name: CheckName, findings: readonly Finding[], says?: string): Examined {
  return { name, isSkipped: false, findings, ...(says === undefined ? {} : { says }) };
}

export function skipped(name: CheckName, says: string): Examined {
  return { name, isSkipped: true, findings: [], says };
}

/** Undefined for a recipe that cannot work: a finding of its own. */
export function recipeOrUndefined(profile: ProfileName, files: ConfigFiles, { env }: Pick<Wiring, 'env'>): Recipe | undefined {
  try {
    return resolveRecipe(profile, files, env);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}

/** Without prompts. Throws what the store throws. */
export async function withStore<T>(wiring: Wiring, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'never' });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const storeDeadlineMs = 5_000;
