// Ordinary AWS files, told from others by three regular expressions over the whole text: a thousand sections then cost a cold `get` less
// than a millisecond, as none is looked at but those it asks for. Pure; what is not ordinary is for aws-config-lines.ts to read or refuse.

import type { SectionLines } from './aws-config-lines.ts';

/**
 * True for a file in which nothing can be wrong and each name has one header, without quotes or odd blanks. It has no `[DEFAULT]`, its
 * sections are short, and each line that begins with `[` is a header.
 */
export function isPlainFile(text: string): boolean {
  preamble.lastIndex = textStart(text);
  preamble.test(text);
  for (let at = preamble.lastIndex; at < text.length; at = plainSections.lastIndex) {
    plainSections.lastIndex = at;
    if (!plainSections.test(text)) return false;
  }
  const headers = text.slice(textStart(text)).match(headerStarts) ?? [];
  return new Set(headers).size === headers.length && !keyTwice.test(text);
}

/** Of a plain file, the section with that header. */
export function findPlainSection(text: string, header: string): SectionLines | undefined {
  if (!plainHeader.test(header)) return undefined;
  const line = `[${header}]`;
  const start = text.startsWith(line, textStart(text)) ? textStart(text) : text.indexOf(`\n${line}`) + 1;
  if (start === 0 && !text.startsWith(line)) return undefined;
  const next = text.indexOf('\n[', start);
  return { header, start, close: start + line.length - 1, end: next === -1 ? text.length : next + 1 };
}

/** Of a plain file, from an offset to its 1-based line, counted from the offset before. Without a loop, which V8 would stop to compile. */
export function plainLineCounter(text: string): (offset: number) => number {
  let last = { offset: 0, line: 1 };
  return (offset) => {
    const [from, to] = [Math.min(offset, last.offset), Math.max(offset, last.offset)];
    const between = text.slice(from, to).split('\n').length - 1;
    last = { offset, line: last.line + Math.sign(offset - last.offset) * between };
    return last.line;
  };
}

const byteOrderMark = 0xfeff;

function textStart(text: string): number {
  return text.charCodeAt(0) === byteOrderMark ? 1 : 0;
}

// Blank lines and comments.
const preamble = /(?:[ \t]*(?:[;#][^\n\r]*)?\r?\n)*/y;

// `[profile default]` has another way to be written, and so has `[profilex a]`, which botocore takes for profile a.
const plainHeader = /^(?:(?!DEFAULT$)[\w.@/+-]+|(?!profile default$)(?:profile|sso-session|services|rolekeeper) [\w.@/+-]+)$/;

// A header as above; then blank lines, comments, and unindented `key = value`, where an empty value may have indented ASCII `key = value`
// below. Each branch is told from the others by its next character, so that matching takes linear time; the limits keep V8's stack low.
const plainSections =
  /(?:(?<![^\n\ufeff])\[(?:(?!DEFAULT\])[\w.@/+-]+|(?!profile default\])(?:profile|sso-session|services|rolekeeper) [\w.@/+-]+)\][ \t]*(?:[;#][^\]\n\r]*)?(?:\r?\n(?:[a-z0-9_]+[ \t]*=[ \t]*(?:[!-~][^\n\r]*|(?:\r?\n[ \t]+[\w.-]+[ \t]*=[ -~\t]*)*)|[ \t]*(?:[;#][^\n\r]*)?)){0,64}){1,50}/y;

const headerStarts = /^\[[^\]\n\r]+\]/gm;

/** Within one section: the lines between do not begin with a header's bracket. */
const keyTwice = /\n([a-z0-9_]+)[ \t]*=(?:[^\n]*\n(?!\[))+?\1[ \t]*=/;
