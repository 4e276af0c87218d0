// Closes the files that whoever started this process left open in it: a lock held by such a file would be held as long as we live, and the
// reader of such a pipe would never see its end. Linux only; elsewhere nothing is done.

import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** open(2): Node opens all of its own files with this. */
const closeOnExec = 0o2000000;

/** Of the descriptors above stderr those that a program was meant to inherit, but not `kept`. Never throws. */
export function closeInheritedFiles(kept: readonly number[]): void {
  for (const file of descriptors()) {
    if (file <= 2 || kept.includes(file) || !isInheritable(file)) continue;
    try {
      closeSync(file);
    } catch {
      // It was only there while the list was made.
    }
  }
}

function descriptors(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return []; // no /proc
  }
}

function isInheritable(file: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false; // gone already
  }
}
