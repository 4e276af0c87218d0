// Cutting whole lines out of a text and putting others in; every other byte stays. Pure.
// Putting lines in and cutting them out again gives the same bytes, with or without a newline at the end of the text.

import { endOfLine, nextLine, skipBlanks } from './aws-config-text.ts';

/** The lines with their newlines: joined, they are the text. */
export function wholeLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; ) {
    const next = afterLine(text, start);
    lines.push(text.slice(start, next));
    start = next;
  }
  return lines;
}

/** Offset of the line after the one this offset is in, or the length of the text. */
export function afterLine(text: string, offset: number): number {
  return Math.min(nextLine(text, endOfLine(text, offset)), text.length);
}

/** The blanks a line starts with. */
export function indentOf(text: string, lineStart: number): string {
  return text.slice(lineStart, skipBlanks(text, lineStart, endOfLine(text, lineStart)));
}

/**
 * `from` is the start of a line, `to` the start of another or the length of the text. A text without a newline at its end has none
 * afterwards either.
 */
export function cutLines(text: string, from: number, to: number): string {
  const isUnended = newlineBefore(text, to) === '';
  const start = isUnended ? from - newlineBefore(text, from).length : from;
  return text.slice(0, start) + text.slice(to);
}

/** `block` is one or more lines, its last newline optional; `at` is the start of a line or the length of the text. */
export function insertLines(text: string, at: number, block: string): string {
  const isAfterUnended = at > contentStart(text) && newlineBefore(text, at) === '';
  const ending = newlineBefore(block, block.length);
  const newline = newlineStyle(text, at);
  const lines = isAfterUnended ? newline + block.slice(0, block.length - ending.length) : block + (ending === '' ? newline : '');
  return text.slice(0, at) + lines + text.slice(at);
}

/** How the lines before this offset end: as the last of them, or as the first after it, else `\n`. */
export function newlineStyle(text: string, at: number): string {
  const before = Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1));
  if (at > 0 && before !== -1) return newlineBefore(text, before + 1);
  const end = endOfLine(text, at);
  return end === text.length ? '\n' : text.slice(end, nextLine(text, end));
}

/** The newline that ends just before this offset; empty when there is none. */
export function newlineBefore(text: string, offset: number): string {
  const last = text.slice(Math.max(0, offset - 2), offset);
  if (last === '\r\n') return last;
  return last.endsWith('\n') || last.endsWith('\r') ? last.slice(-1) : '';
}

/** Where the text starts after a BOM. */
export function contentStart(text: string): number {
  return text.charCodeAt(0) === 0xfeff ? 1 : 0;
}

/** Start of the line before the one that starts here; undefined for the first. */
export function previousLine(text: string, lineStart: number): number | undefined {
  if (lineStart <= contentStart(text)) return undefined;
  const end = lineStart - newlineBefore(text, lineStart).length;
  const newline = end === 0 ? -1 : Math.max(text.lastIndexOf('\n', end - 1), text.lastIndexOf('\r', end - 1));
  return Math.max(newline + 1, contentStart(text));
}

/** What a line holds, without blanks around it. */
export function lineContent(text: string, lineStart: number): string {
  const end = endOfLine(text, lineStart);
  return text.slice(skipBlanks(text, lineStart, end), end);
}
