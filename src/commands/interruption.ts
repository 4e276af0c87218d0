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
  const ignore = () => undefined; // a terminal that is gone takes no more questions
  for (const signal of endings) process.on(signal, stop);
  process.stderr.on('error', ignore);
  try {
    return await work(interruption.signal);
  } finally {
    for (const signal of endings) process.off(signal, stop);
    process.stderr.off('error', ignore);
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
