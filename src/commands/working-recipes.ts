// The recipes of all profiles that can work, in the order of the files. Those that cannot are passed over: whoever asks for one is told.

import { type ConfigFiles, knownProfiles } from '../config/profile-settings.ts';
import type { Recipe } from '../config/recipe.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';

export function workingRecipes(files: ConfigFiles, env: Environment): readonly Recipe[] {
  return knownProfiles(files).flatMap((profile) => {
    try {
      return [resolveRecipe(profile, files, env)];
    } catch (error) {
      if (isAppError(error)) return [];
      throw error;
    }
  });
}
