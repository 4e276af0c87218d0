// One HTTP exchange with a service on this machine's own link: a second for all of it, few bytes, no proxy, no redirect followed.

import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { AppError, isAppError } from '../errors.ts';
import type { LinkReply, LinkRequest } from '../ports/link.ts';
import { problemWords } from './problem-words.ts';

/** Where there is no such service, nobody shall wait longer. */
const deadlineMs = 1_000;
/** Credentials have about two kilobytes. */
const mostBytes = 64 * 1024;

/** Never throws for what is on the other side; throws the signal's reason, or `interrupted`. */
export function askLink({ url, method, headers, signal }: LinkRequest): Promise<LinkReply> {
  return new Promise((resolve, reject) => {
    const end = (reply: LinkReply) => {
      clearTimeout(giveUp);
      signal?.removeEventListener('abort', interrupt);
      resolve(reply);
      sent.destroy();
    };
    const sent = (url.startsWith('https:') ? overHttps : overHttp)(
      url,
      { method, headers: revealed(headers), agent: false },
      (response) => readReply(response).then(end, (error) => end({ kind: 'problem', problem: problemWords(error) })),
    );
    const giveUp = setTimeout(() => end({ kind: 'problem', problem: 'no answer in 1 s' }), deadlineMs);
    const interrupt = () => {
      clearTimeout(giveUp);
      sent.destroy();
      reject(isAppError(signal?.reason) ? signal.reason : new AppError('interrupted', {}, signal?.reason));
    };
    sent.on('error', (error) => end({ kind: 'problem', problem: linkWords(error) }));
    signal?.addEventListener('abort', interrupt, { once: true });
    if (signal?.aborted === true) interrupt();
    sent.end();
  });
}

async function readReply(response: IncomingMessage): Promise<LinkReply> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > mostBytes) return { kind: 'problem', problem: 'its answer is far too long' };
  }
  return { kind: 'reply', status: response.statusCode ?? 0, body };
}

function revealed(headers: LinkRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.reveal()]),
  );
}

const words: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['EHOSTUNREACH', 'there is no way to it'],
  ['ENETUNREACH', 'there is no way to it'],
  ['EADDRNOTAVAIL', 'there is no way to it'],
  ['ECONNRESET', 'the connection broke'],
]);

function linkWords(error: NodeJS.ErrnoException): string {
  return words.get(error.code ?? '') ?? problemWords(error);
}
