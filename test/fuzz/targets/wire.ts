// Both readers of the agent's wire. What they take is printed again and must be the same; what they refuse stays refused whatever follows.

import {
  acknowledgement,
  encodeAnswer,
  encodeRequest,
  maxAnswerBytes,
  maxRequestBytes,
  readAnswer,
  readRequest,
} from '../../../src/agent/wire.ts';
import { must, pureTarget } from '../target.ts';

export const wireTokens = [
  ...[
    'rolekeeper 1 ',
    '!rolekeeper 1 exit 0 ',
    '!rolekeeper 1 pass not-mine\n',
    'exit ',
    'pass ',
    'version',
    'malformed',
    '!',
    '\n',
    '\0',
    '\0\0',
  ],
  ...[
    'get\0',
    'prompt\0',
    'status\0',
    'unlock\0',
    'dev\0',
    '1767000003800\0',
    '/home/alice\0',
    'HOME=/home/alice\0',
    '=\0',
    '262144',
    '65536',
  ],
];

export const wireTarget = pureTarget({
  name: 'wire',
  tokens: wireTokens,
  endings: ['unfinished', 'request', 'answer', 'refused'],
  check: (input) => {
    const asked = checkRequest(input);
    const answered = checkAnswer(input);
    if (asked === 'request') return asked;
    if (answered === 'answer') return answered;
    return asked === 'more' || answered === 'more' ? 'unfinished' : 'refused';
  },
});

function checkRequest(bytes: Buffer): string {
  const progress = readRequest(bytes);
  if (progress.kind === 'more') {
    const { needsBytes } = progress;
    must(needsBytes > bytes.length && needsBytes <= 64 + maxRequestBytes, 'no more is waited for than can come');
    must(readRequest(bytes.subarray(0, -1)).kind === 'more', 'what is unfinished was so before');
  } else if (progress.kind === 'refused') {
    // Only a newline too few can still be mended, and then the length was wrong.
    must(readRequest(Buffer.concat([bytes, Buffer.from('x')])).kind === 'refused', 'what is refused stays so');
  } else {
    const again = encodeRequest(progress.request);
    must(again !== undefined && sameRequest(again, progress.request), 'a request comes back as it was read');
    must(readRequest(bytes.subarray(0, -1)).kind === 'more', 'a request has no byte too many');
    must(readRequest(Buffer.concat([bytes, Buffer.from('\0')])).kind === 'refused', 'nothing follows a request');
  }
  return progress.kind;
}

function sameRequest(bytes: Buffer, request: unknown): boolean {
  const progress = readRequest(bytes);
  return progress.kind === 'request' && JSON.stringify(progress.request) === JSON.stringify(request);
}

function checkAnswer(bytes: Buffer): string {
  const progress = readAnswer(bytes);
  if (progress.kind === 'answer') {
    const again = Buffer.concat([acknowledgement, encodeAnswer(progress.answer)]);
    must(again.equals(bytes), 'an answer is printed as it was read');
    must(progress.answer.kind === 'pass' || progress.answer.bytes.length <= maxAnswerBytes, 'no answer is too long');
    must(readAnswer(Buffer.concat([bytes, Buffer.from('x')])).kind === 'broken', 'nothing follows an answer');
  } else if (progress.kind === 'broken') {
    must(readAnswer(Buffer.concat([bytes, Buffer.from('\n')])).kind === 'broken', 'what is broken stays so');
  } else {
    must(bytes.length === 0 || readAnswer(bytes.subarray(0, -1)).kind === 'more', 'what is unfinished was so before');
  }
  return progress.kind;
}
