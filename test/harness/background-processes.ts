// What a world's commands have started in the background, an agent above all: it would run on, and make its directories anew.

import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

/** SIGKILL for every process that has this HOME. Other systems than Linux do not tell. */
export function endProcessesOf(home: string): void {
  for (const name of pids()) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
      if (environment.includes(`HOME=${home}`)) process.kill(Number(name), 'SIGKILL');
    } catch {
      // it has ended, or is another user's
    }
  }
}

function pids(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc
  }
}
