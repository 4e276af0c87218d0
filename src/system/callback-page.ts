// The page that a browser comes back to after a sign-in: on 127.0.0.1 alone, for one answer, and gone when that was given (RFC 8252, 7.3).
// It sends nobody anywhere, keeps nothing, and says nothing of the answer but how it went.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import process from 'node:process';
import { Secret } from '../credentials/secret.ts';
import { AppError, toAppError } from '../errors.ts';
import type { CallbackAnswer, CallbackPage, CallbackWait } from '../ports/person.ts';
import { type PageText, renderPage } from './callback-page-text.ts';
import { peerUser } from './peer-user.ts';

const path = '/oauth/callback';

export function createCallbackPage(): CallbackPage {
  return { receive };
}

async function receive<T>(wait: CallbackWait<T>): Promise<T> {
  const server = createServer();
  try {
    const host = await listen(server);
    return await answered(server, host, wait);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `127.0.0.1:${address.port}`;
}

function answered<T>(server: Server, host: string, wait: CallbackWait<T>): Promise<T> {
  const redirectUri = `http://${host}${path}`;
  let isTaken = false;
  return new Promise<T>((resolve, reject) => {
    const seconds = Math.round(wait.deadlineMs / 1000);
    const giveUp = setTimeout(() => {
      isTaken = true;
      reject(new AppError('deadline', { doing: `the sign-in to ${wait.where} in the browser`, seconds }));
    }, wait.deadlineMs);
    const take = async (answer: CallbackAnswer, response: ServerResponse) => {
      isTaken = true;
      clearTimeout(giveUp);
      try {
        const result = await wait.finish(answer, redirectUri);
        await send(response, 200, { title: 'Signed in', words: [`You are signed in to ${wait.where}.`, ...goodbye] });
        resolve(result);
      } catch (error) {
        await send(response, 200, { title: 'Not signed in', words: [toAppError(error).message, ...goBack] });
        reject(error);
      }
    };
    server.on('request', (request, response) => {
      const look = lookAt(request, { host, state: wait.state });
      if (look.kind === 'wrong') void send(response, look.status, { title: look.title, words: look.words });
      else if (isTaken)
        void send(response, 410, { title: 'Done already', words: ['This sign-in has had its answer.', ...goBack] });
      else void take(look.answer, response);
    });
    wait.onReady(redirectUri).catch((error: unknown) => {
      clearTimeout(giveUp);
      reject(error);
    });
  });
}

const goodbye = ['You can close this page and go back to the terminal.'];
const goBack = ['Go back to the terminal: it says what to do.'];

type Look =
  | { readonly kind: 'answer'; readonly answer: CallbackAnswer }
  | { readonly kind: 'wrong'; readonly status: number; readonly title: string; readonly words: readonly string[] };

function lookAt(request: IncomingMessage, expected: { readonly host: string; readonly state: string }): Look {
  if (!isOfThisUser(request.socket)) return wrong(403, 'Another user of this computer waits for this answer.');
  // A page elsewhere whose name was made to point here (DNS rebinding) has a name of its own.
  if (request.headers.host !== expected.host) return wrong(421, 'This address is not for that name.');
  // Taken apart by hand: to URL, `//elsewhere/oauth/callback` is this path on another host.
  const [asked, query = ''] = (request.url ?? '').split('?', 2);
  if (asked !== path) return wrong(404, 'There is nothing here.');
  if (request.method !== 'GET') return wrong(405, 'This page is only read.');
  const params = new URLSearchParams(query);
  const one = (name: string) => {
    const [value, ...more] = params.getAll(name);
    return more.length === 0 ? value : undefined;
  };
  if (!isSame(one('state') ?? '', expected.state)) {
    return wrong(400, 'This answer is not for the sign-in that was begun here, so nothing was done with it.');
  }
  const code = one('code');
  const error = one('error');
  if (code !== undefined && code !== '' && error === undefined)
    return { kind: 'answer', answer: { kind: 'code', code: new Secret(code) } };
  const words = one('error_description') ?? 'the page gave no reason';
  return { kind: 'answer', answer: { kind: 'refused', error: (error ?? 'no code').slice(0, 64), words: words.slice(0, 300) } };
}

/** The address that a browser is started with, state and all, is in its arguments, which other users can read. Root may do as it likes. */
function isOfThisUser(socket: Socket): boolean {
  const peer = peerUser(socket);
  return peer.kind === 'unknown' || (peer.kind === 'user' && [0, process.getuid?.()].includes(peer.uid));
}

function wrong(status: number, words: string): Look {
  return { kind: 'wrong', status, title: 'Not signed in', words: [words, ...goBack] };
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Ends when the page has left, or when the tab that wanted it was closed. */
function send(response: ServerResponse, status: number, text: PageText): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  const nonce = randomBytes(16).toString('base64');
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  return new Promise((done) => {
    response.once('close', done);
    response.end(renderPage(text, nonce));
  });
}
