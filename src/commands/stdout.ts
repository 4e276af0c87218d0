// Writes a whole document to stdout at once, and waits until it is there.

import { writeSync } from 'node:fs';
import { AppError } from '../errors.ts';

/** How long a full pipe is waited for. Its reader has asked for the document, so it is there. */
const patienceMs = 3_000;

/** One write where the pipe takes it whole. Throws `interrupted` when nobody reads any more, `deadline` when a full pipe stays full. */
export function writeStdout(document: string): void {
  const bytes = Buffer.from(document);
  const giveUpAt = performance.now() + patienceMs;
  let written = 0;
  while (written < bytes.length) {
    const count = writeSome(bytes.subarray(written));
    if (count === 0) waitForReader(giveUpAt);
    written += count;
  }
}

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EAGAIN') return 0; // the pipe is non-blocking and full
    if (error.code === 'EPIPE' || error.code === 'EBADF') throw new AppError('interrupted', {}, error);
    throw error;
  }
}

function waitForReader(giveUpAt: number): void {
  if (performance.now() > giveUpAt) throw new AppError('deadline', { doing: 'writing to stdout', seconds: patienceMs / 1000 });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
