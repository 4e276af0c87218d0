// The edit that turns an ordinary role profile into the pair: `[profile X]` keeps what every SDK reads and gets credential_process,
// `[rolekeeper X]` right behind it gets the recipe. Pure. Lines are moved whole, with the comments above them; none is written anew.

import { AppError } from '../errors.ts';
import { configHeader } from './aws-config-header.ts';
import { readSectionLines, type ScannedFile, type SectionLines, type SettingLines } from './aws-config-lines.ts';
import { skipBlanks, strip } from './aws-config-text.ts';
import { isCommentLine, locateIn } from './config-edit.ts';
import { type Contents, checkEdit, contentsOf } from './config-edit-check.ts';
import { afterLine, indentOf, newlineBefore, newlineStyle, previousLine } from './config-edit-text.ts';
import type { ProfileName } from './names.ts';
import { tagsNames, transitiveTagKeysNames } from './role-settings.ts';

/** What one profile's edit does to the text: a stretch of whole lines, the newline of the last not among them, gives way to another. */
export interface PairChange {
  /** Whose lines are new. */
  readonly profile: ProfileName;
  /** Whose recipe it is: another one for a twin. */
  readonly from: ProfileName;
  /** Offset of `before` in the text. */
  readonly start: number;
  readonly before: string;
  readonly after: string;
  /** Of the profile's header. */
  readonly line: number;
  /** Makes what the file said into what it will say. */
  readonly mean: (contents: Contents) => void;
}

/** Of a role of IAM Identity Center. */
export const portalKeys: readonly string[] = [
  ...['sso_session', 'sso_account_id', 'sso_role_name'],
  ...['sso_start_url', 'sso_region', 'sso_registration_scopes'],
];

/** The settings of a recipe, in AWS's words and in ours: what goes into `[rolekeeper X]`. */
export const movedKeys: ReadonlySet<string> = new Set([
  ...portalKeys,
  ...['role_arn', 'source_profile', 'external_id', 'role_session_name', 'duration_seconds', 'mfa_serial'],
  ...['source_identity', 'policy', 'policy_arns', ...tagsNames, ...transitiveTagKeysNames],
  ...['credential_source', 'web_identity_token_file', 'web_identity_token_process', 'saml_process', 'saml_principal_arn'],
  ...['mfa_process', 'interactive', 'keys', 'session', 'session_duration_seconds'],
]);

export const processKey = 'credential_process';

/** Throws `edit-refused` where there is a recipe section of that name. */
export function refuseTaken(scanned: ScannedFile, profile: ProfileName): void {
  const { lines } = locateIn(scanned, { type: 'rolekeeper', name: profile });
  if (lines === undefined) return;
  const problem = `there is a section [${lines.header}] already`;
  throw new AppError('edit-refused', { path: scanned.path, line: scanned.lineAt(lines.start), problem });
}

/** True for a role of its own, or one of IAM Identity Center. */
export function hasRole(settings: { has(key: string): boolean } | undefined): boolean {
  return settings !== undefined && ['role_arn', 'sso_account_id', 'sso_role_name'].some((key) => settings.has(key));
}

/** `process` is the value of credential_process. The profile has a section with a role, or this throws `edit-refused`. */
export function splitProfile(scanned: ScannedFile, profile: ProfileName, process: string): PairChange {
  refuseTaken(scanned, profile);
  const section = roleSection(scanned, profile);
  const { lines } = section;
  const newline = newlineStyle(scanned.text, afterLine(scanned.text, lines.start));
  const stretch = stretchOf(section);
  const runs = movedRuns(section);
  const kept = keptParts(section, { runs, end: stretch.end });
  const moved = runs.map(({ start, end }) => scanned.text.slice(start, end)).join('');
  const header = configHeader({ type: 'rolekeeper', name: profile });
  const head = ended(kept.head, newline);
  const own = section.settings.get(processKey);
  const processLine = own === undefined ? `${processIndent(section)}${processKey} = ${process}${newline}` : '';
  const gap = ended(kept.gap, newline);
  const separator = /(^|\n|\r(?!\n))[^\S\n\r]*(\r\n|\n|\r)$/.test(gap) ? '' : newline;
  return {
    profile,
    from: profile,
    start: lines.start,
    before: bare(scanned.text.slice(lines.start, stretch.end)),
    after: bare(`${withProcess(head, { section, runs, process })}${processLine}${gap}${separator}[${header}]${newline}${moved}`),
    line: scanned.lineAt(lines.start),
    mean: (contents) => {
      const values = [...(contents.get(lines.header) ?? [])];
      contents.set(lines.header, new Map([...values.filter(([key]) => !movedKeys.has(key)), [processKey, process]]));
      contents.set(header, new Map(values.filter(([key]) => movedKeys.has(key))));
    },
  };
}

/** A second profile behind the first, which stays as it is: with its region, and credential_process. Throws `edit-refused`. */
export function addTwin(
  scanned: ScannedFile,
  profile: ProfileName,
  { twin, process, region }: { readonly twin: ProfileName; readonly process: string; readonly region: string | undefined },
): PairChange {
  const section = roleSection(scanned, profile);
  const { text, path, lineAt } = scanned;
  const header = configHeader({ type: 'profile', name: twin });
  const taken = locateIn(scanned, { type: 'profile', name: twin }).lines;
  if (taken !== undefined) {
    throw new AppError('edit-refused', {
      path,
      line: lineAt(taken.start),
      problem: `there is a profile "${twin}" already`,
      hint: 'choose another suffix',
    });
  }
  const newline = newlineStyle(text, afterLine(text, section.lines.start));
  const indent = processIndent(section);
  const values = new Map([...(region === undefined ? [] : [['region', region] as const]), [processKey, process] as const]);
  const settings = [...values].map(([key, value]) => `${newline}${indent}${key} = ${value}`);
  const last = afterLine(text, [...section.settings.values()].at(-1)?.end ?? section.lines.close);
  const end = commentsEnd(text, { start: last, end: section.lines.end });
  return {
    profile: twin,
    from: profile,
    start: end - newlineBefore(text, end).length,
    before: '',
    after: `${newline}${newline}[${header}]${settings.join('')}`,
    line: lineAt(section.lines.start),
    mean: (contents) => contents.set(header, values),
  };
}

/** The text with all of the changes. Throws `edit-refused` when it would say anything but what is meant. */
export function applyChanges(scanned: ScannedFile, changes: readonly PairChange[]): string {
  const { text, path } = scanned;
  const meant = contentsOf(scanned);
  for (const { mean } of changes) mean(meant);
  const edited = [...changes]
    .sort((a, b) => b.start - a.start)
    .reduce((rest, { start, before, after }) => rest.slice(0, start) + after + rest.slice(start + before.length), text);
  return checkEdit(edited, meant, { path, line: changes[0]?.line ?? 1 });
}

interface RoleSection {
  readonly scanned: ScannedFile;
  readonly lines: SectionLines;
  readonly settings: ReadonlyMap<string, SettingLines>;
}

function roleSection(scanned: ScannedFile, profile: ProfileName): RoleSection {
  const { lines } = locateIn(scanned, { type: 'profile', name: profile });
  const refused = (line: number) =>
    new AppError('edit-refused', { path: scanned.path, line, problem: `"${profile}" has no role_arn there` });
  if (lines === undefined) throw refused(1);
  const settings = readSectionLines(scanned, lines);
  if (!hasRole(settings)) throw refused(scanned.lineAt(lines.start));
  return { scanned, lines, settings };
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** From the header to the last setting. Comments right below a setting that stays are still its own, unless they lead to the next header. */
function stretchOf({ scanned: { text }, lines, settings }: RoleSection): Stretch {
  const last = [...settings.values()].at(-1);
  const end = afterLine(text, last?.end ?? lines.close);
  const isMoved = last !== undefined && movedKeys.has(last.key);
  return { start: lines.start, end: isMoved ? end : commentsEnd(text, { start: end, end: lines.end }) };
}

/** Settings that move, as they stand, each with the comments right above it. What lies between two of them goes along. */
function movedRuns({ scanned: { text }, settings }: RoleSection): readonly Stretch[] {
  const runs: Stretch[] = [];
  let isOpen = false;
  for (const { key, start, end } of settings.values()) {
    const next = afterLine(text, end);
    const isMoved = movedKeys.has(key);
    const run = isMoved && isOpen ? runs.pop() : undefined;
    if (isMoved) runs.push({ start: run?.start ?? commentsStart(text, start), end: next });
    isOpen = isMoved;
  }
  return runs;
}

interface KeptParts {
  /** To the last setting that stays, or the header and the comments below it. */
  readonly head: string;
  /** Comments and blank lines behind that. */
  readonly gap: string;
}

function keptParts(
  { scanned: { text }, lines, settings }: RoleSection,
  { runs, end }: { readonly runs: readonly Stretch[]; readonly end: number },
): KeptParts {
  const last = [...settings.values()].filter(({ key }) => !movedKeys.has(key)).at(-1);
  const next = runs.find(({ start }) => start > (last?.start ?? lines.start));
  const gapEnd = next?.start ?? end;
  const headEnd =
    last === undefined ? commentsEnd(text, { start: afterLine(text, lines.close), end: gapEnd }) : afterLine(text, last.end);
  let [head, at] = ['', lines.start];
  for (const run of runs.filter(({ start }) => start < headEnd)) {
    head += text.slice(at, run.start);
    at = run.end;
  }
  return { head: head + text.slice(at, headEnd), gap: text.slice(headEnd, gapEnd) };
}

/** A line that runs us already gets the program's path of today; `head` is the text from the header on, without the runs. */
function withProcess(
  head: string,
  { section, runs, process }: { readonly section: RoleSection; readonly runs: readonly Stretch[]; readonly process: string },
): string {
  const { scanned, lines, settings } = section;
  const own = settings.get(processKey);
  if (own === undefined) return head;
  const { text, path } = scanned;
  if (own.lastLine !== own.line) {
    throw new AppError('edit-refused', { path, line: own.line, problem: `"${own.key}" has several lines` });
  }
  const removed = runs.filter(({ end }) => end <= own.start).reduce((sum, { start, end }) => sum + end - start, 0);
  const start = skipBlanks(text, own.delimiter + 1, own.end);
  const at = start - lines.start - removed;
  return head.slice(0, at) + process + head.slice(at + strip(text, start, own.end).length);
}

/** As far in as the setting above it, or as those that leave. */
function processIndent({ scanned: { text }, settings }: RoleSection): string {
  const all = [...settings.values()];
  const model = all.filter(({ key }) => !movedKeys.has(key)).at(-1) ?? all[0];
  return model === undefined ? '' : indentOf(text, model.start);
}

/** Of the comments right above a setting: above them is its header, another setting or a blank line. */
function commentsStart(text: string, lineStart: number): number {
  let at = lineStart;
  for (let above = previousLine(text, at); above !== undefined && isCommentLine(text, above); above = previousLine(text, at)) {
    at = above;
  }
  return at;
}

/** Comments that reach down to the end of the section belong to the next header. */
function commentsEnd(text: string, { start, end }: Stretch): number {
  let at = start;
  while (at < end && isCommentLine(text, at)) at = afterLine(text, at);
  return at === end && end < text.length ? start : at;
}

/** No lines at all become a blank one. */
function ended(lines: string, newline: string): string {
  return newlineBefore(lines, lines.length) === '' ? lines + newline : lines;
}

function bare(lines: string): string {
  return lines.slice(0, lines.length - newlineBefore(lines, lines.length).length);
}
