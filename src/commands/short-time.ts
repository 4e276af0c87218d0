// A moment as briefly as a person can still read it.

import { localMinute } from '../credentials/credentials.ts';

/** Both on the local clock. Today `18:04`, this year `01-02 18:04`, else `2027-01-02 18:04`. */
export function shortTime(localAt: number, localNow: number): string {
  const [at, now] = [localMinute(localAt), localMinute(localNow)];
  if (at.slice(0, 10) === now.slice(0, 10)) return at.slice(11);
  return at.slice(0, 4) === now.slice(0, 4) ? at.slice(5) : at;
}
