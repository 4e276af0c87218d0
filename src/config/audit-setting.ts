// Whether answers are written down: `audit` of `[rolekeeper]`, or its variable. Pure.

import { isAppError } from '../errors.ts';

/** Off where nobody says anything. A word that means nothing is a slip of somebody who wants the trail. */
export function isAudited(variable: string | undefined, setting: () => string | undefined): boolean {
  const word = (variable ?? readable(setting) ?? '').trim().toLowerCase();
  return word !== '' && !['0', 'no', 'off', 'false'].includes(word);
}

// Files that cannot be read are for whoever answers to complain of.
function readable(setting: () => string | undefined): string | undefined {
  try {
    return setting();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return undefined;
  }
}
