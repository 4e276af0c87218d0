// The user's two files, and what it takes to undo what was done to them. Types only.

import type { ProfileName } from '../config/names.ts';
import type { UndoNote } from '../config/undo-note.ts';

/** Text files of the user: read whole, replaced whole. */
export interface TextFiles {
  /** Undefined when there is no such file. Throws `config-unreadable`. A BOM stays in the text. */
  read(path: string): string | undefined;
  /** True where both names lead to one file that is there, by whatever links, or are the same. */
  isOneFile(path: string, other: string): boolean;
  /**
   * Atomic: temporary name in the same directory, flush, rename over the link's target; keeps mode and owner, new files are 0600.
   * Throws `config-unwritable` and `foreign-owner`; the old file is then untouched. A hard link cannot be kept: see `refuseHardLink`.
   * `expected` is the text the edit was made from (undefined: no file): if the file has changed meanwhile, throws `config-unwritable` and writes
   * nothing.
   */
  replace(path: string, expected: string | undefined, text: string): void;
  /** Throws `config-unwritable` for a file that has another name: that would keep the old text, and the keys in it. */
  refuseHardLink(path: string): void;
  /** A file that a command of ours has made, with the promises of `replace`; a link that led nowhere before leads nowhere again. */
  remove(path: string, expected: string): void;
}

/** Directories that were not there at first. */
export interface NewPlaces {
  /** With what is ours in them; keys and ways back that another command left there stay. Throws `state-unwritable`. */
  remove(): void;
}

/** What it takes to undo what was last done for a profile of this config file, on whatever machine that shares it. */
export interface UndoNotes {
  /** Undefined when there is nothing to undo. Throws `config-unreadable`, `format-newer`. */
  read(profile: ProfileName): UndoNote | undefined;
  /**
   * Those of other config files as well, the newest first. `profiles`: names to look for among the notes of older versions, which say of
   * neither the profile nor the file whose they are. Throws as `read` does.
   */
  all(profiles: readonly ProfileName[]): readonly KeptNote[];
  /** When it was kept, by the clock of the file system: only for saying which of two came later. Undefined when there is none. */
  keptAtMs(profile: ProfileName): number | undefined;
  /** In the place of the one before it: see `noteOver`. Throws `state-unwritable`, `foreign-owner`, and `format-newer`: such a note is not replaced. */
  keep(profile: ProfileName, note: UndoNote): void;
  /** The one beneath it, if there is one, comes to the top. */
  forget(profile: ProfileName): void;
}

export interface KeptNote {
  readonly profile: ProfileName;
  readonly note: UndoNote;
  /** Undefined for this config file. */
  readonly otherPath: string | undefined;
  readonly forget: () => void;
}
