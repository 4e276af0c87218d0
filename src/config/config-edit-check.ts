// What a file says, apart from how it is written, so that an edit can prove that it changed this and nothing else. Pure.

import { AppError, isAppError } from '../errors.ts';
import { readSectionLines, type ScannedFile, scanLines } from './aws-config-lines.ts';
import { strip } from './aws-config-text.ts';

/** Header → key → the text of its value, continuation lines included. `[DEFAULT]` stands under an empty header, which no file can have. */
export type Contents = Map<string, Map<string, string>>;

export function contentsOf(scanned: ScannedFile): Contents {
  const { text, sections, defaults } = scanned;
  const valuesOf = (settings: ScannedFile['defaults']) =>
    new Map([...settings].map(([key, { delimiter, end }]) => [key, strip(text, delimiter + 1, end)]));
  return new Map([
    ['', valuesOf(defaults)],
    ...sections.map((section) => [section.header, valuesOf(readSectionLines(scanned, section))] as const),
  ]);
}

/** The edited text, after reading it back. Throws `edit-refused` when it does not say what was meant. */
export function checkEdit(
  edited: string,
  meant: Contents,
  { path, line }: { readonly path: string; readonly line: number },
): string {
  if (!isMeant(edited, meant, path)) {
    throw new AppError('edit-refused', { path, line, problem: 'the lines around it would be read differently afterwards' });
  }
  return edited;
}

/** True for a text that says what was meant, and nothing else. */
export function isMeant(edited: string, meant: Contents, path: string): boolean {
  return isSame(readBack(edited, path), meant);
}

/** Undefined when the edit has made the file malformed. */
export function readBack(edited: string, path: string): Contents | undefined {
  try {
    return contentsOf(scanLines(edited, path));
  } catch (error) {
    if (isAppError(error, 'config-malformed')) return undefined;
    throw error;
  }
}

function isSame(actual: Contents | undefined, meant: Contents): boolean {
  return (
    actual !== undefined &&
    actual.size === meant.size &&
    [...meant].every(([header, values]) => hasSame(actual.get(header), values))
  );
}

function hasSame(actual: ReadonlyMap<string, string> | undefined, meant: ReadonlyMap<string, string>): boolean {
  return actual !== undefined && actual.size === meant.size && [...meant].every(([key, value]) => actual.get(key) === value);
}
