// Turns a pair back into an ordinary role profile: by the record of its adoption, which gives back every byte, or from what the pair
// says now. Pure.

import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { readSectionLines, type ScannedFile, type SectionLines, type SettingLines, scanLines } from './aws-config-lines.ts';
import { strip } from './aws-config-text.ts';
import { locateIn, moveSettings, removeSection, removeSetting } from './config-edit.ts';
import { type Contents, contentsOf, isMeant, readBack } from './config-edit-check.ts';
import { afterLine, lineContent, newlineBefore, newlineStyle, previousLine } from './config-edit-text.ts';
import { type EditRecord, recordEdit } from './edit-record.ts';
import type { ProfileName } from './names.ts';
import { ownProfile } from './profile-settings.ts';
import { hasRole, movedKeys, type PairChange, processKey } from './role-pair.ts';
import { undoEdit } from './undo-edit.ts';

/** What `adopt` noted of a profile. */
export interface AdoptedPair {
  readonly profile: ProfileName;
  readonly record: EditRecord;
}

export interface UndonePairs {
  readonly text: string;
  /** Every byte of these is as it was. Of the others the lines were changed since, or moved apart; they are left as they are. */
  readonly undone: readonly ProfileName[];
}

/** Of the profile's own lines: whatever else happens to the file is nothing to it. Throws `edit-refused`, see recordEdit. */
export function recordPair(path: string, { before, after }: PairChange): EditRecord {
  const newline = newlineStyle(after, after.length);
  return recordEdit(path, { before: before === '' ? '' : before + newline, after: after + newline });
}

/** The text without what the adoptions did. All at once, so that a thousand take no longer than a few. */
export function undoPairs(text: string, path: string, pairs: readonly AdoptedPair[]): UndonePairs {
  const scanned = scanLines(text, path);
  const undos = pairs.flatMap((pair) => undoOf(scanned, pair) ?? []);
  const whole = applied(scanned, undos);
  if (whole !== undefined) return { text: whole, undone: undos.map(({ profile }) => profile) };
  const [first, ...others] = pairs;
  if (first === undefined) return { text, undone: [] };
  const alone = undoOne(text, path, first);
  const rest = undoPairs(alone ?? text, path, others);
  return alone === undefined ? rest : { ...rest, undone: [first.profile, ...rest.undone] };
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

interface PairUndo extends Place {
  readonly profile: ProfileName;
  readonly restored: string;
  /** Makes what the file says into what it will say. */
  readonly mean: (contents: Contents) => void;
}

function undoOne(text: string, path: string, pair: AdoptedPair): string | undefined {
  const scanned = scanLines(text, path);
  const undo = undoOf(scanned, pair);
  return undo === undefined ? undefined : applied(scanned, [undo]);
}

/** Undefined where that would make the file say anything but what it should. */
function applied(scanned: ScannedFile, undos: readonly PairUndo[]): string | undefined {
  const { text, path } = scanned;
  const meant = contentsOf(scanned);
  for (const { mean } of undos) mean(meant);
  const edited = [...undos]
    .sort((a, b) => b.start - a.start)
    .reduce((rest, { start, end, restored }) => rest.slice(0, start) + restored + rest.slice(end), text);
  return checked(edited, meant, path);
}

function undoOf(scanned: ScannedFile, { profile, record }: AdoptedPair): PairUndo | undefined {
  const isAdded = record.steps.every((step) => 'drop' in step);
  const place = isAdded ? addedPlace(scanned, profile) : pairPlace(scanned, profile);
  if (place === undefined) return undefined;
  const written = scanned.text.slice(place.start, place.end);
  const undone = undoEdit(written + newlineStyle(written, written.length), record, { profile });
  if (undone === undefined) return undefined;
  const mean = isAdded ? meanNothing(scanned, profile) : meanOne(scanned, profile, undone);
  return mean === undefined ? undefined : { ...place, profile, restored: bare(undone), mean };
}

function meanNothing(scanned: ScannedFile, profile: ProfileName): PairUndo['mean'] {
  const parts = (['profile', 'rolekeeper'] as const).flatMap((type) => partOf(scanned, type, profile) ?? []);
  return (contents) => {
    for (const { lines } of parts) contents.delete(lines.header);
  };
}

/** The ordinary profile has what both sections had, whatever was changed in them since; undefined where these lines say otherwise. */
function meanOne(scanned: ScannedFile, profile: ProfileName, undone: string): PairUndo['mean'] | undefined {
  const { ordinary, recipe } = findPair(scanned, profile);
  const restored = readBack(undone, scanned.path)?.get(ordinary.lines.header);
  if (restored === undefined) return undefined;
  const said = [...saidBy(scanned, ordinary), ...saidBy(scanned, recipe)];
  const had = new Map(said.filter(([key]) => key !== processKey));
  const has = [...restored].filter(([key]) => key !== processKey);
  const isSame = has.length === had.size && has.every(([key, value]) => had.get(key) === value);
  if (!isSame) return undefined;
  return (contents) => {
    contents.set(ordinary.lines.header, restored);
    contents.delete(recipe.lines.header);
  };
}

function saidBy(scanned: ScannedFile, { settings }: Part): readonly (readonly [string, string])[] {
  return [...settings.values()].map((setting) => [setting.key, valueIn(scanned, setting)] as const);
}

function valueIn({ text }: ScannedFile, { delimiter, end }: SettingLines): string {
  return strip(text, delimiter + 1, end);
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

/** With the end of the line above and the blank line between, as addTwin and addPortalPair put a profile where there was none. */
function addedPlace(scanned: ScannedFile, profile: ProfileName): Place | undefined {
  const added = partOf(scanned, 'profile', profile);
  if (added === undefined) return undefined;
  const hasRecipe = partOf(scanned, 'rolekeeper', profile) !== undefined;
  const end = hasRecipe ? pairPlace(scanned, profile)?.end : contentEnd(scanned, added);
  if (end === undefined) return undefined;
  const { text } = scanned;
  const blank = added.lines.start - newlineBefore(text, added.lines.start).length;
  return { start: blank - newlineBefore(text, blank).length, end };
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
  if (hasRole(recipe.settings)) return;
  throw new AppError('edit-refused', {
    path,
    line: lineAt(recipe.lines.start),
    problem: `"${profile}" is no role: its keys are in the store, and nothing tells how its files were before`,
    hint: `\`rolekeeper exec ${shellWord(profile)} -- PROGRAM\` still gives its credentials to a program`,
  });
}

/** Settings that both sections have, in the same words. */
function sharedSettings(scanned: ScannedFile, { ordinary, recipe }: Pair): readonly string[] {
  const { path } = scanned;
  const said = (setting: SettingLines) => valueIn(scanned, setting);
  const both = [...recipe.settings.values()].filter(({ key }) => ordinary.settings.has(key));
  const wrong = [...ordinary.settings.values()].find((setting) => {
    const other = recipe.settings.get(setting.key);
    return other === undefined ? movedKeys.has(setting.key) : said(other) !== said(setting);
  });
  if (wrong === undefined) return both.map(({ key }) => key);
  const problem = `"${wrong.key}" here and [${recipe.lines.header}] would be one profile, and only one of them can count`;
  throw new AppError('edit-refused', { path, line: wrong.line, problem });
}

/** The two sections as one, their lines and comments as they stand; undefined unless one follows the other, so that this keeps what they say. */
function withoutHeader(text: string, path: string, profile: ProfileName): string | undefined {
  const scanned = scanLines(text, path);
  const { ordinary, recipe } = findPair(scanned, profile);
  const meant = contentsOf(scanned);
  meant.set(ordinary.lines.header, new Map([...saidBy(scanned, ordinary), ...saidBy(scanned, recipe)]));
  meant.delete(recipe.lines.header);
  const { start, close } = recipe.lines;
  const above = previousLine(text, start) ?? start;
  const end = lineContent(text, above) === '' ? above : start;
  return checked(text.slice(0, end) + text.slice(afterLine(text, close)), meant, path);
}

/** Undefined where the edited text would be read in another way: lines further in than those above them continue those. */
function checked(edited: string, meant: Contents, path: string): string | undefined {
  return isMeant(edited, meant, path) ? edited : undefined;
}

function bare(lines: string): string {
  return lines.slice(0, lines.length - newlineBefore(lines, lines.length).length);
}
