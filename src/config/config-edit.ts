// Edits of AWS config files, line by line: every byte that an edit is not about stays. Pure: from a text to a text.
// Each edit is read back; one that would say anything but what was meant is refused with `edit-refused`. A malformed file throws
// `config-malformed`.

import { AppError } from '../errors.ts';
import { configHeader, configSectionName, type SectionType } from './aws-config-header.ts';
import { readSectionLines, type ScannedFile, type SectionLines, type SettingLines, scanLines } from './aws-config-lines.ts';
import { endOfLine, skipBlanks, startsComment, strip } from './aws-config-text.ts';
import { type Contents, checkEdit, contentsOf } from './config-edit-check.ts';
import {
  afterLine,
  contentStart,
  cutLines,
  indentOf,
  insertLines,
  lineContent,
  newlineStyle,
  previousLine,
} from './config-edit-text.ts';

/** A section of ~/.aws/config; `credentials` is one of ~/.aws/credentials, where the header is the plain name. */
export interface SectionName {
  readonly type: SectionType | 'credentials';
  /** Unquoted; empty for `rolekeeper-settings`. */
  readonly name: string;
}

/** What `removeKeysFromCredentials` takes out: all that botocore reads there as one set of keys. */
const secretKeys = ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_security_token'];

/**
 * Takes the access keys out of a profile of ~/.aws/credentials, and its header when neither settings nor comments of its own are left.
 * Without such keys the text comes back as it is. Refuses keys that every profile inherits from `[DEFAULT]`.
 */
export function removeKeysFromCredentials(text: string, path: string, profile: string): string {
  const section: SectionName = { type: 'credentials', name: profile };
  const { scanned, lines } = locate(text, path, section);
  if (lines === undefined) return text;
  const inherited = secretKeys.map((key) => scanned.defaults.get(key)).find((setting) => setting !== undefined);
  if (inherited !== undefined) throw refused(path, inherited.line, `"${inherited.key}" in [DEFAULT] belongs to every profile`);
  const edited = secretKeys.reduce((rest, key) => removeSetting(rest, path, section, key), text);
  return edited === text ? text : removeBareSection(edited, path, section);
}

/**
 * Replaces the value where it stands, or adds a line after the section's last setting, or the section at the end of the file. The value
 * is one line; a setting of several lines is not replaced but refused.
 */
export function setSetting(text: string, path: string, section: SectionName, key: string, value: string): string {
  const { scanned, lines } = locate(text, path, section);
  const setting = lines === undefined ? undefined : readSectionLines(scanned, lines).get(key.toLowerCase());
  if (/[\n\r]/.test(value)) throw refused(path, setting?.line ?? 1, `the new value of "${key}" has several lines`);
  if (lines === undefined || setting === undefined) {
    const block = (indent: string) => `${indent}${key} = ${value}`.trimEnd();
    return addLines(text, path, section, { block, values: new Map([[key, value]]) });
  }
  if (setting.lastLine !== setting.line) throw refused(path, setting.line, `"${setting.key}" has several lines`);
  const start = skipBlanks(text, setting.delimiter + 1, setting.end);
  const old = strip(text, start, setting.end);
  const edited = text.slice(0, start) + value + text.slice(start + old.length);
  const meant = changed(contentsOf(scanned), lines.header, (values) => values.set(setting.key, value));
  return checkEdit(edited, meant, { path, line: setting.line });
}

/** With its continuation lines and sub-keys. Without such a setting the text comes back as it is. */
export function removeSetting(text: string, path: string, section: SectionName, key: string): string {
  const { scanned, lines } = locate(text, path, section);
  const setting = lines === undefined ? undefined : readSectionLines(scanned, lines).get(key.toLowerCase());
  if (lines === undefined || setting === undefined) return text;
  const meant = changed(contentsOf(scanned), lines.header, (values) => values.delete(setting.key));
  return checkEdit(cutLines(text, setting.start, afterLine(text, setting.end)), meant, { path, line: setting.line });
}

/**
 * The header, the settings, the comments between them and one blank line before it. Comments and blank lines after the last setting
 * stay. Without such a section the text comes back as it is.
 */
export function removeSection(text: string, path: string, section: SectionName): string {
  const { scanned, lines } = locate(text, path, section);
  if (lines === undefined) return text;
  const last = lastSetting(readSectionLines(scanned, lines));
  const { start, end } = withBlankLine(text, lines.start, afterLine(text, last?.end ?? lines.close));
  const meant = contentsOf(scanned);
  meant.delete(lines.header);
  return checkEdit(cutLines(text, start, end), meant, { path, line: scanned.lineAt(lines.start) });
}

/** As removeSection, but only a section that has neither settings nor comments of its own; else the text comes back as it is. */
export function removeBareSection(text: string, path: string, section: SectionName): string {
  const { scanned, lines } = locate(text, path, section);
  if (lines === undefined || readSectionLines(scanned, lines).size > 0 || hasComment(text, lines)) return text;
  return removeSection(text, path, section);
}

/** Adds the header at the end of the file, after a blank line, when there is no such section. */
export function ensureSection(text: string, path: string, section: SectionName): string {
  const { scanned, lines } = locate(text, path, section);
  if (lines !== undefined) return text;
  const header = headerOf(section);
  const isFirst = text.length === contentStart(text);
  const block = `${isFirst ? '' : newlineStyle(text, text.length)}[${header}]`;
  const meant = contentsOf(scanned).set(header, new Map());
  return checkEdit(insertLines(text, text.length, block), meant, { path, line: scanned.lineAt(text.length) });
}

/**
 * Moves those of the keys that are there, their lines as they are, sub-keys included, behind the last setting of the other section, which
 * is added when it is missing. Comments stay where they are, but for those inside a moved setting. Refuses a key that the other has already.
 */
export function moveSettings(text: string, path: string, from: SectionName, to: SectionName, keys: readonly string[]): string {
  const { scanned, lines } = locate(text, path, from);
  if (lines === undefined) return text;
  const settings = readSectionLines(scanned, lines);
  const wanted = new Set(keys.map((key) => key.toLowerCase()));
  const moved = [...settings.values()].filter(({ key }) => wanted.has(key));
  if (moved.length === 0) return text;
  refuseTaken(locate(text, path, to), moved);
  const block = moved.map(({ start, end }) => text.slice(start, afterLine(text, end))).join('');
  const values = new Map(moved.map(({ key, delimiter, end }) => [key, strip(text, delimiter + 1, end)]));
  // Adding comes first: a file of two lines has one newline to show how its lines end, and cutting would take it away.
  const added = addLines(text, path, to, { block: () => block, values });
  return moved.reduce((edited, { key }) => removeSetting(edited, path, from, key), added);
}

export interface Located {
  readonly scanned: ScannedFile;
  /** Undefined when there is no such section. */
  readonly lines: SectionLines | undefined;
}

/** Throws `edit-refused` for what a reader could take in two ways: a name with two headers, and a header with text behind it. */
export function locateIn(scanned: ScannedFile, section: SectionName): Located {
  const { text, path } = scanned;
  const [lines, second] = scanned.sections.filter(({ header }) => isNamed(header, section));
  if (lines === undefined) return { scanned, lines };
  if (second !== undefined) {
    const first = `[${lines.header}] in line ${scanned.lineAt(lines.start)}`;
    throw refused(path, scanned.lineAt(second.start), `[${second.header}] means the same section as ${first}`);
  }
  const tail = skipBlanks(text, lines.close + 1, endOfLine(text, lines.close));
  if (tail < endOfLine(text, lines.close) && !startsComment(text.charCodeAt(tail))) {
    throw refused(path, scanned.lineAt(lines.start), `there is text behind [${lines.header}], which AWS ignores`);
  }
  return { scanned, lines };
}

/** For the start of a line: it is a comment. */
export function isCommentLine(text: string, lineStart: number): boolean {
  return startsComment(lineContent(text, lineStart).charCodeAt(0));
}

function locate(text: string, path: string, section: SectionName): Located {
  return locateIn(scanLines(text, path), section);
}

function isNamed(header: string, section: SectionName): boolean {
  if (section.type === 'credentials') return header === section.name;
  const { type, name } = configSectionName(header);
  return type === section.type && name === section.name;
}

function headerOf({ type, name }: SectionName): string {
  return type === 'credentials' ? name : configHeader({ type, name });
}

interface Addition {
  /** Lines of settings; the last newline is optional. `indent` is how far in the section's last setting stands. */
  readonly block: (indent: string) => string;
  /** What they say. */
  readonly values: ReadonlyMap<string, string>;
}

/** Behind the last setting of the section, or the comments below its header. A missing section is added. */
function addLines(text: string, path: string, section: SectionName, { block, values }: Addition): string {
  const prepared = ensureSection(text, path, section);
  const { scanned, lines } = locate(prepared, path, section);
  if (lines === undefined) throw refused(path, scanned.lineAt(prepared.length), 'a section cannot have this name');
  const last = lastSetting(readSectionLines(scanned, lines));
  const at = last === undefined ? ownCommentsEnd(prepared, lines) : afterLine(prepared, last.end);
  const edited = insertLines(prepared, at, block(indentOf(prepared, last?.start ?? lines.start)));
  const meant = changed(contentsOf(scanned), lines.header, (all) => {
    for (const [key, value] of values) all.set(key.toLowerCase(), value);
  });
  return checkEdit(edited, meant, { path, line: scanned.lineAt(lines.start) });
}

function refuseTaken({ scanned, lines }: Located, moved: readonly SettingLines[]): void {
  if (lines === undefined) return;
  const settings = readSectionLines(scanned, lines);
  const taken = moved.map(({ key }) => settings.get(key)).find((setting) => setting !== undefined);
  if (taken !== undefined) throw refused(scanned.path, taken.line, `[${lines.header}] has "${taken.key}" already`);
}

function changed(contents: Contents, header: string, change: (values: Map<string, string>) => void): Contents {
  const values = new Map(contents.get(header));
  change(values);
  return contents.set(header, values);
}

function lastSetting(settings: ReadonlyMap<string, SettingLines>): SettingLines | undefined {
  return [...settings.values()].at(-1);
}

/** Comments of a section without settings: behind its header, right above or right below it. */
function hasComment(text: string, lines: SectionLines): boolean {
  const above = previousLine(text, lines.start);
  if (lineContent(text, lines.close + 1) !== '' || (above !== undefined && isCommentLine(text, above))) return true;
  return ownCommentsEnd(text, lines) > afterLine(text, lines.close);
}

/** Where the comments right below a header end. Those that reach down to the next header are that one's. */
function ownCommentsEnd(text: string, lines: SectionLines): number {
  const start = afterLine(text, lines.close);
  let end = start;
  while (isCommentLine(text, end)) end = afterLine(text, end);
  return end === lines.end && end < text.length ? start : end;
}

/** The lines with one blank line before them; at the start of the text with one after them. */
function withBlankLine(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
  const above = previousLine(text, start);
  if (above !== undefined) return { start: lineContent(text, above) === '' ? above : start, end };
  return { start, end: lineContent(text, end) === '' ? afterLine(text, end) : end };
}

function refused(path: string, line: number, problem: string): AppError {
  return new AppError('edit-refused', { path, line, problem });
}
