// Whether what rolekeeper has to write can be written. Pure.

import { shellWord } from '../shell-word.ts';
import type { Finding } from './finding.ts';

export interface PlaceLook {
  /** A directory, or the nearest one above it that there is. */
  readonly path: string;
  /** Why nothing can be written there. */
  readonly problem: string;
}

export function checkState(places: readonly PlaceLook[]): readonly Finding[] {
  return places.map(({ path, problem }) => ({
    check: 'state',
    what: `nothing can be written in ${path}: ${problem}`,
    why: 'a login ends with an error then, and without the agent every program makes its credentials anew',
    mend: /\b(full|used up)\b/.test(problem) ? `df -h ${shellWord(path)}` : `ls -ld ${shellWord(path)}; id -un`,
  }));
}
