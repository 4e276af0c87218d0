// Small files that appear whole: a reader sees the old text or the new one, also after a crash or a power cut.
// For our own directories only; the user's files have rules of their own.

import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readdirSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { AppError } from '../errors.ts';
import { errorCode, problemWords } from './problem-words.ts';

/**
 * Mode 0600 from the first moment. On failure the old file is untouched and nothing is left behind. Throws `state-unwritable`. What
 * killed writers left in the directory goes as well, once it is an hour old.
 */
export function writeWholeFile(path: string, text: string): void {
  const directory = dirname(path);
  const temporary = join(directory, `${temporaryPrefix}${process.pid}-${randomBytes(6).toString('hex')}-${basename(path)}`);
  try {
    writeDurably(temporary, text);
    renameSync(temporary, path);
    syncDirectory(directory);
  } catch (error) {
    removeIfThere(temporary);
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
  sweepLeftovers(directory, path);
}

const temporaryPrefix = '.tmp-';
const leftoverMs = 3_600_000;

// Ages are told by the file system's own times: the file just written is "now".
function sweepLeftovers(directory: string, justWritten: string): void {
  try {
    const leftovers = readdirSync(directory).filter((name) => name.startsWith(temporaryPrefix));
    if (leftovers.length === 0) return;
    const now = statSync(justWritten).mtimeMs;
    for (const path of leftovers.map((name) => join(directory, name))) {
      if (now - statSync(path).mtimeMs > leftoverMs) unlinkSync(path);
    }
  } catch {
    // Whatever hinders the sweep (most likely another writer that swept first): leftovers are small and harm nobody.
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeAll(file, Buffer.from(text));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

// A disk that fills up answers the first write with fewer bytes, and only the second with ENOSPC.
function writeAll(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

// The rename itself must survive a power cut too. Some systems refuse to sync a directory; the file is whole all the same.
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } catch (error) {
    if (errorCode(error) !== 'EINVAL' && errorCode(error) !== 'ENOTSUP') throw error;
  } finally {
    closeSync(directory);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The failure before this one is what the caller must hear of; most often there is nothing to remove.
  }
}
