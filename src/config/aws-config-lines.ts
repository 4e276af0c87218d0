// Where sections and settings stand in an AWS config file, by the rules of Python's RawConfigParser as botocore uses it.
// Knows offsets and lines, not what a section means. On the hot path: regular expressions wave ordinary sections through, and their
// lines are read only when somebody asks, so that a thousand sections take about two milliseconds in a cold process.

import { AppError } from '../errors.ts';
import { endOfLine, lineCounter, nextLine, skipBlanks, startsComment, strip } from './aws-config-text.ts';
import { readValue } from './aws-config-values.ts';

/** One `key = value` with its continuation lines. Offsets count from the start of the text. */
export interface SettingLines {
  /** Lower case, as RawConfigParser has it. */
  readonly key: string;
  /** 1-based. */
  readonly line: number;
  /** Where its first line starts. */
  readonly start: number;
  /** Of the `=` or `:`. */
  readonly delimiter: number;
  /** Its last line with content. */
  readonly lastLine: number;
  /** Where that line ends, before the newline. */
  readonly end: number;
}

/** One `[header]` with what follows it, down to the next header. */
export interface SectionLines {
  /** What stands between the brackets. */
  readonly header: string;
  /** Where its line starts. */
  readonly start: number;
  /** Of the `]` that ends the header. */
  readonly close: number;
  /** Where the next header's line starts, or the length of the text. */
  readonly end: number;
}

export interface ScannedFile {
  readonly text: string;
  readonly path: string;
  /** All sections but `[DEFAULT]`, in file order; no header comes twice. */
  readonly sections: readonly SectionLines[];
  /** The settings of `[DEFAULT]`, which every section inherits. */
  readonly defaults: ReadonlyMap<string, SettingLines>;
  /** The 1-based line of an offset. */
  readonly lineAt: (offset: number) => number;
}

/**
 * Throws `config-malformed` wherever botocore refuses the file: settings before the first header, lines without a delimiter, empty keys,
 * headers or keys that come twice, indented sub-keys without "=". A BOM is skipped, though botocore trips over it: Windows editors write it.
 */
export function scanLines(text: string, path: string): ScannedFile {
  const scan = newScan(text, path, lineCounter(text));
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length) {
    const plainEnd = plainSectionEnd(text, start);
    if (plainEnd === undefined) {
      const end = nextHeader(text, start);
      takeLines(scan, start, end);
      start = end;
    } else {
      takePlainSection(scan, start, plainEnd);
      start = plainEnd;
    }
  }
  refuseBrokenNesting(scan);
  return scan;
}

/** A section's own settings, without those of `[DEFAULT]`. Reads its lines each time. */
export function readSectionLines(
  { text, path, lineAt }: Omit<ScannedFile, 'sections'>,
  section: SectionLines,
): ReadonlyMap<string, SettingLines> {
  const scan = newScan(text, path, lineAt);
  takeLines(scan, section.start, section.end);
  return scan.section?.settings ?? new Map();
}

interface Scan extends ScannedFile {
  readonly sections: SectionLines[];
  readonly defaults: Map<string, OpenSetting>;
  /** Settings of more than one line, those of `[DEFAULT]` left out. */
  readonly continued: Set<OpenSetting>;
  /** Header → offset. */
  readonly headers: Map<string, number>;
  section?: OpenSection | undefined;
  /** Undefined right after a header: nothing there can be continued. */
  setting?: OpenSetting | undefined;
  /** Of the last header or key: what stands further in continues it. */
  indent: number;
  line: number;
}

interface OpenSetting extends SettingLines {
  lastLine: number;
  end: number;
}

interface OpenSection extends SectionLines {
  end: number;
  readonly settings: Map<string, OpenSetting>;
}

const openBracket = 0x5b;
const defaultHeader = 'DEFAULT';

function newScan(text: string, path: string, lineAt: (offset: number) => number): Scan {
  return { text, path, lineAt, sections: [], defaults: new Map(), continued: new Set(), headers: new Map(), indent: 0, line: 0 };
}

// A header; then blank lines, comments, and unindented `key = value`, where an empty value may have indented ASCII `key = value` below.
// Each branch is told from the others by its next character, so that matching takes linear time.
const plainSection =
  /\[[^\]\n\r]+\][ \t]*(?:[;#][^\]\n\r]*)?(?:\r?\n(?:[a-z0-9_]+[ \t]*=[ \t]*(?:[!-~][^\n\r]*|(?:\r?\n[ \t]+[\w.-]+[ \t]*=[ -~\t]*)*)|[ \t]*(?:[;#][^\n\r]*)?))*/y;
const keyTwice = /\n([a-z0-9_]+)[ \t]*=(?:[^\n]*\n)+?\1[ \t]*=/;
/** To look for a key that comes twice takes quadratic time. */
const plainLength = 4096;

/** The end of a section in which nothing can be wrong; undefined for one that must be read line by line to know. */
function plainSectionEnd(text: string, start: number): number | undefined {
  plainSection.lastIndex = start;
  if (!plainSection.test(text)) return undefined;
  const end = plainSection.lastIndex;
  if (end - start > plainLength || keyTwice.test(text.slice(start, end))) return undefined;
  return end === text.length || isHeader(text, end) ? end : undefined;
}

/**
 * The offset of the next header that stands at the very start of a line, or the length of the text. Such a header continues nothing, so
 * what goes before it and what follows can be read apart.
 */
function nextHeader(text: string, start: number): number {
  for (let newline = text.indexOf('\n[', start); newline !== -1; newline = text.indexOf('\n[', newline + 1)) {
    if (isHeader(text, newline + 1)) return newline + 1;
  }
  return text.length;
}

// A search by indexOf, checked where it hits: one expression for both takes nearly twice as long for a thousand sections with nested settings.
const anyHeader = /(?<=\n)\[[^\n\r]+\]/y;

function isHeader(text: string, start: number): boolean {
  anyHeader.lastIndex = start;
  return anyHeader.test(text);
}

function takePlainSection(scan: Scan, start: number, end: number): void {
  const close = scan.text.indexOf(']', start);
  const header = scan.text.slice(start + 1, close);
  if (header === defaultHeader) takeLines(scan, start, end);
  else {
    claimHeader(scan, header, start);
    scan.sections.push({ header, start, close, end });
  }
}

function takeLines(scan: Scan, from: number, to: number): void {
  const { text } = scan;
  scan.section = undefined;
  scan.line = scan.lineAt(from) - 1;
  for (let start = from; start < to; ) {
    const end = endOfLine(text, start);
    scan.line += 1;
    takeLine(scan, start, end);
    start = nextLine(text, end);
  }
  closeSection(scan, to);
}

function closeSection({ section }: Scan, end: number): void {
  if (section !== undefined) section.end = end;
}

function takeLine(scan: Scan, start: number, end: number): void {
  const { text, setting } = scan;
  const first = skipBlanks(text, start, end);
  if (first === end) return;
  const code = text.charCodeAt(first);
  if (startsComment(code)) return;
  if (setting !== undefined && first - start > scan.indent) {
    continueSetting(scan, setting, end);
    return;
  }
  scan.indent = first - start;
  const close = code === openBracket ? text.lastIndexOf(']', end - 1) : -1;
  if (close > first + 1) openSection(scan, text.slice(first + 1, close), { start, close });
  else openSetting(scan, start, { first, end });
}

function continueSetting(scan: Scan, setting: OpenSetting, end: number): void {
  if (scan.section?.settings !== scan.defaults) scan.continued.add(setting);
  setting.lastLine = scan.line;
  setting.end = end;
}

function openSection(scan: Scan, header: string, { start, close }: { readonly start: number; readonly close: number }): void {
  closeSection(scan, start);
  const isDefault = header === defaultHeader;
  if (!isDefault) claimHeader(scan, header, start);
  const settings = isDefault ? scan.defaults : new Map<string, OpenSetting>();
  scan.section = { header, start, close, end: scan.text.length, settings };
  scan.setting = undefined;
  if (!isDefault) scan.sections.push(scan.section);
}

function claimHeader({ headers, lineAt, path }: Scan, header: string, start: number): void {
  const earlier = headers.get(header);
  if (earlier !== undefined) {
    throw malformed({ path, line: lineAt(start) }, `section [${header}] is already in line ${lineAt(earlier)}`);
  }
  headers.set(header, start);
}

function openSetting(scan: Scan, start: number, { first, end }: { readonly first: number; readonly end: number }): void {
  const { section, line } = scan;
  if (section === undefined) throw malformed(scan, 'it stands before the first [section]');
  const content = scan.text.slice(first, end);
  const equals = content.indexOf('=');
  const colon = (equals === -1 ? content : content.slice(0, equals)).indexOf(':');
  const delimiter = colon === -1 ? equals : colon;
  // The line itself is never quoted: it may be a pasted secret.
  if (delimiter === -1) throw malformed(scan, 'it is neither "key = value" nor "[section]"');
  if (delimiter === 0) throw malformed(scan, 'there is no key before the delimiter');
  const key = strip(content, 0, delimiter).toLowerCase();
  const earlier = section.settings.get(key);
  if (earlier !== undefined) throw malformed(scan, `"${key}" is already in line ${earlier.line} of section [${section.header}]`);
  scan.setting = { key, line, start, delimiter: first + delimiter, lastLine: line, end };
  section.settings.set(key, scan.setting);
}

/** As botocore, which reads sub-keys only of sections it returns: a broken one in `[DEFAULT]` counts once a section inherits it. */
function refuseBrokenNesting(scan: Scan): void {
  const { text, path, sections, defaults, continued } = scan;
  for (const setting of continued) readValue(text, setting, path);
  if (defaults.size === 0) return;
  const own = sections.map((section) => readSectionLines(scan, section));
  for (const [key, setting] of defaults) if (own.some((settings) => !settings.has(key))) readValue(text, setting, path);
}

function malformed({ path, line }: { readonly path: string; readonly line: number }, problem: string): AppError {
  return new AppError('config-malformed', { path, line, problem });
}
