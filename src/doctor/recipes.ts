// Recipes that cannot work, and those that work worse than they say: circles, passkeys, durations over the chaining cap, short lives. Pure.

import type { ProfileName } from '../config/names.ts';
import { type ConfigFiles, profileSettings } from '../config/profile-settings.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { hopSources, profileOfHop } from '../config/setting-sources.ts';
import { isAppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { editCommand, type Finding } from './finding.ts';

/** Under this, the strictest clients ask again on every request (sdk-contract.md 14). */
const comfortableSeconds = 1800;

export function checkRecipe(profile: ProfileName, files: ConfigFiles, env: Environment): readonly Finding[] {
  try {
    const recipe = resolveRecipe(profile, files, env);
    const durations = recipe.hops.flatMap((hop, index) => {
      if (hop.kind !== 'role' || profileOfHop(recipe, index) !== profile) return [];
      const place = hopSources(recipe, index, { files, env }).find(({ key }) => key === 'duration_seconds')?.place;
      if (place?.kind !== 'file') return [];
      const asked = Number(profileSettings(profile, files)?.get('duration_seconds'));
      return durationFindings({ profile, asked, used: hop.request.durationSeconds, mend: editCommand(place) });
    });
    return [...unknownSettings(profile, files), ...durations];
  } catch (error) {
    if (!isAppError(error)) throw error;
    return [brokenRecipe(profile, files, { message: error.message, hint: error.hint })];
  }
}

/** Misspelt ones, most likely. */
function unknownSettings(profile: ProfileName, files: ConfigFiles): readonly Finding[] {
  return (profileSettings(profile, files)?.unknown ?? []).map(({ key, line }) => ({
    check: 'recipes',
    profile,
    what: `"${key}" in [rolekeeper ${profile}] is no setting of rolekeeper`,
    why: 'it is not used: what it was to say is not so',
    mend: `${editCommand({ path: files.config.path, line })}    # correct the name, or remove the line`,
  }));
}

interface Durations {
  readonly profile: ProfileName;
  readonly asked: number;
  readonly used: number;
  readonly mend: string;
}

function durationFindings({ profile, asked, used, mend }: Durations): readonly Finding[] {
  const check = 'recipes';
  if (asked > used) {
    const what = `"${profile}" asks for ${asked} s and gets ${used}`;
    const why = 'AWS gives a role behind a session or another role one hour at most (role chaining)';
    return [{ check, profile, what, why, mend: `${mend}    # duration_seconds = ${used}` }];
  }
  if (asked >= comfortableSeconds) return [];
  const what = `"${profile}" asks for credentials of ${asked} s`;
  const why = 'the AWS CLI and boto3 ask again for every request once 15 minutes are left, so they never have enough';
  return [{ check, profile, what, why, mend: `${mend}    # duration_seconds = 3600` }];
}

function brokenRecipe(
  profile: ProfileName,
  { config }: ConfigFiles,
  { message, hint }: { readonly message: string; readonly hint: string | undefined },
): Finding {
  const line = (config.find('rolekeeper', profile) ?? config.find('profile', profile))?.line ?? 1;
  const comment = hint === undefined ? '' : `    # ${hint}`;
  return {
    check: 'recipes',
    profile,
    what: message,
    why: 'no credentials can be made for it',
    mend: `${editCommand({ path: config.path, line })}${comment}`,
  };
}
