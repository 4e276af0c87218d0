// The socket that systemd opened for this process, by sd_listen_fds(3).

import type { Place } from '../agent/server.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';

/** Undefined unless the variables are meant for this very process: they are handed on to children that do not take them away. */
export function inheritedSocket({ LISTEN_PID, LISTEN_FDS }: Environment, pid: number): Place | undefined {
  const isOurs = LISTEN_PID === String(pid) && /^[1-9][0-9]{0,8}$/.test(LISTEN_FDS ?? '');
  return isOurs ? { fd: inheritedFile } : undefined;
}

/** The first of them. */
export const inheritedFile = 3;

/** What is to be said when nobody can listen on it: it is closed, a file, or no socket that waits for callers. Other failures stay as they are. */
export function inheritedFailure(error: unknown): unknown {
  const isOfListen = error instanceof Error && 'syscall' in error && error.syscall === 'listen';
  if (!isOfListen) return error;
  const problem = `LISTEN_FDS promises a socket as file ${inheritedFile}, and nobody can listen there`;
  return new AppError(
    'usage',
    { problem, hint: 'unset LISTEN_PID and LISTEN_FDS, or start the agent by its socket unit' },
    error,
  );
}
