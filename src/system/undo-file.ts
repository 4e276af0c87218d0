// Keeps, in the state directory, what it takes to undo the edits of one profile. Never holds a secret.

import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseUndoNote, printUndoNote, type UndoNote } from '../config/undo-note.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import type { UndoNotes } from '../ports.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode, problemWords } from './problem-words.ts';
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
    keep: (profile, note) => {
      readNote(pathOf(profile)); // throws for one of a newer version
      ensurePrivateDirectory({ base, below: [machine], owner });
      writeWholeFile(pathOf(profile), printUndoNote(note));
    },
    forget: (profile) => remove(pathOf(profile)),
  };
}

function readNote(path: string): UndoNote | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
  return parseUndoNote(text, path);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
