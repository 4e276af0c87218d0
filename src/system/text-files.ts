// The user's text files behind their port. Reading is on the way of every `get`.

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { AppError } from '../errors.ts';
import type { TextFiles } from '../ports/text-files.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { refuseHardLink, removeText, replaceText } from './replace-text.ts';

/** `uid` is the user we write as; without one (Windows) owners are not looked at. */
export function createTextFiles(uid: number | undefined = process.getuid?.()): TextFiles {
  return {
    read: readText,
    isOneFile: (path, other) => path === other || (identityOf(path) ?? path) === identityOf(other),
    replace: (path, expected, text) => replaceText({ path, expected, text }, { uid, read: readText }),
    refuseHardLink: (path) => refuseHardLink(path, statSync(path, { throwIfNoEntry: false })),
    remove: (path, expected) => removeText({ path, expected }, { uid, read: readText }),
  };
}

function readText(path: string): string | undefined {
  try {
    return decode(readFile(path), path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error instanceof AppError ? error : new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino}`;
}

// A pipe without a writer would hold up a `get` for ever; botocore passes over it, and we say so.
function readFile(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (stats.isFile()) return readFileSync(file);
    if (stats.isCharacterDevice()) return Buffer.alloc(0); // /dev/null is how people switch a file off
    throw new AppError('config-unreadable', { path, problem: 'it is not a file' });
  } finally {
    closeSync(file);
  }
}

// Decoding leniently would turn a foreign byte into U+FFFD, and an edit would then write that back.
function decode(bytes: Buffer, path: string): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new AppError('config-unreadable', { path, problem: `line ${firstForeignLine(bytes)} is not UTF-8 text` });
}

function firstForeignLine(bytes: Buffer): number {
  const newline = 0x0a;
  let [line, start] = [1, 0];
  for (let end = bytes.indexOf(newline); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(newline, start)) {
    start = end + 1;
    line += 1;
  }
  return line;
}
