// What it takes to undo an edit byte for byte, without the secrets that the edit took out of the file. Pure.

import type { Keys } from '../credentials/credentials.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { lineChanges } from './unified-diff.ts';

/** How one file was before, told by what it is now. */
export interface EditRecord {
  readonly path: string;
  /** Of the text after the edit: the record is for that text and no other. */
  readonly sha256: string;
  readonly steps: readonly EditStep[];
}

/** From the start of the text on: keep so many characters, drop so many, put this text in. */
export type EditStep = { readonly keep: number } | { readonly drop: number } | { readonly put: string };

type LongTermKeys = Pick<Keys, 'accessKeyId' | 'secretAccessKey'>;

// No config file holds a NUL (decisions of the parser), so no text of the user's is taken for one of these.
const idMark = '\0access-key-id\0';
const secretMark = '\0secret-access-key\0';

/** The keys are left out of the record; `undoEdit` puts in those that it is given. */
export function recordEdit(
  path: string,
  texts: { readonly before: string; readonly after: string },
  keys: LongTermKeys,
): EditRecord {
  const steps = lineChanges(texts.before, texts.after).map(({ kind, text }): EditStep => {
    if (kind === 'same') return { keep: text.length };
    return kind === 'added' ? { drop: text.length } : { put: withoutKeys(text, keys) };
  });
  return { path, sha256: sha256Hex(texts.after), steps };
}

/** The text before the edit; undefined when this is not the text that the edit made. */
export function undoEdit(after: string, { sha256, steps }: EditRecord, keys: LongTermKeys): string | undefined {
  if (sha256Hex(after) !== sha256) return undefined;
  let at = 0;
  const pieces = steps.map((step) => {
    if ('put' in step) return withKeys(step.put, keys);
    const start = at;
    at += 'keep' in step ? step.keep : step.drop;
    return 'keep' in step ? after.slice(start, at) : '';
  });
  return pieces.join('');
}

/** The records in a parsed file; undefined for anything else. */
export function parseEditRecords(value: unknown): readonly EditRecord[] | undefined {
  return Array.isArray(value) && value.every(isRecord) ? value : undefined;
}

function withoutKeys(text: string, { accessKeyId, secretAccessKey }: LongTermKeys): string {
  return text.replaceAll(secretAccessKey.reveal(), secretMark).replaceAll(accessKeyId, idMark);
}

function withKeys(text: string, { accessKeyId, secretAccessKey }: LongTermKeys): string {
  return text.replaceAll(idMark, () => accessKeyId).replaceAll(secretMark, () => secretAccessKey.reveal());
}

function isRecord(value: unknown): value is EditRecord {
  if (typeof value !== 'object' || value === null || !('path' in value && 'sha256' in value && 'steps' in value)) return false;
  const { path, sha256, steps } = value;
  return typeof path === 'string' && typeof sha256 === 'string' && Array.isArray(steps) && steps.every(isStep);
}

function isStep(value: unknown): value is EditStep {
  if (typeof value !== 'object' || value === null) return false;
  if ('put' in value) return typeof value.put === 'string';
  const count = 'keep' in value ? value.keep : 'drop' in value ? value.drop : undefined;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
}
