// Adds to "there is no such profile" the name that was probably meant, or those that there are. Loaded only when that failure has happened.

import { knownProfiles } from '../config/profile-settings.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Wiring } from '../wiring.ts';

/** More than these say nothing at a glance. */
const manyNames = 8;

/** The same failure, or for an unknown profile a new one that names the nearest, or the few that there are. Throws as `readConfig` does. */
export async function withNearest(error: unknown, { readConfig }: Pick<Wiring, 'readConfig'>): Promise<unknown> {
  if (!isAppError(error, 'profile-unknown') || error.details.nearest !== undefined) return error;
  const { nearestName } = await import('../config/nearest-name.ts');
  const others = knownProfiles(readConfig());
  const nearest = nearestName(error.details.profile, others);
  if (nearest !== undefined) return new AppError('profile-unknown', { ...error.details, nearest }, error);
  if (others.length === 0 || others.length > manyNames) return error;
  return new AppError('profile-unknown', { ...error.details, others }, error);
}
