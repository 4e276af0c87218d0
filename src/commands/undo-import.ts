// `rolekeeper import PROFILE --undo`: puts the files back as they were before the import, byte for byte, with the keys from the store.
// The store keeps its copy: nothing is lost if the person changes their mind again.

import { type EditRecord, undoEdit } from '../config/edit-record.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import { resolveRecipe } from '../config/resolve-recipe.ts';
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

/** Throws `edit-refused` when a file was changed since, and then writes none. */
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
  const files = records.map((record) => restored(record, keys, wiring));
  if (options.isDryRun) return writeStdout(files.map(({ path, after, before }) => unifiedDiff(path, after, before)).join(''));
  if (!options.isYes) await confirmUndo(profile, files, wiring);
  // The credentials file first: with the plaintext back, and the recipe still there, everything works.
  for (const { path, after, before } of [...files].reverse()) wiring.textFiles.replace(path, after, before);
  undoNotes.forget(profile);
  writeStderr([`the files are as they were before the import; the keys are in plaintext again, and still in the store`]);
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

function restored(record: EditRecord, keys: Keys, { textFiles }: Wiring): Restored {
  const after = textFiles.read(record.path) ?? '';
  const before = undoEdit(after, record, keys);
  if (before !== undefined) return { path: record.path, after, before };
  throw new AppError('edit-refused', { path: record.path, line: 1, problem: 'it was changed since the import' });
}

async function confirmUndo(profile: ProfileName, files: readonly Restored[], wiring: Wiring): Promise<void> {
  const instead = `run \`rolekeeper import ${profile} --undo --yes\``;
  const terminal = await wiring.openTerminal({ command: 'import --undo', instead });
  const question = `Write the plaintext keys back into ${files.at(-1)?.path ?? 'the file'}?`;
  if (!(await terminal.confirm(question))) throw new AppError('interrupted', {});
}
