// In which order things are undone: what is noted of an import or an add fits best the file that it left, so the newest goes first.

import type { ProfileName } from '../config/names.ts';
import type { KeysNote } from '../config/undo-note.ts';
import type { UndoNotes } from '../ports/text-files.ts';

export interface Imported {
  readonly profile: ProfileName;
  readonly note: KeysNote;
}

/** Pairs that follow each other are undone at once. */
export type UndoGroup =
  | { readonly kind: 'pairs'; readonly profiles: readonly ProfileName[] }
  | ({ readonly kind: 'import' } & Imported);

export function newestFirst(profiles: readonly ProfileName[], undoNotes: UndoNotes): readonly UndoGroup[] {
  const groups: UndoGroup[] = [];
  for (const profile of byAge(profiles, undoNotes)) {
    const imported = importOf(profile, undoNotes);
    const last = groups.at(-1);
    if (imported !== undefined) groups.push({ kind: 'import', ...imported });
    else if (last?.kind === 'pairs') groups.splice(-1, 1, { kind: 'pairs', profiles: [...last.profiles, profile] });
    else groups.push({ kind: 'pairs', profiles: [profile] });
  }
  return groups;
}

/** The one that was noted last comes first; those without a note, whose lines nothing waits for, come last. */
export function byAge(profiles: readonly ProfileName[], { keptAtMs }: UndoNotes): readonly ProfileName[] {
  return profiles
    .map((profile) => ({ profile, at: keptAtMs(profile) ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .map(({ profile }) => profile);
}

export function importOf(profile: ProfileName, undoNotes: UndoNotes): Imported | undefined {
  const note = undoNotes.read(profile);
  return note?.command === 'import' ? { profile, note } : undefined;
}
