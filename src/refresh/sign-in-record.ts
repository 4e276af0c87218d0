// What the state knows of the sign-in that a recipe starts with.

import { type Recipe, signInOf } from '../config/recipe.ts';
import { signInIdOf } from '../config/sign-in.ts';
import type { State, StateRecord } from '../ports/state.ts';

/** Undefined where it starts elsewhere, and where nobody has ever signed in. */
export function signInRecord(recipe: Pick<Recipe, 'hops'>, { read }: Pick<State, 'read'>): StateRecord | undefined {
  const signIn = signInOf(recipe);
  return signIn === undefined ? undefined : read(signInIdOf(signIn));
}
