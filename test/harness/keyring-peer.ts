// The receiving half of a D-Bus peer for tests: greeting lines first, then whole messages.

import type { Socket } from 'node:net';
import { decodeMessage, fixedHeaderBytes, type Message, messageLength } from '../../src/stores/dbus-message.ts';

export interface PeerEvents {
  /** True when messages follow this line. */
  line(line: string): boolean;
  message(message: Message): void;
}

export function readPeer(socket: Socket, events: PeerEvents): void {
  let rest = Buffer.alloc(0);
  let isGreeted = false;
  const takeLine = () => {
    const end = rest.indexOf('\r\n');
    if (end === -1) return false;
    const line = rest.toString('latin1', 0, end);
    rest = rest.subarray(end + 2);
    isGreeted = events.line(line.replace(/^\0/, ''));
    return true;
  };
  const takeMessage = () => {
    if (rest.length < fixedHeaderBytes || rest.length < messageLength(rest)) return false;
    const message = decodeMessage(rest.subarray(0, messageLength(rest)));
    rest = rest.subarray(messageLength(rest));
    events.message(message);
    return true;
  };
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    let hasMore = true;
    while (hasMore) hasMore = isGreeted ? takeMessage() : takeLine();
  });
}
