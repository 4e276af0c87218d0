// `rolekeeper import PROFILE --undo`: takes the import back out of the files, with the keys from the store.
// The store keeps its copy: nothing is lost if the person changes their mind again.

import { takesKeys } from '../config/edit-record.ts';
import { type ProfileName, parseProfileName } from '../config/names.ts';
import type { KeysNote } from '../config/undo-note.ts';
import type { Keys } from '../credentials/credentials.ts';
import { AppError } from '../errors.ts';
import { loadStoredKeys } from '../hops/keys.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { alone } from './config-texts.ts';
import { unopenedIfEmpty } from './empty-store.ts';
import { writeStderr } from './report.ts';
import {
  type Restored,
  readNote,
  refuseKeyless,
  restoredFiles,
  restoredText,
  showRestored,
  type UndoOptions,
  writeRestored,
} from './undo-files.ts';
import { withoutRotation } from './without-rotation.ts';

const storeDeadlineMs = 60_000;

/** Throws `edit-refused` when the import's own lines were changed since, or the keys would not be back, and then writes no file. */
export async function undoImport(options: UndoOptions, wiring: Wiring): Promise<void> {
  const profile = parseProfileName(options.profile);
  const undoNotes = await wiring.openUndoNotes();
  const note = readNote('import', profile, undoNotes);
  const keys = await storedKeys(profile, note.keys, wiring);
  const planned = (current: Keys) => {
    const files = restoredFiles(note, { keys: current, profile }, wiring);
    refuseKeyless(note, current, (path) => restoredText(files, path));
    return files;
  };
  const files = planned(keys);
  if (options.isDryRun) return showRestored(files);
  if (!options.isYes) await confirmUndo(profile, files, wiring);
  await withoutRotation([note.keys], wiring, async () => {
    const current = await storedKeys(profile, note.keys, wiring);
    await alone(wiring, () => {
      writeRestored(planned(current), wiring);
      refuseKeyless(note, current, wiring.textFiles.read);
      undoNotes.forget(profile);
    });
  });
  writeStderr(importTakenBack(note));
}

/** What a person reads of it afterwards. */
export function importTakenBack({ keys, records }: KeysNote): readonly string[] {
  const inFiles = records.some(takesKeys) ? 'in plaintext again, and ' : '';
  return [
    `the import is taken back; the keys are ${inFiles}still in the store as keys/${keys}`,
    `to remove them there too: \`rolekeeper forget-keys ${shellWord(keys)}\``,
  ];
}

export function plaintextQuestion(path: string): string {
  return `Write the plaintext keys back into ${path}?`;
}

async function storedKeys(profile: ProfileName, name: ProfileName, wiring: Wiring): Promise<Keys> {
  const store = unopenedIfEmpty(await wiring.openStore({ deadlineMs: storeDeadlineMs, prompts: 'allowed' }));
  try {
    const stored = await loadStoredKeys(name, store);
    if (stored === undefined) throw new AppError('keys-missing', { keys: name, profile });
    return stored;
  } finally {
    await store.close();
  }
}

async function confirmUndo(profile: ProfileName, files: readonly Restored[], wiring: Wiring): Promise<void> {
  const instead = `run \`rolekeeper import ${shellWord(profile)} --undo --yes\``;
  const terminal = await wiring.openTerminal({ command: 'import --undo', instead });
  if (!(await terminal.confirm(plaintextQuestion(files.at(-1)?.path ?? 'the file')))) throw new AppError('declined', {});
}
