// The recipe that the texts of the two files make, or what its refusal says and advises.

import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { type ConfigFiles, type ProfileSettings, profileSettings } from '../../src/config/profile-settings.ts';
import type { Recipe } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { AppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';

interface Surroundings {
  readonly profile?: string;
  readonly credentials?: string;
  readonly env?: Environment;
}

export function filesOf(config: string, credentials = ''): ConfigFiles {
  return { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile(credentials, 'credentials') };
}

export function recipeFrom(config: string, { profile = 'dev', credentials, env = {} }: Surroundings = {}): Recipe {
  return resolveRecipe(parseProfileName(profile), filesOf(config, credentials), env);
}

export function settingsFrom(config: string, { profile = 'dev', credentials }: Surroundings = {}): ProfileSettings {
  const settings = profileSettings(parseProfileName(profile), filesOf(config, credentials));
  if (settings === undefined) throw new Error(`there is no ${profile}`);
  return settings;
}

/** Message and hint of the failure. */
export function refusalFrom(config: string, surroundings: Surroundings = {}): readonly [string, string | undefined] {
  return wordsOf(() => recipeFrom(config, surroundings));
}

export function wordsOf(run: () => unknown): readonly [string, string | undefined] {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return [error.message, error.hint];
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What readers are given to refuse with: its message is the problem alone. */
export function failPlainly(problem: string, hint: string): AppError {
  return new AppError('usage', { problem, hint });
}
