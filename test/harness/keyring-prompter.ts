// A desktop that shows the keyring's dialog and whose owner is away: owns the name of gnome-keyring's prompter on a bus, says yes to
// every request for a dialog, and never answers it.

import { connect } from 'node:net';
import { type Codec, sequence, string, uint32 } from '../../src/stores/dbus-codec.ts';
import { encodeMessage, type Message, type MessageHeader } from '../../src/stores/dbus-message.ts';
import { readPeer } from './keyring-peer.ts';

export interface DeafPrompter {
  /** How many dialogs were asked for. */
  count(): number;
  stop(): void;
}

export function startDeafPrompter(busPath: string): Promise<DeafPrompter> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: busPath });
    socket.once('error', reject);
    let [serial, count] = [0, 0];
    const send = <A>(header: Omit<MessageHeader, 'serial'>, codec: Codec<A>, body: A) => {
      serial += 1;
      socket.write(encodeMessage({ ...header, serial }, 0, codec, body));
    };
    const name = 'org.freedesktop.DBus';
    const bus = { type: 'call', path: '/org/freedesktop/DBus', interface: name, destination: name } as const;
    socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
    send({ ...bus, member: 'Hello' }, sequence(), []);
    send({ ...bus, member: 'RequestName' }, sequence(string, uint32), ['org.gnome.keyring.SystemPrompter', 4]);
    const hear = (message: Message) => {
      const isNamed = message.type === 'return' && message.replySerial === 2;
      if (isNamed) resolve({ count: () => count, stop: () => socket.destroy() });
      if (message.type !== 'call') return;
      if (message.member === 'BeginPrompting') count += 1;
      send({ type: 'return', replySerial: message.serial, destination: message.sender }, sequence(), []);
    };
    readPeer(socket, { line: (line) => line.startsWith('OK '), message: hear });
  });
}
