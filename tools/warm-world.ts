// A world in which the build runs one cached `get`, so that V8 compiles all that a cached `get` needs and nothing else: what the state
// knows, and a session bus that answers each question with one item. Its messages are made by the program's own code.

import { createServer, type Server } from 'node:net';
import process from 'node:process';
import { parseProfileName } from '../src/config/names.ts';
import { toCredentialsItem } from '../src/credentials/credentials.ts';
import { Secret } from '../src/credentials/secret.ts';
import { type Codec, sequence, string, variant } from '../src/stores/dbus-codec.ts';
import { decodeBody, decodeMessage, encodeMessage, type Message, messageLength } from '../src/stores/dbus-message.ts';
import {
  contentType,
  getProperty,
  getSecrets,
  openSession,
  searchCollection,
  type WireSecret,
} from '../src/stores/secret-service-api.ts';
import { createClock } from '../src/system/clock.ts';
import { createSilentLog } from '../src/system/log.ts';
import { readMachineName } from '../src/system/machine.ts';
import { createState } from '../src/system/state-file.ts';

/** What the state knows after the first refresh: whose the keys of that name are, and AWS's clock. */
export function writeState(keys: string, userArn: string, stateDirectory: string): void {
  const owner = { uid: process.getuid?.(), home: stateDirectory };
  const place = { base: stateDirectory, machine: readMachineName(), owner, log: createSilentLog() };
  createState(place).rememberPrincipal(parseProfileName(keys), userArn);
  createClock(place).learn(Date.now());
}

/** For one client. Its Secret Service is open, and has credentials for whatever it is asked. */
export function answeringBus(): Server {
  return createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const greeted = received.indexOf(endOfGreeting);
      if (greeted !== -1) {
        socket.write('DATA\r\nOK 0\r\n');
        received = received.subarray(greeted + endOfGreeting.length);
      }
      while (received.length > 0) {
        const length = messageLength(received);
        socket.write(answerTo(decodeMessage(received.subarray(0, length))));
        received = received.subarray(length);
      }
    });
  });
}

const endOfGreeting = 'BEGIN\r\n';
const sessionPath = '/session';

function answerTo(call: Message): Buffer {
  switch (call.member) {
    case 'Hello':
      return returned(call, sequence(string), [':1.1']);
    case getProperty.member:
      return returned(call, sequence(variant), [{ type: 'b', value: false }]);
    case searchCollection.member:
      return returned(call, searchCollection.reply, [[`/${decodeBody(call, searchCollection.args)[0].get('account')}`]]);
    case openSession.member:
      return returned(call, openSession.reply, [{ type: 's', value: '' }, sessionPath]);
    case getSecrets.member:
      return returned(call, getSecrets.reply, [
        new Map(decodeBody(call, getSecrets.args)[0].map((path) => [path, itemSecret(path.slice(1))])),
      ]);
    default:
      throw new Error(`the hot path asks for ${call.member}, which the build knows no answer to`);
  }
}

function returned<T>(call: Message, codec: Codec<T>, body: T): Buffer {
  return encodeMessage({ type: 'return', serial: call.serial, replySerial: call.serial, sender: ':1.2' }, 0, codec, body);
}

/** An account such as `role/ID` makes a good object path, behind a slash. */
function itemSecret(account: string): WireSecret {
  const issuedAt = Date.now();
  const credentials = {
    accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
    secretAccessKey: new Secret('none'),
    sessionToken: new Secret('none'),
    issuedAt,
    expiresAt: issuedAt + 3_600_000,
    accountId: '123456789012',
  };
  return [sessionPath, Buffer.alloc(0), Buffer.from(toCredentialsItem(credentials, account).reveal()), contentType];
}
