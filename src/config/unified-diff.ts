// What an edit changes: for people a unified diff that shows no secret, for undoing the bare lines. The one importer of `diff`. Pure.

import { diffArrays, structuredPatch } from 'diff';
import { endOfLine, nextLine } from './aws-config-text.ts';
import { masked } from './secret-lines.ts';

/**
 * The usual three lines of context; empty when nothing changes. Values of access keys and session tokens are `[secret]`, in comments too,
 * and so are the lines that continue them.
 */
export function unifiedDiff(path: string, before: string, after: string): string {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const { hunks } = structuredPatch(path, path, asText(before, old), asText(after, fresh), undefined, undefined, { context: 3 });
  if (hunks.length === 0) return '';
  const shown = { old: masked(old), fresh: masked(fresh) };
  return `${[`--- ${path}`, `+++ ${path}`, ...hunks.flatMap((hunk) => hunkLines(hunk, shown))].join('\n')}\n`;
}

/** So many lines in a row: those that are the same or removed make up `before`, those that are the same or added `after`. */
export interface LineRun {
  readonly kind: 'same' | 'added' | 'removed';
  readonly count: number;
}

export function lineRuns(before: readonly string[], after: readonly string[]): readonly LineRun[] {
  return diffArrays([...before], [...after]).map(({ added, removed, count }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    count,
  }));
}

type Hunk = ReturnType<typeof structuredPatch>['hunks'][number];

interface Shown {
  readonly old: readonly string[];
  readonly fresh: readonly string[];
}

/** The hunk with its lines taken from the masked texts, by number: a masked line never passes through the comparison. */
function hunkLines(hunk: Hunk, { old, fresh }: Shown): readonly string[] {
  let [oldAt, freshAt] = [hunk.oldStart - 1, hunk.newStart - 1];
  const lines = hunk.lines.map((line) => {
    const mark = line.charAt(0);
    if (mark === '\\') return line;
    const shown = mark === '+' ? fresh[freshAt] : old[oldAt];
    if (mark !== '+') oldAt += 1;
    if (mark !== '-') freshAt += 1;
    return `${mark}${shown ?? ''}`;
  });
  return [`@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`, ...lines];
}

/** As diff has it, no lines are counted from the one above them. */
function range(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`;
}

function linesOf(text: string): readonly string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = endOfLine(text, start);
    lines.push(text.slice(start, end));
    start = nextLine(text, end);
  }
  return lines;
}

/** With one kind of newline: the files' own kind is kept by every edit, and `diff` does not know a lone `\r`. */
function asText(text: string, lines: readonly string[]): string {
  return lines.join('\n') + (/[\n\r]$/.test(text) ? '\n' : '');
}
