// Ctrl-C, `kill` and a closed terminal as a signal that a command looks at between its steps, instead of its sudden end.

import process from 'node:process';
import { AppError } from '../errors.ts';
import { writeStderr } from './report.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From the first interruption until `work` ends, further ones are not heard: what is being taken back is taken back whole. */
export async function withInterruption<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const stop = () => {
    if (!interruption.signal.aborted) writeStderr(['', 'interrupted: one moment']);
    interruption.abort();
  };
  // A terminal that is gone says so by its signal, on both of its sides, and inside the prompt, where nobody can catch it.
  const lost = (error: Error) => {
    if (!('code' in error && error.code === 'EIO')) throw error;
    stop();
  };
  // Who reads one line of stdin closes it then, which Node tells as an error of this code.
  const failed = (error: Error) => {
    if (!('code' in error && error.code === 'ABORT_ERR')) stop();
  };
  for (const signal of endings) process.on(signal, stop);
  for (const stream of [process.stdin, process.stderr]) stream.on('error', failed);
  process.on('uncaughtException', lost);
  try {
    return await work(interruption.signal);
  } finally {
    for (const signal of endings) process.off(signal, stop);
    for (const stream of [process.stdin, process.stderr]) stream.off('error', failed);
    process.off('uncaughtException', lost);
  }
}

/** Throws `interrupted`. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('interrupted', {});
}

/** For what changes nothing and may be left behind: throws `interrupted` at once. */
export async function unlessInterrupted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  throwIfInterrupted(signal);
  let leave: () => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(new AppError('interrupted', {}));
    signal.addEventListener('abort', leave);
  });
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
