// Takes an edit back out of a file that may have been changed elsewhere since: its own lines go, the lines it took out come back, and
// every other byte stays. Pure.

import { configSectionName } from './aws-config-header.ts';
import { isCommentLine } from './config-edit.ts';
import { readBack } from './config-edit-check.ts';
import { lineContent, newlineBefore, wholeLines } from './config-edit-text.ts';
import { type EditRecord, type EditStep, type LongTermKeys, lineDigest, withKeys } from './edit-record.ts';
import type { ProfileName } from './names.ts';
import { ownProfile } from './profile-settings.ts';
import { lineRuns } from './unified-diff.ts';

export interface Undoing {
  /** For the places of the keys that the edit took out, if it did. */
  readonly keys?: LongTermKeys;
  /** Whose sections the edit was about. */
  readonly profile: ProfileName;
}

/**
 * The text without the edit; the text before it, to the byte, when nothing was changed since. Undefined when what was changed since is
 * the edit's own lines, or so near that taking them out could give other lines another meaning.
 */
export function undoEdit(now: string, record: EditRecord, { keys, profile }: Undoing): string | undefined {
  const { path, steps } = record;
  const lines = withOwnLine(record, wholeLines(now), profile);
  const text = { lines: wholeLines(now), found: findLines(lines, wholeLines(now)) };
  const changes: Change[] = [];
  for (const hunk of hunksOf(steps)) {
    const restored = hunk.restored.map((step) => restoredLine(step, text, keys));
    const place = placeOf(hunk, text) ?? movedPlace(hunk, lines, text);
    if (place === undefined || !restored.every((line) => line !== undefined)) return undefined;
    if (!isFollowedWell(hunk, { place, restored, text })) return undefined;
    changes.push({ place, restored });
  }
  const pieces: string[] = [];
  let at = 0;
  for (const { place, restored } of changes.sort((a, b) => a.place.start - b.place.start)) {
    if (place.start < at) return undefined;
    pieces.push(...text.lines.slice(at, place.start), ...restored);
    at = place.end;
  }
  pieces.push(...text.lines.slice(at));
  const undone = pieces.join('');
  const isUnchanged = text.lines.length === lines.length && lines.every((_digest, index) => text.found[index] === index);
  if (isUnchanged) return undone;
  const isWhole = pieces.slice(0, -1).every((line) => newlineBefore(line, line.length) !== '');
  return isWhole && keepsOthers({ now, undone, path }, profile) ? undone : undefined;
}

/** The first line, counted from 1, that is not as the edit left its own; what `undoEdit` gave up for, or near it. */
export function changedLine(now: string, { lines, steps }: EditRecord): number {
  const text = { lines: wholeLines(now), found: findLines(lines, wholeLines(now)) };
  const hunk = hunksOf(steps).find((one) => placeOf(one, text) === undefined) ?? { start: 0, end: 0 };
  const kept = text.found.slice(hunk.start, hunk.end).findIndex((at, index, all) => at !== (all[0] ?? 0) + index);
  const above = text.found.slice(0, hunk.start + Math.max(kept, 0)).findLast((at) => at !== undefined) ?? -1;
  return Math.max(1, Math.min(above + 2, text.lines.length));
}

/** The edit's lines, where the one that runs us was written anew since: by `doctor --fix`, when the program had moved. */
function withOwnLine({ lines, steps }: EditRecord, now: readonly string[], profile: ProfileName): readonly string[] {
  const known = new Set(lines);
  const rewritten = now.flatMap((line) => {
    const asked = askedProfile(line);
    return asked === undefined || known.has(lineDigest(line)) ? [] : [{ line, asked }];
  });
  const own = rewritten.filter(({ asked }) => asked === profile);
  // The line of a twin, `dev-rk`, asks for the profile that it stands beside.
  const besides = rewritten.filter(({ asked }) => profile.startsWith(`${asked}-`));
  const [one, ...others] = own.length === 0 ? besides : own;
  if (one === undefined || others.length > 0) return lines;
  const there = new Set(now.map(lineDigest));
  const [gone] = hunksOf(steps).flatMap(({ start, end }) =>
    lines.slice(start, end).flatMap((digest, index) => (there.has(digest) ? [] : [start + index])),
  );
  return gone === undefined ? lines : lines.with(gone, lineDigest(one.line));
}

function askedProfile(line: string): ProfileName | undefined {
  const value = /^\s*credential_process\s*[=:](.*)/.exec(line)?.[1];
  return value === undefined ? undefined : ownProfile(value);
}

/** Lines of the edit, by their numbers after it, and what was there instead. */
interface Hunk {
  readonly start: number;
  readonly end: number;
  readonly restored: readonly Restored[];
}

type Restored = Extract<EditStep, { readonly put: string } | { readonly copy: number }>;

interface Text {
  readonly lines: readonly string[];
  /** Where each line after the edit is now; undefined for those that are gone or changed. */
  readonly found: readonly (number | undefined)[];
}

interface Place {
  readonly start: number;
  readonly end: number;
}

interface Change {
  readonly place: Place;
  readonly restored: readonly string[];
}

function findLines(digests: readonly string[], now: readonly string[]): Text['found'] {
  let at = 0;
  return lineRuns(digests, now.map(lineDigest)).flatMap(({ kind, count }) => {
    const start = at;
    if (kind !== 'removed') at += count;
    if (kind === 'added') return [];
    return Array.from({ length: count }, (_none, index) => (kind === 'same' ? start + index : undefined));
  });
}

function hunksOf(steps: readonly EditStep[]): readonly Hunk[] {
  const hunks: Hunk[] = [];
  let open: Hunk | undefined;
  let at = 0;
  for (const step of steps) {
    if ('keep' in step) {
      at += step.keep;
      if (open !== undefined) hunks.push(open);
      open = undefined;
    } else {
      const { start, end, restored }: Hunk = open ?? { start: at, end: at, restored: [] };
      if ('drop' in step) at += step.drop;
      open = 'drop' in step ? { start, end: end + step.drop, restored } : { start, end, restored: [...restored, step] };
    }
  }
  return open === undefined ? hunks : [...hunks, open];
}

function restoredLine(step: Restored, { lines, found }: Text, keys: LongTermKeys | undefined): string | undefined {
  if ('put' in step) return withKeys(step.put, keys);
  return lines[found[step.copy] ?? -1];
}

/** Undefined unless all lines of the hunk are there, with nothing between them. */
function placeOf({ start, end }: Hunk, { found }: Text): Place | undefined {
  const before = start === 0 ? -1 : found[start - 1];
  const first = start < end ? found[start] : before === undefined ? undefined : before + 1;
  if (first === undefined) return undefined;
  const isTogether = found.slice(start, end).every((at, index) => at === first + index);
  return isTogether ? { start: first, end: first + end - start } : undefined;
}

/** Of a section that the edit made, and that somebody moved as a whole. A file that has it twice is malformed. */
function movedPlace({ start, end, restored }: Hunk, digests: readonly string[], { lines }: Text): Place | undefined {
  const isBlank = (digest: string | undefined) => digest === lineDigest('\n') || digest === lineDigest('\r\n');
  const own = digests.slice(start, end);
  const section = own.filter((digest) => !isBlank(digest));
  if (restored.length > 0 || section.length === 0) return undefined;
  const at = lines.findIndex(
    (line, index) => line.startsWith('[') && section.every((digest, below) => lineDigest(lines[index + below] ?? '') === digest),
  );
  if (at === -1) return undefined;
  const above = lines[at - 1];
  const takesBlank = isBlank(own[0]) && above !== undefined && isBlank(lineDigest(above));
  return { start: takesBlank ? at - 1 : at, end: at + section.length };
}

/**
 * What comes behind keeps its meaning: it is what always came there; or the file's end or another section; or, where the hunk neither adds nor
 * takes away a header, a setting that continues no other.
 */
function isFollowedWell(
  hunk: Hunk,
  { place, restored, text }: { readonly place: Place; readonly restored: readonly string[]; readonly text: Text },
): boolean {
  if (text.found[hunk.end] === place.end) return true;
  const next = text.lines.slice(place.end).find((line) => lineContent(line, 0) !== '' && !isCommentLine(line, 0));
  if (next === undefined || next.startsWith('[')) return true;
  const own = [...text.lines.slice(place.start, place.end), ...restored];
  return /^\S/.test(next) && !own.some((line) => line.startsWith('['));
}

/** A line that is there twice may have been taken for its twin: then another profile's section would change. */
function keepsOthers(
  { now, undone, path }: { readonly now: string; readonly undone: string; readonly path: string },
  profile: ProfileName,
): boolean {
  const [before, after] = [readBack(now, path), readBack(undone, path)];
  if (before === undefined || after === undefined) return false;
  const others = [...new Set([...before.keys(), ...after.keys()])].filter((header) => !isOf(profile, header));
  return others.every((header) => {
    const [was, is] = [before.get(header), after.get(header)];
    return (
      was !== undefined && is !== undefined && was.size === is.size && [...was].every(([key, value]) => is.get(key) === value)
    );
  });
}

/** In the credentials file the header is the bare name. */
function isOf(profile: ProfileName, header: string): boolean {
  const { type, name } = configSectionName(header);
  return header === profile || (name === profile && (type === 'profile' || type === 'rolekeeper'));
}
