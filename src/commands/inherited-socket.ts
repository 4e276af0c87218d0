// The socket that systemd opened for this process, by sd_listen_fds(3).

import type { Place } from '../agent/server.ts';
import type { Environment } from '../ports/environment.ts';

/** Undefined unless the variables are meant for this very process: they are handed on to children that do not take them away. */
export function inheritedSocket({ LISTEN_PID, LISTEN_FDS }: Environment, pid: number): Place | undefined {
  const isOurs = LISTEN_PID === String(pid) && /^[1-9][0-9]{0,8}$/.test(LISTEN_FDS ?? '');
  return isOurs ? { fd: inheritedFile } : undefined;
}

/** The first of them. */
export const inheritedFile = 3;
