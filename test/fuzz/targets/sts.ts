// The replies of STS. The first line of an input says what is asked, how the reply comes, and with which status; `raw` replies have their own
// head of HTTP. It ends in whole credentials or in one of the failures that are documented, in time.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { parseMfaCode } from '../../../src/credentials/mfa-code.ts';
import { AppError } from '../../../src/errors.ts';
import { createSts } from '../../../src/system/sts.ts';
import { alice, callBy, learningClock, openRole } from '../../harness/sts-world.ts';
import { must, type OpenTarget, type Target } from '../target.ts';
import { checkContract } from './items.ts';

const xml = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';

export const stsTarget: Target = {
  name: 'sts',
  tokens: [
    ...[
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 403 Forbidden\r\n',
      'HTTP/1.1 503 x\r\n',
      'HTTP/1.1 301 Moved\r\nLocation: http://evil.example/\r\n',
    ],
    ...[
      'Content-Length: 10\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n',
      'Content-Encoding: gzip\r\n',
      '\r\n\r\n',
    ],
    ...[
      `<AssumeRoleResponse ${xml}>`,
      '</AssumeRoleResponse>',
      `<ErrorResponse ${xml}><Error>`,
      '</Error></ErrorResponse>',
      '<Code>Throttling</Code>',
    ],
    ...[
      '<Credentials>',
      '</Credentials>',
      '<Expiration>2099-01-02T03:04:05Z</Expiration>',
      '<Expiration>soon</Expiration>',
      '<SessionToken/>',
    ],
    ...[
      '<Message>\u001b[31mred</Message>',
      '<![CDATA[x]]>',
      '<!DOCTYPE a [<!ENTITY b "c">]>',
      '&lt;',
      '&b;',
      '&#0;',
      '&#x110000;',
      '<__proto__>',
      '<a b="c"/>',
    ],
    ...[
      'role whole 200\n',
      'role parts 403\n',
      'session whole 200\n',
      'identity whole 200\n',
      'role raw\n',
      '<constructor>',
      '<toString>x</toString>',
    ],
  ],
  endings: ['credentials', 'identity', 'refused', 'no reply', 'too late'],
  open: openServer,
};

const deadlineMs = 2_000;

async function openServer(): Promise<OpenTarget> {
  let reply: Buffer = Buffer.alloc(0);
  let manner = 'whole';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // a client that has had enough
    socket.once('data', () => void say(socket, reply, manner));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  must(typeof address === 'object' && address !== null, 'the server has a port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    check: async (input) => {
      const end = Math.max(0, input.indexOf('\n'));
      const [asked = '', how = '', status = ''] = input.toString('latin1', 0, end).split(' ');
      const body = input.subarray(end + 1);
      reply = how === 'raw' ? body : Buffer.concat([headOf(status), body]);
      manner = how;
      const startedAt = performance.now();
      const ending = await ask(asked, url);
      must(performance.now() - startedAt < 3 * deadlineMs, 'a call ends soon after its deadline');
      return ending;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function headOf(status: string): Buffer {
  const code = /^[2-5]\d\d$/.test(status) ? status : '200';
  return Buffer.from(`HTTP/1.1 ${code} x\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n`);
}

async function say(socket: Socket, reply: Buffer, manner: string): Promise<void> {
  if (manner === 'slow') {
    for (let at = 0; !socket.destroyed; at++) {
      socket.write(reply.subarray(at % reply.length, (at % reply.length) + 1));
      await pause(50);
    }
    return;
  }
  const middle = manner === 'parts' ? Math.floor(reply.length / 2) : 0;
  socket.write(reply.subarray(0, middle));
  if (middle > 0) await pause(1);
  socket.end(reply.subarray(middle));
}

const role = { roleArn: openRole.arn, roleSessionName: 'alice', durationSeconds: 3600 };

async function ask(asked: string, url: string): Promise<string> {
  const sts = createSts({ clock: learningClock(), deadlineMs: asked === 'late' ? 100 : deadlineMs });
  const call = callBy(alice, url);
  const mfa = { serial: 'arn:aws:iam::123456789012:mfa/alice', code: parseMfaCode('123456') };
  try {
    if (asked === 'identity') {
      const { arn, accountId } = await sts.getCallerIdentity(call);
      must(arn !== '' && accountId !== '', 'an identity has a name');
      return 'identity';
    }
    const credentials =
      asked === 'session' ? await sts.getSessionToken({ durationSeconds: 900, mfa }, call) : await sts.assumeRole(role, call);
    checkContract(credentials);
    return 'credentials';
  } catch (error) {
    return judge(error);
  }
}

function judge(error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  const words = `${error.message} ${error.hint ?? ''}`;
  must(/^[^\p{Cc}\u202e]{10,1500}$/u.test(words), 'a failure is printable and short');
  must(!words.includes(alice.secretAccessKey), 'a failure holds no secret');
  switch (error.code) {
    case 'aws-refused':
    case 'mfa-refused':
    case 'login-needed':
      return 'refused';
    case 'network':
      return 'no reply';
    case 'deadline':
      return 'too late';
    default:
      throw error;
  }
}
