// Takes an edit back out of a file that may have been changed elsewhere since: its own lines go, the lines it took out come back, and
// every other byte stays. Pure.

import { configSectionName } from './aws-config-header.ts';
import { readBack } from './config-edit-check.ts';
import { wholeLines } from './config-edit-text.ts';
import { type EditRecord, type EditStep, type LongTermKeys, lineDigest, withKeys } from './edit-record.ts';
import type { ProfileName } from './names.ts';
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
export function undoEdit(now: string, { path, lines, steps }: EditRecord, { keys, profile }: Undoing): string | undefined {
  const text = { lines: wholeLines(now), found: findLines(lines, wholeLines(now)) };
  const pieces: string[] = [];
  let at = 0;
  for (const hunk of hunksOf(steps)) {
    const restored = hunk.restored.map((step) => restoredLine(step, text, keys));
    const place = placeOf(hunk, text);
    if (place === undefined || place.start < at || !restored.every((line) => line !== undefined)) return undefined;
    if (!isFollowedWell(hunk, { place, restored, text })) return undefined;
    pieces.push(...text.lines.slice(at, place.start), ...restored);
    at = place.end;
  }
  pieces.push(...text.lines.slice(at));
  const undone = pieces.join('');
  const isUnchanged = text.lines.length === lines.length && lines.every((_digest, index) => text.found[index] === index);
  if (isUnchanged) return undone;
  const isWhole = pieces.slice(0, -1).every((line) => /[\n\r]$/.test(line));
  return isWhole && keepsOthers({ now, undone, path }, profile) ? undone : undefined;
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
  const at = found[step.copy];
  return at === undefined ? undefined : lines[at];
}

/** Undefined unless all lines of the hunk are there, with nothing between them. */
function placeOf({ start, end }: Hunk, { found }: Text): Place | undefined {
  const before = start === 0 ? -1 : found[start - 1];
  const first = start < end ? found[start] : before === undefined ? undefined : before + 1;
  if (first === undefined) return undefined;
  const isTogether = found.slice(start, end).every((at, index) => at === first + index);
  return isTogether ? { start: first, end: first + end - start } : undefined;
}

/**
 * What comes behind keeps its meaning: it is what always came there; or the file's end or another section; or, where the hunk neither adds nor
 * takes away a header, a setting that continues no other.
 */
function isFollowedWell(
  hunk: Hunk,
  { place, restored, text }: { readonly place: Place; readonly restored: readonly (string | undefined)[]; readonly text: Text },
): boolean {
  const isSame = hunk.end === text.found.length ? place.end === text.lines.length : text.found[hunk.end] === place.end;
  if (isSame) return true;
  const next = text.lines.slice(place.end).find((line) => !/^\s*([#;].*\s*)?$/.test(line));
  if (next === undefined || next.startsWith('[')) return true;
  const own = [...text.lines.slice(place.start, place.end), ...restored];
  return /^\S/.test(next) && !own.some((line) => line?.startsWith('['));
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
