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
}

/** Of the profile's own lines alone, not of the file: undo-pair.ts. */
export interface AdoptNote {
  readonly command: 'adopt';
  readonly records: readonly EditRecord[];
}

const version = 1;

export function printUndoNote(note: UndoNote): string {
  return `${JSON.stringify({ v: version, ...note })}\n`;
}

/** Undefined for what is no note. `what` names it in the error `format-newer`. */
export function parseUndoNote(text: string, what: string): UndoNote | undefined {
  const value = parseJson(text);
  if (!isFields(value)) return undefined;
  const { v, command, keys } = value;
  if (typeof v === 'number' && v > version) throw new AppError('format-newer', { what, version: v });
  const records = parseEditRecords(value['records']);
  if (v !== version || records === undefined) return undefined;
  if (command === 'adopt') return { command, records };
  if (command !== 'import' && command !== 'add') return undefined;
  return typeof keys === 'string' && isProfileName(keys) ? { command, keys, records } : undefined;
}
