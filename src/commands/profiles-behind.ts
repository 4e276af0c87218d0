// The profiles that were used lately and hang on a session or a sign-in that has just begun.

import type { KeyId, ProfileName } from '../config/names.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import { isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';
import { backgroundSettings } from './background-settings.ts';
import { wantedProfiles } from './kept-profiles.ts';

export function profilesBehind(session: KeyId | undefined, files: ConfigFiles, wiring: Wiring): readonly ProfileName[] {
  try {
    const wanted = wantedProfiles(files, backgroundSettings(wiring.agentSettings()), wiring);
    return wanted.filter((kept) => kept.session !== undefined && kept.session.id === session).map(({ recipe }) => recipe.profile);
  } catch (error) {
    if (!isAppError(error, 'usage')) throw error;
    return []; // a setting that makes no sense: whoever works by it says so, and the login was none of its business
  }
}
