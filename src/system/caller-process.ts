// Which program a process is, for the audit trail. Linux tells by /proc; elsewhere there is only the number.
// Never reads arguments beyond the first: they may hold secrets.

import { readFileSync } from 'node:fs';
import type { AuditCaller } from '../ports/audit.ts';

/**
 * Most SDKs start us by `sh -c`, which may stay in between: then it is who started that shell. `isClaimed` where somebody else says that
 * this is the caller.
 */
export function describeCaller(pid: number | undefined, isClaimed: boolean, proc = '/proc'): AuditCaller {
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return { isClaimed };
  const own = lookAt(pid, proc);
  const parent = own?.isShell === true ? lookAt(own.parentPid, proc) : undefined;
  const [there, found] = parent === undefined || own === undefined ? [pid, own] : [own.parentPid, parent];
  return { pid: there, ...(found === undefined ? {} : { program: found.program }), isClaimed };
}

interface Seen {
  readonly program: string;
  readonly parentPid: number;
  readonly isShell: boolean;
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'busybox']);

/** Undefined for a process that is not there, or not to be seen. */
function lookAt(pid: number, proc: string): Seen | undefined {
  try {
    // `PID (NAME) STATE PPID …`: the name may hold blanks and brackets.
    const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    // Any process may call itself anything.
    const program = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')).replace(/[^ -~]/g, '?');
    const parentPid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { program, parentPid, isShell: shells.has(program) && isOneCommand(pid, proc) };
  } catch {
    return undefined; // no /proc, or the process has ended
  }
}

/** A person's own shell is a caller like any other. */
function isOneCommand(pid: number, proc: string): boolean {
  return readFileSync(`${proc}/${pid}/cmdline`, 'utf8').split('\0')[1] === '-c';
}
