// What a background would keep fresh, for commands that do a part of its work: what was asked for lately, and can do without a person.

import type { ConfigFiles } from '../config/profile-settings.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { isAppError } from '../errors.ts';
import type { StateRecord } from '../ports/state.ts';
import { isWanted, type Kept, keptFor } from '../refresh/kept.ts';
import type { Wiring } from '../wiring.ts';
import type { BackgroundSettings } from './background-settings.ts';

/** Records that somebody asked for lately. */
export function wantedRecords({ state, clock }: Wiring, { unusedMs }: BackgroundSettings): readonly StateRecord[] {
  const localNow = clock.toLocal(clock.now());
  return state.list().filter(({ id }) => isWanted(state.askedAt(id), { localNow, unusedMs }));
}

/** Those of them that a background can refresh, by these files. */
export function wantedProfiles(files: ConfigFiles, settings: BackgroundSettings, wiring: Wiring): readonly Kept[] {
  return wantedRecords(wiring, settings).flatMap((record) => {
    try {
      return keptFor(record, resolveRecipe(record.profile, files, wiring.env), wiring.state) ?? [];
    } catch (error) {
      if (!isAppError(error)) throw error;
      return []; // gone from the config, or broken there: whoever asks for it next is told
    }
  });
}
