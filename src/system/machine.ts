// Reads what tells this machine from others that share its HOME. Never changes from one start to the next.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { machineName } from './paths.ts';

/** The name of this machine's part of the state directory. */
export function readMachineName(): string {
  return machineName(readMachineId());
}

// A Mac's host name follows the network it is in, and its keychain lies in HOME like the state: one name for all Macs is right.
function readMachineId(): string {
  if (process.platform === 'darwin') return 'darwin';
  return readId('/etc/machine-id') ?? readId('/var/lib/dbus/machine-id') ?? hostname();
}

// Containers often have an empty file, and images before their first boot the word "uninitialized" (machine-id(5)).
function readId(path: string): string | undefined {
  try {
    const id = readFileSync(path, 'latin1').trim();
    return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
  } catch {
    return undefined; // whatever keeps us from reading it (no systemd, a sandbox), the next source will do
  }
}
