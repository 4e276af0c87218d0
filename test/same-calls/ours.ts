// rolekeeper as the other side: resolves, logs in where a code is needed, and obtains, with the real adapters and an empty store.

import { parseProfileName } from '../../src/config/names.ts';
import { keysOf, needsCode, type Recipe } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { AppError } from '../../src/errors.ts';
import { loadKeysThemselves } from '../../src/hops/keys.ts';
import { logIn, obtain, openChain } from '../../src/refresh/obtain.ts';
import { patientDemand } from '../../src/refresh/refresh-one.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { openWiring } from '../../src/wiring.ts';
import type { Asked, Outcome, Resolver } from './side.ts';

export function startOurs(): Resolver {
  return {
    resolve: async (asked) => {
      try {
        return await credentialsOf(asked);
      } catch (error) {
        if (error instanceof AppError) return { kind: 'refused', why: `${error.code}: ${error.message}` };
        throw error;
      }
    },
    close: async () => undefined,
  };
}

async function credentialsOf({ profile, env, codes }: Asked): Promise<Outcome> {
  const wiring = openWiring(env);
  const recipe = resolveRecipe(parseProfileName(profile), wiring.readConfig(), env);
  const store = openMemoryStore();
  if (recipe.hops.length === 0) {
    const caller = await loadKeysThemselves({ profile: recipe.profile, keys: keysOf(recipe) }, store);
    return { kind: 'credentials', caller, start: 'keys' };
  }
  const ports = await wiring.openRefresh(store);
  const chain = await openChain(recipe, ports);
  const index = chain.steps.findIndex(({ hop }) => needsCode(hop));
  if (index >= 0) await logIn(chain, { index, code: parseMfaCode(codes[0] ?? '') }, ports);
  const demand = patientDemand(() => true);
  const { credentials } = await obtain(chain, chain.steps.length - 1, { demand, ports });
  return { kind: 'credentials', caller: credentials, start: startOf(recipe) };
}

function startOf({ keys, hops }: Recipe): string {
  if (keys === undefined) return hops[0]?.kind ?? 'nothing';
  return keys.ofCaller === undefined ? 'keys' : 'environment';
}
