// What an edit changes: for people a unified diff that shows no secret, for undoing the bare lines. The one importer of `diff`. Pure.

import { diffLines, structuredPatch } from 'diff';
import { endOfLine, nextLine } from './aws-config-text.ts';

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

/** Runs of lines, as they are: those that are the same or gone make up `before`, those that are the same or added `after`. */
export interface LineChange {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

export function lineChanges(before: string, after: string): readonly LineChange[] {
  return diffLines(before, after).map(({ added, removed, value }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
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
  return [`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`, ...lines];
}

const secretLine = /^([\s#;\ufeff]*(?:aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token)\s*[=:]).*$/i;

function masked(lines: readonly string[]): readonly string[] {
  let isSecret = false;
  return lines.map((line) => {
    const [whole, key] = secretLine.exec(line) ?? [];
    const isContinued = isSecret && /^\s/.test(line);
    isSecret = whole !== undefined || isContinued;
    if (key !== undefined) return `${key} [secret]`;
    return isContinued && line.trim() !== '' ? '  [secret]' : line;
  });
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
