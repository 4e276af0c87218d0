// What it takes to undo an edit, without any secret: neither those that the edit took out of the file nor those of other profiles. Pure.

import { isAbsolute } from 'node:path';
import type { Keys } from '../credentials/credentials.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { isFields } from '../credentials/json.ts';
import { AppError } from '../errors.ts';
import { wholeLines } from './config-edit-text.ts';
import { secretPrefixes } from './secret-lines.ts';
import { lineRuns } from './unified-diff.ts';

/** How one file was before, told by what it is after the edit. */
export interface EditRecord {
  readonly path: string;
  /** SHA-256 of the text before the edit: a command that was interrupted may have left the file so. */
  readonly before: string;
  /** A digest of each line after the edit: enough to find them again, and no use to who wants to read them. */
  readonly lines: readonly string[];
  readonly steps: readonly EditStep[];
}

/** From the first line on: keep so many, drop so many, put this line in, or put in a copy of the line with this number after the edit. */
export type EditStep =
  | { readonly keep: number }
  | { readonly drop: number }
  | { readonly put: string }
  | { readonly copy: number };

export type LongTermKeys = Pick<Keys, 'accessKeyId' | 'secretAccessKey'>;

// No config file holds a NUL (decisions of the parser), so no text of the user's is taken for one of these.
const idMark = '\0access-key-id\0';
const secretMark = '\0secret-access-key\0';

/**
 * The keys, if the edit moves some, are left out of the record; an undo puts in those that it is given. Throws `edit-refused` when the edit takes another secret
 * out of the file: nobody would have it then.
 */
export function recordEdit(
  path: string,
  texts: { readonly before: string; readonly after: string },
  keys?: LongTermKeys,
): EditRecord {
  const [old, fresh] = [wholeLines(texts.before), wholeLines(texts.after)];
  const prefixes = secretPrefixes(old);
  let at = 0;
  const steps = lineRuns(old, fresh).flatMap(({ kind, count }): readonly EditStep[] => {
    if (kind === 'added') return [{ drop: count }];
    const start = at;
    at += count;
    if (kind === 'same') return [{ keep: count }];
    return old.slice(start, at).map((line, index) => {
      const put = keys === undefined ? line : withoutKeys(line, keys);
      const prefix = prefixes[start + index];
      const isSecret = prefix !== undefined && hasValue(put.slice(prefix.length));
      return isSecret ? copyOf(line, fresh, { path, line: start + index + 1 }) : { put };
    });
  });
  return { path, before: sha256Hex(texts.before), lines: fresh.map(lineDigest), steps };
}

/** True where the edit has not reached the file yet, or was taken back already. */
export function isUnedited(now: string, { before }: Pick<EditRecord, 'before'>): boolean {
  return sha256Hex(now) === before;
}

/** False for a path that an older version noted as it was given: nothing tells the directory that it counts from. */
export function hasWholePath({ path }: Pick<EditRecord, 'path'>): boolean {
  return isAbsolute(path);
}

/** True where taking the edit back puts the keys into the file again; not for an edit that left them there. */
export function takesKeys({ steps }: EditRecord): boolean {
  return steps.some((step) => 'put' in step && step.put.includes(secretMark));
}

/** True of a file that has these keys in plaintext. */
export function hasKeys(text: string, { accessKeyId, secretAccessKey }: LongTermKeys): boolean {
  return text.includes(accessKeyId) && text.includes(secretAccessKey.reveal());
}

/** Half of a SHA-256 is more than enough for the lines of one file. */
export function lineDigest(line: string): string {
  return sha256Hex(line).slice(0, 32);
}

/** Undefined when the line had keys and there are none to put in. */
export function withKeys(text: string, keys: LongTermKeys | undefined): string | undefined {
  if (keys === undefined) return text.includes(idMark) || text.includes(secretMark) ? undefined : text;
  const { accessKeyId, secretAccessKey } = keys;
  return text.replaceAll(idMark, () => accessKeyId).replaceAll(secretMark, () => secretAccessKey.reveal());
}

/** The records in a parsed file; undefined for anything else. */
export function parseEditRecords(value: unknown): readonly EditRecord[] | undefined {
  return Array.isArray(value) && value.every(isRecord) ? value : undefined;
}

/** Another profile's secret is still in the file when the comparison takes its lines for moved ones. */
function copyOf(line: string, fresh: readonly string[], place: { readonly path: string; readonly line: number }): EditStep {
  const copy = fresh.indexOf(line);
  if (copy === -1)
    throw new AppError('edit-refused', {
      ...place,
      problem: 'this secret is none of the keys that are moved, and would be lost',
      hint: 'keep one pair of keys in the profile: move the other to a profile of its own, or delete it',
    });
  return { copy };
}

function withoutKeys(text: string, { accessKeyId, secretAccessKey }: LongTermKeys): string {
  return text.replaceAll(secretAccessKey.reveal(), secretMark).replaceAll(accessKeyId, idMark);
}

function hasValue(text: string): boolean {
  return text.replaceAll(idMark, '').replaceAll(secretMark, '').trim() !== '';
}

function isRecord(value: unknown): value is EditRecord {
  if (!isFields(value)) return false;
  const { path, before, lines, steps } = value;
  if (typeof path !== 'string' || typeof before !== 'string' || !Array.isArray(lines) || !Array.isArray(steps)) return false;
  return lines.every((line) => typeof line === 'string') && steps.every(isStep);
}

function isStep(value: unknown): value is EditStep {
  if (!isFields(value)) return false;
  const { put, keep, drop, copy } = value;
  if (put !== undefined) return typeof put === 'string';
  const count = keep ?? drop ?? copy;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0;
}
