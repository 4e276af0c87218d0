// `doctor --online`: whether STS is reached, and knows the keys.

import { type ConfigFiles, keptProfiles } from '../config/profile-settings.ts';
import { keysOf, type Recipe } from '../config/recipe.ts';
import { commandIn, type Finding } from '../doctor/finding.ts';
import { isAppError } from '../errors.ts';
import { loadPrincipal } from '../hops/keys.ts';
import type { ObtainPorts } from '../refresh/obtain.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { type Examined, examined, recipeOrUndefined, skipped, withStore } from './doctor-look.ts';

/** Asks AWS whose the keys are, once for each set of keys. */
export async function examineSts(files: ConfigFiles, wiring: Wiring): Promise<Examined> {
  const recipes = keptProfiles(files).flatMap((profile) => recipeOrUndefined(profile, files, wiring) ?? []);
  const byKeys = [
    ...new Map(
      recipes.flatMap((recipe) =>
        recipe.keys === undefined || recipe.keys.ofCaller !== undefined ? [] : [[recipe.keys.name, recipe]],
      ),
    ).values(),
  ];
  const findings: Finding[] = [];
  try {
    await withStore(wiring, async (store) => {
      const ports = await wiring.openRefresh(store);
      for (const recipe of byKeys) findings.push(...(await askSts(recipe, ports)));
    });
  } catch (error) {
    if (!isAppError(error)) throw error;
    return skipped('sts', error.message);
  }
  return examined('sts', findings, byKeys.length === 1 ? 'asked for one set of keys' : `asked for ${byKeys.length} sets of keys`);
}

async function askSts(recipe: Recipe, ports: ObtainPorts): Promise<readonly Finding[]> {
  const { profile, network, loginTarget } = recipe;
  const keys = keysOf(recipe);
  // With it, a refusal names the command to type.
  const context = { profile, loginTarget, callerKind: 'keys' } as const;
  const call = { endpoint: keys.endpoint, network, context };
  try {
    const { caller } = await loadPrincipal({ profile, keys }, ports, call);
    await ports.sts.getCallerIdentity({ ...call, caller });
    return [];
  } catch (error) {
    if (!isAppError(error)) throw error;
    const why = 'without STS nothing can be refreshed: what is cached ends, and then nothing works';
    const mend = error.hint === undefined ? `rolekeeper explain ${shellWord(profile)}` : commandIn(error.hint);
    return [{ check: 'sts', profile, what: `keys "${keys.name}": ${error.message}`, why, mend }];
  }
}
