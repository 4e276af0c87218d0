// Keeps, in the state directory, what it takes to undo the edits of one profile of one config file. Never holds a secret.
// In the part that machines share: where they share the home, they share the files and often the store.

import { statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { hasWholePath } from '../config/edit-record.ts';
import type { ProfileName } from '../config/names.ts';
import {
  type NoteOwner,
  noteBeneath,
  parseNoteOwner,
  parseUndoNote,
  printUndoNote,
  type UndoNote,
  withPaths,
} from '../config/undo-note.ts';
import { sha256Hex } from '../credentials/digest.ts';
import type { KeptNote, UndoNotes } from '../ports/text-files.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { readKeptText, removeKeptText } from './kept-text.ts';
import { namesIn } from './names-in.ts';
import { writeWholeFile } from './whole-file.ts';

export interface UndoPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
  /** Absolute. */
  readonly configPath: string;
}

/** Names of the files, also of those of older versions. */
export const undoFileName = /^undo-[0-9a-f]{16}\.json$/;

export function createUndoNotes(place: UndoPlace): UndoNotes {
  const { base, owner, configPath } = place;
  const keep = (profile: ProfileName, note: UndoNote) => {
    const { path, oldPath } = pathsOf(profile, place);
    readKept(path, owner.home); // throws for one of a newer version
    ensurePrivateDirectory({ base, below: [], owner });
    writeNote(path, { profile, configPath, note }, owner.home);
    if (readOldNote(oldPath, configPath) !== undefined) removeKeptText(oldPath);
  };
  const read = (profile: ProfileName) => {
    const { path, oldPath } = pathsOf(profile, place);
    return readKept(path, owner.home)?.note ?? readOldNote(oldPath, configPath);
  };
  return {
    read,
    all: (profiles) => newestFirst([...sharedNotes(place), ...oldNotes(profiles, place)], place),
    keptAtMs: (profile) => {
      const { path, oldPath } = pathsOf(profile, place);
      return keptAtMs(path) ?? (readOldNote(oldPath, configPath) && keptAtMs(oldPath));
    },
    keep,
    forget: (profile) => {
      const { path, oldPath } = pathsOf(profile, place);
      if (readOldNote(oldPath, configPath) !== undefined) removeKeptText(oldPath);
      forgetTop(path, owner.home);
    },
  };
}

interface Found {
  readonly path: string;
  readonly profile: ProfileName;
  readonly note: UndoNote;
  readonly configPath: string | undefined;
}

function newestFirst(found: readonly Found[], { configPath, owner: { home } }: UndoPlace): readonly KeptNote[] {
  return found
    .map((one) => ({ ...one, at: keptAtMs(one.path) ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .map(({ path, profile, note, configPath: itsPath }) => {
      const isHere = itsPath === undefined ? isAbout(note, configPath) : itsPath === configPath;
      const otherPath = isHere ? undefined : (itsPath ?? note.records[0]?.path);
      return { profile, note, otherPath, forget: () => forgetTop(path, home) };
    });
}

function sharedNotes({ base, owner }: UndoPlace): readonly Found[] {
  return namesIn(base).flatMap((name) => {
    const path = join(base, name);
    const kept = undoFileName.test(name) ? readKept(path, owner.home) : undefined;
    return kept === undefined ? [] : [{ path, ...kept }];
  });
}

function oldNotes(profiles: readonly ProfileName[], place: UndoPlace): readonly Found[] {
  return [...new Set(profiles)].flatMap((profile) => {
    const path = pathsOf(profile, place).oldPath;
    const note = readNote(path);
    return note === undefined ? [] : [{ path, profile, note, configPath: undefined }];
  });
}

/** `oldPath`: of an older version, for this machine alone, and of whatever config file. */
function pathsOf(
  profile: ProfileName,
  { base, machine, owner, configPath }: UndoPlace,
): { readonly path: string; readonly oldPath: string } {
  const nameOf = (text: string) => `undo-${sha256Hex(text).slice(0, 16)}.json`;
  return {
    path: join(base, nameOf(`${profile}\0${inHome(configPath, owner.home)}`)),
    oldPath: join(base, machine, nameOf(profile)),
  };
}

interface Kept extends NoteOwner {
  readonly note: UndoNote;
}

function readKept(path: string, home: string): Kept | undefined {
  const text = readKeptText(path);
  const note = text === undefined ? undefined : parseUndoNote(text, path);
  const owner = text === undefined ? undefined : parseNoteOwner(text);
  if (note === undefined || owner === undefined) return undefined;
  const out = (one: string) => outOfHome(one, home);
  return { profile: owner.profile, configPath: out(owner.configPath), note: withPaths(note, out) };
}

function writeNote(path: string, { profile, configPath, note }: Kept, home: string): void {
  const into = (one: string) => inHome(one, home);
  writeWholeFile(path, printUndoNote(withPaths(note, into), { profile, configPath: into(configPath) }));
}

// A home that is copied or moved takes its notes along: they are about the files in it, not about those of where it was.
function inHome(path: string, home: string): string {
  return path.startsWith(`${home}${sep}`) ? `~/${path.slice(home.length + 1)}` : path;
}

function outOfHome(path: string, home: string): string {
  return path.startsWith('~/') ? `${home}${sep}${path.slice(2)}` : path;
}

function readNote(path: string): UndoNote | undefined {
  const text = readKeptText(path);
  return text === undefined ? undefined : parseUndoNote(text, path);
}

function readOldNote(path: string, configPath: string): UndoNote | undefined {
  const note = readNote(path);
  return note !== undefined && isAbout(note, configPath) ? note : undefined;
}

/** A relative path may be any file's: whoever undoes it is told so. */
function isAbout({ records }: UndoNote, configPath: string): boolean {
  return records.length === 0 || records.some((record) => record.path === configPath || !hasWholePath(record));
}

function forgetTop(path: string, home: string): void {
  const kept = readKept(path, home);
  const beneath = kept && noteBeneath(kept.note);
  if (kept === undefined || beneath === undefined) removeKeptText(path);
  else writeNote(path, { ...kept, note: beneath }, home);
}

function keptAtMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
