// What names the person where no keys sign (decisions.md 10): default session names are made of it.

import type { Recipe } from '../config/recipe.ts';
import type { State } from '../ports/state.ts';

export function personName(state: Pick<State, 'userName'>): string {
  return `rolekeeper-${state.userName()}`;
}

/** With a machine's own credentials, the machine as well: others may share the store, and must not be given this one's role. */
export function personOf({ hops }: Pick<Recipe, 'hops'>, state: Pick<State, 'userName' | 'machineName'>): string {
  const person = personName(state);
  return hops[0]?.kind === 'machine' ? `${state.machineName()}/${person}` : person;
}
