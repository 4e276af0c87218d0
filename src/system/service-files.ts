// Files in the user's own places that install makes and uninstall removes. They are replaced as the AWS files are: whole, never somebody
// else's, never one that has changed meanwhile.

import { lstatSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { AppError } from '../errors.ts';
import type { ServiceFile, ServiceFiles } from '../ports/service.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { replaceText } from './replace-text.ts';

/** `uid` is the user we write as; without one (Windows) owners are not looked at. */
export function createServiceFiles(uid: number | undefined = process.getuid?.()): ServiceFiles {
  return {
    read,
    write: ({ path, text, encoding }, expected) => replaceText({ path, expected, text: encoded(text, encoding) }, { uid, read }),
    remove: (path, expected) => remove(path, expected),
    removeTrace,
    missingDirectories: (paths) => [...new Set(paths.flatMap((path) => missingAbove(dirname(path))))],
    removeEmptyDirectories: (directories) => [...directories].reverse().forEach(removeIfEmpty),
  };
}

const utf16Mark = '\ufeff';

function encoded(text: string, encoding: ServiceFile['encoding']): string | Uint8Array {
  return encoding === 'utf-8' ? text : Buffer.from(utf16Mark + text, 'utf16le');
}

function read(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    return isUtf16 ? bytes.toString('utf16le').slice(utf16Mark.length) : bytes.toString('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

function remove(path: string, expected: string): void {
  if (read(path) !== expected) {
    throw new AppError('config-unwritable', { path, problem: 'it has just been changed', hint: 'run the command again' });
  }
  unlink(path);
}

function removeTrace(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (stats.isSymbolicLink() || stats.isSocket() || (stats.isFile() && stats.size === 0)) unlink(path);
}

function unlink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return; // gone already, as wanted
    throw new AppError('config-unwritable', { path, problem: problemWords(error) }, error);
  }
}

/** Outer ones first. */
function missingAbove(directory: string): readonly string[] {
  const parent = dirname(directory);
  if (parent === directory || statSync(directory, { throwIfNoEntry: false }) !== undefined) return [];
  return [...missingAbove(parent), directory];
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    // Somebody else's file is in there by now, or it is gone already. ENOTDIR: a link that the user put in its place.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) {
      throw new AppError('config-unwritable', { path: directory, problem: problemWords(error) }, error);
    }
  }
}
