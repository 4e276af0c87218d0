// Ends a dialog that nobody answers: kindly, so that one on a terminal can tidy up, and for certain a moment later.

import type { ChildProcess } from 'node:child_process';

const tidyMs = 500;

/** When the signal says so, if the child is still there then. */
export function endWith(signal: AbortSignal, child: ChildProcess): void {
  const end = () => {
    child.kill('SIGTERM');
    const certain = setTimeout(() => child.kill('SIGKILL'), tidyMs);
    child.once('exit', () => clearTimeout(certain));
  };
  signal.addEventListener('abort', end, { once: true });
  child.once('exit', () => signal.removeEventListener('abort', end));
  if (signal.aborted) end();
}
