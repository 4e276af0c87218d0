// Which long-term keys an import can move. Pure.

import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import type { PlaintextKeys, Recipe } from './recipe.ts';

/** Throws `recipe-invalid` for a profile whose keys cannot be moved, saying why. */
export function importableKeys(recipe: Recipe, configPath: string): PlaintextKeys {
  const { profile, chain } = recipe;
  const source = chain.at(-1) ?? profile;
  const plaintext = recipe.keys?.plaintext;
  const fail = (problem: string, hint: string) => new AppError('recipe-invalid', { profile, problem, chain: [], hint });
  if (chain.length > 1) {
    throw fail('it is a role, not a profile of access keys', `import its source: \`rolekeeper import ${shellWord(source)}\``);
  }
  // They would go into the store, and stay in the file of that profile.
  if (source !== profile) {
    throw fail(
      `its credential_process asks for "${source}", whose keys these are`,
      `import that one: \`rolekeeper import ${shellWord(source)}\``,
    );
  }
  if (plaintext === undefined) {
    throw fail(
      'it has no access keys in plaintext',
      `type them in with \`rolekeeper add ${shellWord(profile)}\`, or look into ${configPath}`,
    );
  }
  if (plaintext.sessionToken !== undefined) {
    throw fail(
      `its keys in ${plaintext.path}:${plaintext.line} are temporary (they have a session token)`,
      'only long-term keys can be imported',
    );
  }
  return plaintext;
}
