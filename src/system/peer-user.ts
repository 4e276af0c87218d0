// Which user's process is at the other end of a TCP connection within this computer. Linux alone says so, in proc_net(5): /proc/net/tcp.

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

export type PeerUser =
  | { readonly kind: 'user'; readonly uid: number }
  /** It has let go of the connection already, and the system has forgotten whose it was. */
  | { readonly kind: 'gone' }
  /** No such system, or no such view of it. */
  | { readonly kind: 'unknown' };

/** For a connection over IPv4. */
export function peerUser({ localAddress, localPort, remoteAddress, remotePort }: Socket): PeerUser {
  const table = readTable();
  if (table === undefined) return { kind: 'unknown' };
  // The table has a row for each end; the other one's has us as the remote.
  const [theirs, ours] = [endpoint(remoteAddress, remotePort), endpoint(localAddress, localPort)];
  const row = table.map((line) => line.trim().split(/\s+/)).find(([, local, remote]) => local === theirs && remote === ours);
  const [uid, inode] = [Number(row?.[7]), Number(row?.[9])];
  return inode > 0 ? { kind: 'user', uid } : { kind: 'gone' };
}

function readTable(): readonly string[] | undefined {
  try {
    return readFileSync('/proc/net/tcp', 'latin1').split('\n');
  } catch {
    return undefined; // whatever keeps us from reading it: another system, a sandbox
  }
}

/** `0100007F:1F90`: the address as this processor has it in its memory, the port as people write it. */
function endpoint(address = '', port = 0): string {
  const bytes = Buffer.from(address.split('.').map(Number));
  const ordered = endianness() === 'LE' ? bytes.toReversed() : bytes;
  const portDigits = port.toString(16).padStart(4, '0');
  return `${Buffer.from(ordered).toString('hex')}:${portDigits}`.toUpperCase();
}
