// Which profile a bare `rolekeeper login` means.

import type { ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { type Hop, needsCode, signInOf } from '../config/recipe.ts';
import { signInIdOf } from '../config/sign-in.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import type { Wiring } from '../wiring.ts';
import { workingRecipes } from './working-recipes.ts';

/** `AWS_PROFILE`, else the only profile that needs a login, else `default`, else the one the person chooses. Throws `usage`. */
export async function chooseLoginTarget(
  files: ConfigFiles,
  { env, openTerminal }: Pick<Wiring, 'env' | 'openTerminal'>,
): Promise<string> {
  const named = env['AWS_PROFILE'];
  if (named !== undefined && named !== '') return named;
  const sources = [...loginTargets(files, env, (hop) => hop.kind === 'session'), ...signInTargets(files, env)];
  // A role that takes a code of its own is what a bare login means only where there is nothing else.
  const targets = sources.length > 0 ? sources : loginTargets(files, env, needsCode);
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
  const instead = `name one: \`rolekeeper login ${first}\``;
  const terminal = await openTerminal({ command: 'login', instead });
  if (terminal.isInteractive) return terminal.choose('Log in to', targets);
  throw new AppError('usage', {
    problem: `several profiles need a login: ${targets.join(', ')}`,
    hint: instead,
  });
}

/** The profiles that a login can be for, each login once, in the order of the files. Profiles that cannot work are passed over. */
function loginTargets(files: ConfigFiles, env: Environment, counts: (hop: Hop) => boolean): readonly ProfileName[] {
  const recipes = workingRecipes(files, env).filter(({ hops }) => hops.some((hop) => needsCode(hop) && counts(hop)));
  return [...new Set(recipes.map(({ loginTarget }) => loginTarget))];
}

/** The first profile of each sign-in to IAM Identity Center. */
function signInTargets(files: ConfigFiles, env: Environment): readonly ProfileName[] {
  const targets = new Map<string, ProfileName>();
  for (const recipe of workingRecipes(files, env)) {
    const signIn = signInOf(recipe);
    const id = signIn === undefined ? undefined : signInIdOf(signIn);
    if (id !== undefined && !targets.has(id)) targets.set(id, recipe.profile);
  }
  return [...targets.values()];
}
