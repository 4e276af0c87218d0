// What a command keeps so that its edits can be undone: its written form. Pure; holds no secret.

import { isFields, parseJson } from '../credentials/json.ts';
import { AppError } from '../errors.ts';
import { type EditRecord, parseEditRecords } from './edit-record.ts';
import { isProfileName, type ProfileName } from './names.ts';

export type UndoNote = KeysNote | AdoptNote;

export interface KeysNote {
  readonly command: 'import' | 'add';
  /** Name of the long-term keys that it put into the store. */
  readonly keys: ProfileName;
  readonly records: readonly EditRecord[];
  readonly earlier?: Earlier;
}

/** Imports of other keys into the same profile, the newest first: nothing else leads those back into their file. None has an `earlier`. */
type Earlier = readonly KeysNote[];

/** Of the profile's own lines alone, not of the file: undo-pair.ts. */
export interface AdoptNote {
  readonly command: 'adopt';
  readonly records: readonly EditRecord[];
  readonly earlier?: Earlier;
}

/** Whose note it is. */
export interface NoteOwner {
  readonly profile: ProfileName;
  readonly configPath: string;
}

const version = 1;

export function printUndoNote(note: UndoNote, owner: NoteOwner): string {
  return `${JSON.stringify({ v: version, ...owner, ...note })}\n`;
}

/** Undefined for what is no note. `what` names it in the error `format-newer`. */
export function parseUndoNote(text: string, what: string): UndoNote | undefined {
  const value = parseJson(text);
  if (!isFields(value)) return undefined;
  const { v, earlier } = value;
  if (typeof v === 'number' && v > version) throw new AppError('format-newer', { what, version: v });
  const note = v === version ? parseNote(value) : undefined;
  if (note === undefined || earlier === undefined) return note;
  const listed: readonly unknown[] = Array.isArray(earlier) ? earlier : [undefined];
  const imports = listed.flatMap((one) => importIn(one) ?? []);
  return imports.length === listed.length ? withImports(note, imports) : undefined;
}

/** Undefined for a note of an older version, which does not say it. */
export function parseNoteOwner(text: string): NoteOwner | undefined {
  const value = parseJson(text);
  if (!isFields(value)) return undefined;
  const { profile, configPath } = value;
  if (typeof profile !== 'string' || typeof configPath !== 'string') return undefined;
  return isProfileName(profile) ? { profile, configPath } : undefined;
}

/** What is to be kept where `before` was: with the way back of keys that `note` does not lead to. */
export function noteOver(note: UndoNote, before: UndoNote | undefined): UndoNote {
  const all = before === undefined ? [] : withEarlier(before);
  const isOther = ({ keys }: KeysNote) => note.command === 'adopt' || note.keys !== keys;
  return withImports(
    note,
    all.flatMap((one) => (one.command === 'import' && isOther(one) ? [one] : [])),
  );
}

/** What is left to undo when this is undone. */
export function noteBeneath({ earlier = [] }: UndoNote): UndoNote | undefined {
  const [first, ...others] = earlier;
  return first && withImports(first, others);
}

/** Each by itself, the newest first. */
export function withEarlier({ earlier = [], ...note }: UndoNote): readonly UndoNote[] {
  return [note, ...earlier];
}

/** With each path that it knows as `change` makes it. */
export function withPaths<Note extends UndoNote>(note: Note, change: (path: string) => string): Note {
  const records = note.records.map((record) => ({ ...record, path: change(record.path) }));
  const earlier = note.earlier?.map((one) => withPaths(one, change));
  return { ...note, records, ...(earlier === undefined ? {} : { earlier }) };
}

function withImports(note: UndoNote, earlier: Earlier): UndoNote {
  return earlier.length === 0 ? note : { ...note, earlier };
}

function importIn(value: unknown): KeysNote | undefined {
  const note = isFields(value) ? parseNote(value) : undefined;
  return note?.command === 'import' ? note : undefined;
}

function parseNote({ command, keys, records: found }: Readonly<Record<string, unknown>>): UndoNote | undefined {
  const records = parseEditRecords(found);
  if (records === undefined) return undefined;
  if (command === 'adopt') return { command, records };
  if (command !== 'import' && command !== 'add') return undefined;
  return typeof keys === 'string' && isProfileName(keys) ? { command, keys, records } : undefined;
}
