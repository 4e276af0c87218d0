// What a command keeps so that its edits can be undone: its written form. Pure; holds no secret.

import { parseJson } from '../credentials/json.ts';
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
  if (typeof value !== 'object' || value === null || !('v' in value)) return undefined;
  if (typeof value.v === 'number' && value.v > version) throw new AppError('format-newer', { what, version: value.v });
  if (!('command' in value && 'records' in value)) return undefined;
  const { command } = value;
  const records = parseEditRecords(value.records);
  if (command === 'adopt') return records === undefined ? undefined : { command, records };
  if ((command !== 'import' && command !== 'add') || !('keys' in value)) return undefined;
  const { keys } = value;
  return typeof keys === 'string' && isProfileName(keys) && records !== undefined ? { command, keys, records } : undefined;
}
