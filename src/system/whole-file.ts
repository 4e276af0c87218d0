// Files that appear whole: a reader sees the old text or the new one, also after a crash or a power cut.

import { closeSync, constants, fsyncSync, openSync, readdirSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { AppError } from '../errors.ts';
import { problemWords } from './problem-words.ts';

/** For our own directories. Mode 0600. Throws `state-unwritable`, with the promises of `putWholeFile`. */
export function writeWholeFile(path: string, text: string): void {
  try {
    putWholeFile({ path, text, temporaryPrefix: '.tmp-' });
  } catch (error) {
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}

export interface WholeFile {
  readonly path: string;
  readonly text: string | Uint8Array;
  /** Of temporary names in the same directory; everything there that begins so is ours to remove. */
  readonly temporaryPrefix: string;
  /** Gives the new file, open and still under its temporary name, its mode and owner. */
  readonly dress?: (file: number) => void;
  /** The last look before the new file takes the place; may throw. */
  readonly lastLook?: () => void;
}

/**
 * Mode 0600 from the first moment, and to the end unless `dress` changes it. On failure, thrown as it came, the old file is untouched and
 * nothing is left behind. What killed writers left in the directory goes as well, once it is an hour old.
 */
export function putWholeFile({ path, text, temporaryPrefix, dress, lastLook }: WholeFile): void {
  const directory = dirname(path);
  const temporary = join(directory, `${temporaryPrefix}${process.pid}-${Math.random().toString(36).slice(2)}-${basename(path)}`);
  try {
    writeDurably(temporary, text, dress);
    lastLook?.();
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
  syncDirectory(directory);
  sweepLeftovers(path, temporaryPrefix);
}

const leftoverMs = 3_600_000;

// Ages are told by the file system's own times: the file just written is "now".
function sweepLeftovers(justWritten: string, temporaryPrefix: string): void {
  try {
    const directory = dirname(justWritten);
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

function writeDurably(path: string, text: string | Uint8Array, dress: WholeFile['dress']): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeAll(file, typeof text === 'string' ? Buffer.from(text) : text);
    dress?.(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

// A disk that fills up answers the first write with fewer bytes, and only the second with ENOSPC.
function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

// So that the rename itself survives a power cut.
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  try {
    const directory = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  } catch {
    // Some file systems refuse this. The new file is in place all the same: to report a failure now would be wrong.
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The failure before this one is what the caller must hear of; most often there is nothing to remove.
  }
}
