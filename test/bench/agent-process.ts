// What the kernel counts of a running process: its memory, and the processor time that it has used. Linux only.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Memory {
  readonly rssMb: number;
  /** Pages that other processes share count in part: the truer sum over many. */
  readonly pssMb: number;
  /** Not shared with anybody. */
  readonly privateMb: number;
  readonly peakRssMb: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return {
    rssMb: megabytes(rollup, 'Rss'),
    pssMb: megabytes(rollup, 'Pss'),
    privateMb: megabytes(rollup, 'Private_Clean') + megabytes(rollup, 'Private_Dirty'),
    peakRssMb: megabytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM'),
  };
}

/** User and system time of all threads, in steps of a clock tick: 10 ms. */
export function cpuMsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): the name may hold blanks and brackets, so the fields are counted from its end; utime is the 14th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksASecond();
}

function ticksASecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}

function megabytes(text: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return Number(kilobytes) / 1024;
}
