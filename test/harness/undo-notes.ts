// Where the program keeps what it takes to undo its edits.

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { World } from './world.ts';

export function undoNotePaths({ home }: World): readonly string[] {
  const state = join(home, 'state', 'rolekeeper');
  return readdirSync(state, { recursive: true, encoding: 'utf8' })
    .filter((path) => basename(path).startsWith('undo-'))
    .map((path) => join(state, path));
}
