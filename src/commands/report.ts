// Tells a person what went wrong: one line what, one line hint, on stderr. Never a stack, never a secret.

import { writeSync } from 'node:fs';
import { type AppError, isAppError } from '../errors.ts';

/** The two lines, without their newline at the end. */
export function reportLines(error: AppError): readonly string[] {
  return [`rolekeeper: ${error.message}`, ...(error.hint === undefined ? [] : [`rolekeeper: hint: ${error.hint}`])];
}

/** All that a person is told at once: with the lines to paste below, a hint where to find them would be in the way. */
export function fullReport(error: AppError): readonly string[] {
  const more = moreLines(error);
  const [problem = '', ...hint] = reportLines(error);
  return more.length === 0 ? [problem, ...hint] : [problem, ...more];
}

/** Lines that only the commands of a person print, such as policies ready to paste. */
export function moreLines(error: AppError): readonly string[] {
  return isAppError(error, 'aws-refused') ? (error.details.more ?? []) : [];
}

/** Writes at once: the process may be about to end. */
export function writeStderr(lines: readonly string[]): void {
  try {
    writeSync(2, lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    // A caller that closed stderr, does not read it, or sends it to a full disk, still gets the exit status.
    if (!isSystemError(error) || !deaf.includes(error.code ?? '')) throw error;
  }
}

const deaf = ['EPIPE', 'EAGAIN', 'EBADF', 'ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
