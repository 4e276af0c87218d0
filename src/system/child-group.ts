// A child in a group of its own, with all that it starts: ended together, and not left behind when a signal ends this process.

import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { errorCode } from './problem-words.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ChildGroup {
  /** Ends all of it that this user may end. */
  end(): void;
  /** It may live on: what a signal does to this process is no matter of it any more. */
  release(): void;
}

/** For a child that was spawned `detached`. A terminal's Ctrl-C does not reach it there. */
export function holdGroup({ pid }: Pick<ChildProcess, 'pid'>): ChildGroup {
  const release = () => {
    for (const signal of endings) process.off(signal, follow);
  };
  const follow = (signal: NodeJS.Signals) => {
    release();
    killGroup(pid);
    // Whoever else listens has heard it; without anybody it does to us what it was sent for.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, follow);
  return { end: () => killGroup(pid), release };
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
