// Keeps, in the state directory, what it takes to undo the edits of one profile. Never holds a secret.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseUndoNote, printUndoNote, type UndoNote } from '../config/undo-note.ts';
import { sha256Hex } from '../credentials/digest.ts';
import type { UndoNotes } from '../ports/text-files.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { readKeptText, removeKeptText } from './kept-text.ts';
import { writeWholeFile } from './whole-file.ts';

export interface UndoPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
}

export function createUndoNotes({ base, machine, owner }: UndoPlace): UndoNotes {
  const pathOf = (profile: string) => join(base, machine, `undo-${sha256Hex(profile).slice(0, 16)}.json`);
  return {
    read: (profile) => readNote(pathOf(profile)),
    keptAtMs: (profile) => statSync(pathOf(profile), { throwIfNoEntry: false })?.mtimeMs,
    keep: (profile, note) => {
      readNote(pathOf(profile)); // throws for one of a newer version
      ensurePrivateDirectory({ base, below: [machine], owner });
      writeWholeFile(pathOf(profile), printUndoNote(note));
    },
    forget: (profile) => removeKeptText(pathOf(profile)),
  };
}

function readNote(path: string): UndoNote | undefined {
  const text = readKeptText(path);
  return text === undefined ? undefined : parseUndoNote(text, path);
}
