// Reads one line from stdin, for the commands that take a secret there. `get` never reads stdin: a caller may hold it open.

import process from 'node:process';
import { AppError } from '../errors.ts';

const patienceMs = 60_000;
const longestLine = 4_096;

/** The first line without its newline; undefined when stdin is empty or closed. Throws `deadline`, and `usage` for an endless line. */
export async function readLine(): Promise<string | undefined> {
  const giveUp = setTimeout(
    () => process.stdin.destroy(new AppError('deadline', { doing: 'waiting for a line on stdin', seconds: patienceMs / 1000 })),
    patienceMs,
  );
  try {
    let text = '';
    for await (const chunk of process.stdin) {
      text += String(chunk);
      if (text.length > longestLine) throw new AppError('usage', { problem: 'the line on stdin is too long' });
      if (text.includes('\n')) break;
    }
    const [line = ''] = text.split(/\r?\n/);
    return line === '' ? undefined : line;
  } finally {
    clearTimeout(giveUp);
  }
}
