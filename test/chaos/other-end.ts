// Which process has the other end of a connection on the loopback interface? Asks /proc, as ss(8) does.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

/** A process of this user; undefined when it has ended already. */
export function otherEndOf({ remotePort, localPort }: Socket): number | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined;
  const inode = inodeOf(remotePort, localPort);
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  return processes().find((pid) => linksOf(pid).includes(link));
}

/** Of the socket whose own port is `local`. */
function inodeOf(local: number, remote: number): string | undefined {
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(portText(local)) && fields[2]?.endsWith(portText(remote))) return fields[9];
  }
  return undefined;
}

function portText(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The youngest first: callers are. */
function processes(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .sort((a, b) => b - a);
}

function linksOf(pid: number): readonly string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((name) => linkAt(`${directory}/${name}`));
  } catch {
    return []; // it has ended, or is somebody else's
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
