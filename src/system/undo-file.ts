// Keeps, in the state directory, what it takes to undo the edits of one profile. Never holds a secret.

import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type EditRecord, parseEditRecords } from '../config/edit-record.ts';
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
    read: (profile) => readRecords(pathOf(profile)),
    keep: (profile, records) => {
      ensurePrivateDirectory({ base, below: [machine], owner });
      writeWholeFile(pathOf(profile), `${JSON.stringify(records)}\n`);
    },
    forget: (profile) => remove(pathOf(profile)),
  };
}

function readRecords(path: string): readonly EditRecord[] | undefined {
  try {
    return parseEditRecords(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined; // none, or none that can be used
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}
