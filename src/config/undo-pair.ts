// Turns a pair back into an ordinary role profile: by the record of its adoption, which gives back every byte, or from what the pair
// says now. Pure.

import { AppError } from '../errors.ts';
import { readSectionLines, type ScannedFile, type SectionLines, type SettingLines, scanLines } from './aws-config-lines.ts';
import { strip } from './aws-config-text.ts';
import { locateIn, moveSettings, removeSection, removeSetting } from './config-edit.ts';
import { checkEdit, contentsOf, readBack } from './config-edit-check.ts';
import { afterLine, newlineBefore, newlineStyle } from './config-edit-text.ts';
import { type EditRecord, recordEdit } from './edit-record.ts';
import type { ProfileName } from './names.ts';
import { ownProfile } from './profile-settings.ts';
import { movedKeys, type PairChange, processKey } from './role-pair.ts';
import { keepsOthers, undoEdit } from './undo-edit.ts';

/** One profile taken off rolekeeper. */
export interface Release {
  readonly text: string;
  /** Every byte of the profile is as it was before the adoption; else it was put together from what the pair says. */
  readonly isExact: boolean;
}

/** Without a record, or where its lines were changed since: as joinPair, with what it throws. */
export function releasePair(
  text: string,
  profile: ProfileName,
  { path, record }: { readonly path: string; readonly record: EditRecord | undefined },
): Release {
  const undone = record === undefined ? undefined : undoPair(text, record, profile);
  return undone === undefined ? { text: joinPair(text, path, profile), isExact: false } : { text: undone, isExact: true };
}

/** Of the profile's own lines: whatever else happens to the file is nothing to it. Throws `edit-refused`, see recordEdit. */
export function recordPair(path: string, { before, after }: PairChange): EditRecord {
  const newline = newlineStyle(after, after.length);
  return recordEdit(path, { before: before === '' ? '' : before + newline, after: after + newline });
}

/** The text without what the adoption did to this profile. Undefined when the lines that it wrote were changed since, or moved apart. */
export function undoPair(text: string, record: EditRecord, profile: ProfileName): string | undefined {
  const scanned = scanLines(text, record.path);
  const isTwin = record.steps.every((step) => 'drop' in step);
  const place = isTwin ? twinPlace(scanned, profile) : pairPlace(scanned, profile);
  if (place === undefined) return undefined;
  const written = text.slice(place.start, place.end);
  const newline = newlineStyle(written, written.length);
  const undone = undoEdit(written + newline, record, { profile });
  if (undone === undefined) return undefined;
  const whole = text.slice(0, place.start) + bare(undone) + text.slice(place.end);
  const isSound =
    keepsOthers({ now: text, undone: whole, path: record.path }, profile) && (isTwin || saysTheSame(scanned, whole, profile));
  return isSound ? whole : undefined;
}

/**
 * An ordinary profile that says what the pair says, settings that only rolekeeper knows included. Throws `edit-refused` for what is no
 * pair with a role, or where both sections say different things.
 */
export function joinPair(text: string, path: string, profile: ProfileName): string {
  const scanned = scanLines(text, path);
  const pair = findPair(scanned, profile);
  refuseOther(scanned, profile, pair);
  const same = sharedSettings(scanned, pair);
  const recipe = { type: 'rolekeeper', name: profile } as const;
  const ordinary = { type: 'profile', name: profile } as const;
  const single = same.reduce((rest, key) => removeSetting(rest, path, recipe, key), text);
  const bareProfile = removeSetting(single, path, ordinary, processKey);
  const joined = withoutHeader(bareProfile, path, profile);
  if (joined !== undefined) return joined;
  const keys = [...pair.recipe.settings.keys()];
  return removeSection(moveSettings(bareProfile, path, recipe, ordinary, keys), path, recipe);
}

/** The ordinary profile has what both sections had, whatever was changed in them since. */
function saysTheSame(scanned: ScannedFile, undone: string, profile: ProfileName): boolean {
  const before = contentsOf(scanned);
  const { ordinary, recipe } = findPair(scanned, profile);
  const had = new Map([...(before.get(ordinary.lines.header) ?? []), ...(before.get(recipe.lines.header) ?? [])]);
  const has = new Map(readBack(undone, scanned.path)?.get(ordinary.lines.header));
  for (const values of [had, has]) values.delete(processKey);
  return had.size === has.size && [...had].every(([key, value]) => has.get(key) === value);
}

interface Place {
  readonly start: number;
  readonly end: number;
}

interface Part {
  readonly lines: SectionLines;
  readonly settings: ReadonlyMap<string, SettingLines>;
}

interface Pair {
  readonly ordinary: Part;
  readonly recipe: Part;
}

function partOf(scanned: ScannedFile, type: 'profile' | 'rolekeeper', name: ProfileName): Part | undefined {
  const { lines } = locateIn(scanned, { type, name });
  return lines === undefined ? undefined : { lines, settings: readSectionLines(scanned, lines) };
}

/** From one header to the last setting under the other, the newline not included; undefined unless they follow each other. */
function pairPlace(scanned: ScannedFile, profile: ProfileName): Place | undefined {
  const ordinary = partOf(scanned, 'profile', profile);
  const recipe = partOf(scanned, 'rolekeeper', profile);
  if (ordinary === undefined || recipe === undefined || ordinary.lines.end !== recipe.lines.start) return undefined;
  return { start: ordinary.lines.start, end: contentEnd(scanned, recipe) };
}

/** With the end of the line above it and the blank line between, as addTwin puts them. */
function twinPlace(scanned: ScannedFile, profile: ProfileName): Place | undefined {
  const twin = partOf(scanned, 'profile', profile);
  if (twin === undefined || partOf(scanned, 'rolekeeper', profile) !== undefined) return undefined;
  const { text } = scanned;
  const blank = twin.lines.start - newlineBefore(text, twin.lines.start).length;
  return { start: blank - newlineBefore(text, blank).length, end: contentEnd(scanned, twin) };
}

function contentEnd({ text }: ScannedFile, { lines, settings }: Part): number {
  const end = afterLine(text, [...settings.values()].at(-1)?.end ?? lines.close);
  return end - newlineBefore(text, end).length;
}

function findPair(scanned: ScannedFile, profile: ProfileName): Pair {
  const ordinary = partOf(scanned, 'profile', profile);
  const recipe = partOf(scanned, 'rolekeeper', profile);
  const { path, lineAt } = scanned;
  if (ordinary !== undefined && recipe !== undefined) return { ordinary, recipe };
  const missing = ordinary === undefined ? `[profile ${profile}]` : `[rolekeeper ${profile}]`;
  const line = lineAt((ordinary ?? recipe)?.lines.start ?? 0);
  throw new AppError('edit-refused', { path, line, problem: `there is no ${missing} to make a pair of` });
}

function refuseOther({ text, path, lineAt }: ScannedFile, profile: ProfileName, { ordinary, recipe }: Pair): void {
  const process = ordinary.settings.get(processKey);
  if (process !== undefined && ownProfile(strip(text, process.delimiter + 1, process.end)) !== profile) {
    const problem = `"${processKey}" of "${profile}" does not run rolekeeper for it`;
    throw new AppError('edit-refused', { path, line: process.line, problem });
  }
  if (recipe.settings.has('role_arn')) return;
  throw new AppError('edit-refused', {
    path,
    line: lineAt(recipe.lines.start),
    problem: `"${profile}" is no role: its keys are in the store, and nothing tells how its files were before`,
    hint: `\`rolekeeper exec ${profile} -- PROGRAM\` still gives its credentials to a program`,
  });
}

/** Settings that both sections have, in the same words. */
function sharedSettings({ text, path }: ScannedFile, { ordinary, recipe }: Pair): readonly string[] {
  const said = ({ delimiter, end }: SettingLines) => strip(text, delimiter + 1, end);
  const both = [...recipe.settings.values()].filter(({ key }) => ordinary.settings.has(key));
  const wrong = [...ordinary.settings.values()].find((setting) => {
    const other = recipe.settings.get(setting.key);
    return other === undefined ? movedKeys.has(setting.key) : said(other) !== said(setting);
  });
  if (wrong === undefined) return both.map(({ key }) => key);
  const problem = `"${wrong.key}" here and [${recipe.lines.header}] would be one profile, and only one of them can count`;
  throw new AppError('edit-refused', { path, line: wrong.line, problem });
}

/** The two sections as one, their lines and comments as they stand; undefined unless one follows the other and that keeps what they say. */
function withoutHeader(text: string, path: string, profile: ProfileName): string | undefined {
  const scanned = scanLines(text, path);
  const { ordinary, recipe } = findPair(scanned, profile);
  if (ordinary.lines.end !== recipe.lines.start) return undefined;
  const meant = contentsOf(scanned);
  meant.set(
    ordinary.lines.header,
    new Map([...(meant.get(ordinary.lines.header) ?? []), ...(meant.get(recipe.lines.header) ?? [])]),
  );
  meant.delete(recipe.lines.header);
  const { start, close } = recipe.lines;
  const above = text.slice(0, start).replace(/(\r\n|\n|\r)[^\S\n\r]*(\r\n|\n|\r)$/, '$1');
  try {
    return checkEdit(above + text.slice(afterLine(text, close)), meant, { path, line: scanned.lineAt(start) });
  } catch (error) {
    if (error instanceof AppError && error.code === 'edit-refused') return undefined; // lines further in would be continuations
    throw error;
  }
}

function bare(lines: string): string {
  return lines.slice(0, lines.length - newlineBefore(lines, lines.length).length);
}
