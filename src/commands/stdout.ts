// Writes a whole document to stdout at once, and waits until it is there.

import { fstatSync, writeSync } from 'node:fs';
import process from 'node:process';
import { AppError } from '../errors.ts';

/** How long a full pipe is waited for. Its reader has asked for the document, so it is there. */
const patienceMs = 3_000;

/**
 * One write where the pipe takes it whole. On a terminal the last line is ended, so that the prompt does not stick to it. Throws
 * `interrupted` when nobody reads any more, `deadline` when a full pipe stays full, `stdout-unwritable` for what else the system refuses.
 */
export function writeStdout(document: string | Buffer): void {
  const bytes = typeof document === 'string' ? Buffer.from(document) : document;
  writeBytes(bytes);
  const newline = 0x0a;
  if (bytes.length > 0 && bytes.at(-1) !== newline && isTerminal()) writeStdout('\n');
}

/** The same of bytes that are no document: nothing is added on a terminal. */
export function writeBytes(bytes: Buffer): void {
  const giveUpAt = performance.now() + patienceMs;
  let written = 0;
  while (written < bytes.length) {
    const count = writeSome(bytes.subarray(written));
    if (count === 0) waitForReader(giveUpAt);
    written += count;
  }
}

/** Costs callers, whose stdout is a pipe, no more than one call: the module for terminals is not loaded for them. */
function isTerminal(): boolean {
  return fstatSync(1).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(1);
}

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EAGAIN') return 0; // the pipe is non-blocking and full
    if (error.code === 'EPIPE' || error.code === 'EBADF') throw new AppError('interrupted', {}, error);
    throw new AppError('stdout-unwritable', { problem: problems.get(String(error.code)) ?? String(error.code) }, error);
  }
}

const problems: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file size limit is reached'],
  ['EIO', 'the terminal or the disk is gone (EIO)'],
]);

function waitForReader(giveUpAt: number): void {
  if (performance.now() > giveUpAt) throw new AppError('deadline', { doing: 'writing to stdout', seconds: patienceMs / 1000 });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
