// Which profile a bare `rolekeeper login` means, and which profiles a login is for.

import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { type KeysSource, loginStartOf, needsCode, type Recipe, signInOf } from '../config/recipe.ts';
import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { workingRecipes } from './working-recipes.ts';

/** `AWS_PROFILE`, else the only login that is needed, else `default`, else the one the person chooses. Throws `usage`. */
export async function chooseLoginTarget(
  files: ConfigFiles,
  { env, openTerminal }: Pick<Wiring, 'env' | 'openTerminal'>,
): Promise<string> {
  const named = env['AWS_PROFILE'];
  if (named !== undefined && named !== '') return named;
  const recipes = workingRecipes(files, env);
  const signIns = recipes.filter((recipe) => signInOf(recipe) !== undefined);
  const sources = [...loginTargets(recipes.filter(hasSession)), ...loginTargets(signIns)];
  // A role that takes a code of its own is what a bare login means only where there is nothing else.
  const targets = sources.length > 0 ? sources : loginTargets(recipes);
  const [first, ...others] = targets;
  if (first === undefined) {
    throw new AppError('usage', {
      problem: `no profile in ${files.config.path} needs a login`,
      hint: 'name one: `rolekeeper login PROFILE`, and give it or its source an mfa_serial',
    });
  }
  if (others.length === 0) return first;
  const standard = targets.find((target) => target === 'default');
  if (standard !== undefined) return standard;
  const instead = `name one: \`rolekeeper login ${shellWord(first)}\``;
  const terminal = await openTerminal({ command: 'login', instead });
  if (terminal.isInteractive) return terminal.choose('Log in to', targets);
  throw new AppError('usage', {
    problem: `several profiles need a login: ${targets.join(', ')}`,
    hint: instead,
  });
}

/** What to type after `rolekeeper login` for these recipes: one profile for each login, in the order of the files. */
export function loginTargets(recipes: readonly Recipe[]): readonly ProfileName[] {
  const targets = new Map<string, ProfileName>();
  for (const recipe of recipes) {
    const start = loginStartOf(recipe);
    if (start === undefined || (targets.has(start) && recipe.loginTarget !== 'default')) continue;
    targets.set(start, recipe.loginTarget);
  }
  return [...targets.values()];
}

/** The same for all profiles that start from these keys. Those that cannot work are passed over. */
export function loginTargetsBehind(
  keys: KeysSource,
  { readConfig, env }: Pick<Wiring, 'readConfig' | 'env'>,
): readonly ProfileName[] {
  return loginTargets(workingRecipes(readConfig(), env).filter((recipe) => recipe.keys?.name === keys.name));
}

function hasSession({ hops }: Recipe): boolean {
  return hops.some((hop) => hop.kind === 'session' && needsCode(hop));
}
