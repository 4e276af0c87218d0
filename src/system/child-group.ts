// A child in a group of its own, with all that it starts: ended together, and not left behind when a signal ends this process.

import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { errorCode } from './problem-words.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ChildGroup<C extends ChildProcess = ChildProcess> {
  readonly child: C;
  /** Ends all of it that this user may end. */
  end(): void;
  /** It may live on: what a signal does to this process is no matter of it any more. */
  release(): void;
}

/** `begin` spawns it `detached`: a terminal's Ctrl-C does not reach it there. A signal that comes meanwhile is heard when it has begun. */
export function holdGroup<C extends ChildProcess>(begin: () => C): ChildGroup<C> {
  let child: C | undefined;
  const release = () => {
    for (const signal of endings) process.off(signal, follow);
  };
  const follow = (signal: NodeJS.Signals) => {
    release();
    killGroup(child?.pid);
    // Whoever else listens has heard it; without anybody it does to us what it was sent for.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, follow);
  try {
    const begun = begin();
    child = begun;
    return { child: begun, end: () => killGroup(begun.pid), release };
  } catch (error) {
    release();
    throw error;
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return; // it never began
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it has just ended by itself. EPERM: it became another user's, as `sudo` does.
    if (!['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}
