// Adds to "there is no such profile" the name that was probably meant. Loaded only when that failure has happened.

import { knownProfiles } from '../config/profile-settings.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';

/** The same failure, or for an unknown profile a new one that names the nearest. Throws as `readConfig` does. */
export async function withNearest(error: unknown, { readConfig }: Pick<Wiring, 'readConfig'>): Promise<unknown> {
  if (!isAppError(error, 'profile-unknown') || error.details.nearest !== undefined) return error;
  const { nearestName } = await import('../config/nearest-name.ts');
  const nearest = nearestName(error.details.profile, knownProfiles(readConfig()));
  return nearest === undefined ? error : new AppError('profile-unknown', { ...error.details, nearest }, error);
}
