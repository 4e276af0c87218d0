// Asks on the terminal that the caller belongs to, whatever became of stdin, stdout and stderr. The echo comes back in any case, also when
// this process is killed: a small shell waits for its end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { ReadStream, WriteStream } from 'node:tty';
import { AppError } from '../errors.ts';
import type { PromptAnswer } from '../ports/person.ts';
import { errorCode } from './problem-words.ts';
import { askHiddenOn } from './terminal.ts';

/** Throws `interrupted` on Ctrl-C. `nobody` without a terminal, and in the background of one. */
export async function askOnTerminal(question: string, signal: AbortSignal): Promise<PromptAnswer> {
  const terminal = openTerminal();
  if (terminal === undefined) return { kind: 'nobody' };
  const restore = await guardEcho();
  const input = new ReadStream(terminal);
  const output = new WriteStream(openSync(path, 'w'));
  try {
    return { kind: 'typed', text: await askHiddenOn({ input, output, signal }, question) };
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw new AppError('interrupted', {}, error);
    if (error instanceof Error && error.name === 'AbortPromptError') return { kind: 'dismissed' };
    throw error;
  } finally {
    input.destroy();
    output.destroy();
    await restore();
  }
}

const path = '/dev/tty';

/** Undefined where there is none, or where reading would stop this process (SIGTTIN). */
function openTerminal(): number | undefined {
  try {
    return isInBackground() ? undefined : openSync(path, 'r+');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined; // ENXIO: no terminal belongs to this process
  }
}

/** proc_pid_stat(5): fields 5 and 8, the process group and that of the terminal's foreground. Elsewhere nobody can tell so cheaply. */
function isInBackground(): boolean {
  if (process.platform !== 'linux') return false;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  return group !== foreground;
}

// TTOU would stop it: by then the terminal may be in somebody else's hands. The last words show the cursor again.
const guard = [
  `trap '' TTOU TTIN INT QUIT TERM HUP`,
  'saved=$(stty -g) && echo ready',
  'cat <&3 >/dev/null',
  `stty "$saved" && printf '\\033[?25h' >&0`,
].join('; ');

/** Returns what brings the echo back, and ends when it is. */
async function guardEcho(): Promise<() => Promise<void>> {
  // Its end of the pipe is closed with this process, however that ends.
  const terminal = openSync(path, 'r+');
  const child = spawn('/bin/sh', ['-c', guard], { stdio: [terminal, 'pipe', 'ignore', 'pipe'] });
  closeSync(terminal);
  const ended = once(child, 'close');
  await Promise.race([child.stdout === null ? ended : once(child.stdout, 'data'), ended]);
  const lifeline = child.stdio[3];
  return async () => {
    lifeline?.destroy();
    await ended;
  };
}
