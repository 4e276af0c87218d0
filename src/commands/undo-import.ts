// `rolekeeper import PROFILE --undo`: takes the import back out of the files, with the keys from the store.
// The store keeps its copy: nothing is lost if the person changes their mind again.

import type { EditRecord } from '../config/edit-record.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
import { type Undoing, undoEdit } from '../config/undo-edit.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import type { Keys } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import type { Wiring } from '../wiring.ts';
import { writeStderr } from './report.ts';
import { writeStdout } from './stdout.ts';

export interface UndoOptions {
  readonly profile: string;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

interface Restored {
  readonly path: string;
  readonly after: string;
  readonly before: string;
}

const storeDeadlineMs = 60_000;

/** Throws `edit-refused` when the import's own lines were changed since, and then writes no file. */
export async function undoImport(options: UndoOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  const undoNotes = await wiring.openUndoNotes();
  const records = undoNotes.read(profile);
  if (records === undefined) {
    throw new AppError('usage', {
      problem: `there is no import of "${profile}" to undo`,
      hint: `the keys are in the store; see \`rolekeeper status ${profile}\``,
    });
  }
  const keys = await storedKeys(profile, wiring);
  const files = records.map((record) => restored(record, { keys, profile }, wiring));
  if (options.isDryRun) return writeStdout(files.map(({ path, after, before }) => unifiedDiff(path, after, before)).join(''));
  if (!options.isYes) await confirmUndo(profile, files, wiring);
  // The credentials file first: with the plaintext back, and the recipe still there, everything works.
  for (const { path, after, before } of [...files].reverse()) wiring.textFiles.replace(path, after, before);
  undoNotes.forget(profile);
  writeStderr(['the import is taken back; the keys are in plaintext again, and still in the store']);
}

async function storedKeys(profile: ProfileName, wiring: Wiring): Promise<Keys> {
  const { keys } = resolveRecipe(profile, wiring.readConfig(), wiring.env);
  const store = await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' });
  try {
    const stored = await loadStoredKeys(keys.name, store);
    if (stored === undefined) throw new AppError('keys-missing', { keys: keys.name, profile });
    return stored;
  } finally {
    await store.close();
  }
}

function restored(record: EditRecord, undoing: Undoing, { textFiles }: Wiring): Restored {
  const after = textFiles.read(record.path) ?? '';
  const before = undoEdit(after, record, undoing);
  if (before !== undefined) return { path: record.path, after, before };
  const problem = 'what the import changed there, or beside it, was changed since the import';
  throw new AppError('edit-refused', { path: record.path, line: 1, problem });
}

async function confirmUndo(profile: ProfileName, files: readonly Restored[], wiring: Wiring): Promise<void> {
  const instead = `run \`rolekeeper import ${profile} --undo --yes\``;
  const terminal = await wiring.openTerminal({ command: 'import --undo', instead });
  const question = `Write the plaintext keys back into ${files.at(-1)?.path ?? 'the file'}?`;
  if (!(await terminal.confirm(question))) throw new AppError('interrupted', {});
}
