// Takes what a command noted back out of the user's files. Shared by `import --undo`, `add --undo` and `release`.

import { type EditRecord, hasKeys, hasWholePath, isUnedited, type LongTermKeys, takesKeys } from '../config/edit-record.ts';
import type { ProfileName } from '../config/names.ts';
import { changedLine, type Undoing, undoEdit } from '../config/undo-edit.ts';
import { type KeysNote, noteOver, type UndoNote } from '../config/undo-note.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import { AppError } from '../errors.ts';
import type { TextFiles, UndoNotes } from '../ports/text-files.ts';
import { faultPoint } from '../refresh/fault-point.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { writeStdout } from './stdout.ts';

export interface UndoOptions {
  readonly profile: string;
  readonly isDryRun: boolean;
  readonly isYes: boolean;
}

/** One file as it is, and as it is to be. */
export interface Restored {
  readonly path: string;
  readonly after: string;
  readonly before: string;
}

/** Before the files are touched: whatever happens next, there is a way back. */
export function keepNote(profile: ProfileName, note: UndoNote, undoNotes: UndoNotes): void {
  undoNotes.keep(profile, noteOver(note, undoNotes.read(profile)));
}

/** Throws `usage` when this is not what was done last for the profile. */
export function readNote(command: KeysNote['command'], profile: ProfileName, undoNotes: UndoNotes): KeysNote {
  const note = undoNotes.read(profile);
  if (note !== undefined && note.command !== 'adopt' && note.command === command) return note;
  const elsewhere = undoNotes.all([profile]).find((one) => one.profile === profile && one.note.command === command)?.otherPath;
  throw new AppError('usage', {
    problem: `there is no ${command} of "${profile}" to undo`,
    hint: note === undefined ? hintFor(profile, elsewhere) : `run \`${undoCommand(note.command, profile)}\``,
  });
}

function hintFor(profile: ProfileName, elsewhere: string | undefined): string {
  return elsewhere === undefined
    ? `see \`rolekeeper status ${shellWord(profile)}\``
    : `there is one in ${elsewhere}: set AWS_CONFIG_FILE to that`;
}

/** What takes back what was noted. */
export function undoCommand(command: UndoNote['command'], profile: ProfileName): string {
  return command === 'adopt' ? `rolekeeper release ${shellWord(profile)}` : `rolekeeper ${command} ${shellWord(profile)} --undo`;
}

/** Throws `edit-refused` when the command's own lines were changed since, or nothing tells which file it was. */
export function restoredFiles(
  { command, records }: KeysNote,
  undoing: Undoing,
  { textFiles }: { readonly textFiles: Pick<TextFiles, 'read'> },
): readonly Restored[] {
  return records.map(({ path, ...record }: EditRecord) => {
    if (!hasWholePath({ path })) throw lostDirectory(command, path);
    const after = textFiles.read(path) ?? '';
    const before = isUnedited(after, record) ? after : undoEdit(after, { path, ...record }, undoing);
    if (before !== undefined) return { path, after, before };
    const problem = `what the ${command} changed there, or beside it, was changed since the ${command}`;
    throw new AppError('edit-refused', { path, line: changedLine(after, { path, ...record }), problem });
  });
}

function lostDirectory(command: string, path: string): AppError<'edit-refused'> {
  return new AppError('edit-refused', {
    path,
    line: 1,
    problem: `the ${command} noted a relative path, and not the directory that it counts from`,
    hint: 'take what it wrote out of that file by hand; the keys stay in the store',
  });
}

/** Prints what would change, secrets masked. */
export function showRestored(files: readonly Restored[]): void {
  writeStdout(files.map(({ path, after, before }) => unifiedDiff(path, after, before)).join(''));
}

/**
 * Throws `edit-refused` unless each file of which the import took the keys has them, or will have them: only then are they in plaintext again.
 * `textOf`: of the file as it is, or as it is to be.
 */
export function refuseKeyless(
  { records }: KeysNote,
  keys: LongTermKeys | undefined,
  textOf: (path: string) => string | undefined,
): void {
  const isBack = ({ path }: EditRecord) => keys !== undefined && hasKeys(textOf(path) ?? '', keys);
  const without = records.find((record) => takesKeys(record) && !isBack(record));
  if (without === undefined) return;
  throw new AppError('edit-refused', {
    path: without.path,
    line: 1,
    problem: 'taking the import back would not put its keys into it',
    hint: 'they stay in the store, and the way back is kept: make the file as the import left it, then run the command again',
  });
}

/** The text that `writeRestored` leaves in a file. */
export function restoredText(files: readonly Restored[], path: string): string | undefined {
  return files.find((file) => file.path === path)?.before;
}

/** The credentials file, which was changed last, goes first: with the plaintext back, and the recipe still there, everything works. */
export function writeRestored(files: readonly Restored[], { textFiles }: Wiring): void {
  for (const { path, after, before } of [...files].reverse()) {
    if (after === before) continue;
    // A file that was emptied, and then removed, reads as an empty one and is made anew.
    textFiles.replace(path, textFiles.read(path) === undefined ? undefined : after, before);
    faultPoint('file written');
  }
}
