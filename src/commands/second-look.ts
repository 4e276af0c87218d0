// A program that writes the config file in place leaves it empty, then incomplete, for a moment. Loaded only when a `get` has failed by what
// such a file looks like.

import { isAppError } from '../errors.ts';

/** Long enough for one more write of the other program; nobody's patience is tried by it. */
const pauseMs = 50;

/** Does the work once more for a failure that may be over by then; throws all others at once. */
export async function secondLook(error: unknown, work: () => Promise<void>): Promise<void> {
  if (!isAppError(error, 'profile-unknown', 'config-malformed', 'recipe-invalid')) throw error;
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await work();
}
