// The page that a browser comes back to, in a real Chromium and by hand.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { CallbackAnswer, CallbackWait } from '../../src/ports/person.ts';
import { createCallbackPage } from '../../src/system/callback-page.ts';
import { type Chromium, startChromium, type Tab } from '../harness/chromium.ts';

const isRoot = process.getuid?.() === 0;
const state = 'the-state-of-this-sign-in';

interface Begun {
  readonly redirectUri: string;
  readonly answers: readonly CallbackAnswer[];
  readonly ended: Promise<string>;
  /** The exchange of the code ends. */
  finish(error?: AppError): void;
}

async function begin(more: Partial<CallbackWait<string>> = {}): Promise<Begun> {
  const answers: CallbackAnswer[] = [];
  const finishing = new AbortController();
  const { signal } = finishing;
  let ended = Promise.resolve('');
  const redirectUri = await new Promise<string>((ready) => {
    ended = createCallbackPage().receive<string>({
      state,
      where: '"corp" (https://corp.awsapps.com/start)',
      deadlineMs: 60_000,
      onReady: async (uri) => ready(uri),
      finish: async (answer) => {
        answers.push(answer);
        if (answer.kind === 'refused') throw new AppError('usage', { problem: answer.words });
        if (!signal.aborted) await once(signal, 'abort');
        if (signal.reason instanceof AppError) throw signal.reason;
        return 'tokens';
      },
      ...more,
    });
  });
  ended.catch(() => undefined); // whoever waits for it sees it
  return { redirectUri, answers, ended, finish: (error) => finishing.abort(error) };
}

describe('the callback page in Chromium', () => {
  let chromium: Chromium;
  let tab: Tab;
  beforeAll(async () => {
    chromium = await startChromium();
    tab = await chromium.newTab();
  });
  afterAll(() => chromium.close());

  it.each(['light', 'dark'] as const)('says in plain words that it worked, %s', async (scheme) => {
    const { redirectUri, ended, finish } = await begin();
    finish();
    await tab.prefer(scheme);
    await tab.goTo(`${redirectUri}?code=abc&state=${state}`);
    expect(await ended).toBe('tokens');
    expect(await tab.text()).toBe(
      'Signed in\n\nYou are signed in to "corp" (https://corp.awsapps.com/start).\n\nYou can close this page and go back to the terminal.\n\nrolekeeper, on this computer',
    );
    const [ink, paper] = await luminances(tab);
    expect(scheme === 'light' ? ink < paper : ink > paper).toBe(true);
    expect(Math.abs(ink - paper)).toBeGreaterThan(150);
  });

  it('says what failed, as text whatever is in it', async () => {
    const { redirectUri, ended } = await begin();
    const words = '<img src=x onerror="document.title=1"> & nobody';
    await tab.goTo(`${redirectUri}?error=access_denied&error_description=${encodeURIComponent(words)}&state=${state}`);
    await expect(ended).rejects.toThrow(words);
    expect(await tab.text()).toContain(`Not signed in\n\n${words}\n\nGo back to the terminal: it says what to do.`);
    expect(await tab.evaluate('document.title')).toBe('Not signed in - rolekeeper');
  });

  it('says that the exchange of the code has failed', async () => {
    const { redirectUri, ended, finish } = await begin();
    finish(new AppError('network', { endpoint: 'oidc.eu-west-1.amazonaws.com', problem: 'there is no network' }));
    await tab.goTo(`${redirectUri}?code=abc&state=${state}`);
    await expect(ended).rejects.toThrow('there is no network');
    expect(await tab.text()).toContain('could not reach oidc.eu-west-1.amazonaws.com');
  });

  it('refuses a wrong state and does nothing with it; the right one still works', async () => {
    const { redirectUri, answers, ended, finish } = await begin();
    finish();
    await tab.goTo(`${redirectUri}?code=evil&state=another`);
    expect(await tab.text()).toContain('This answer is not for the sign-in that was begun here, so nothing was done with it.');
    expect(answers).toEqual([]);
    await tab.goTo(`${redirectUri}?code=abc&state=${state}`);
    expect(await ended).toBe('tokens');
    expect(answers.map((answer) => answer.kind === 'code' && answer.code.reveal())).toEqual(['abc']);
  });

  it('answers once: a second tab is told so, and then nobody is there', async () => {
    const { redirectUri, answers, ended, finish } = await begin();
    const first = tab.goTo(`${redirectUri}?code=abc&state=${state}`);
    await expect.poll(() => answers.length).toBe(1);
    const second = await chromium.newTab();
    // Of one address Chromium asks for a second copy only when it has the first.
    await second.goTo(`${redirectUri}?code=again&state=${state}`);
    expect(await second.text()).toContain('This sign-in has had its answer.');
    finish();
    await first;
    expect(await ended).toBe('tokens');
    expect(await second.goTo(`${redirectUri}?code=abc&state=${state}`)).toContain('ERR_CONNECTION_REFUSED');
    expect(answers.length).toBe(1);
    await second.close();
  });

  it('works for a tab that was closed before its answer came', async () => {
    const { redirectUri, answers, ended, finish } = await begin();
    const closing = await chromium.newTab();
    void closing.goTo(`${redirectUri}?code=abc&state=${state}`);
    await expect.poll(() => answers.length).toBe(1);
    await closing.close();
    finish();
    expect(await ended).toBe('tokens');
  });

  it('ends at the deadline when the tab was closed without a sign-in', async () => {
    const { redirectUri, ended } = await begin({ deadlineMs: 300 });
    await expect(ended).rejects.toMatchObject({ code: 'deadline' });
    expect(await tab.goTo(`${redirectUri}?code=abc&state=${state}`)).toContain('ERR_CONNECTION_REFUSED');
  });
});

describe('the callback page by hand', () => {
  it('keeps nothing, loads nothing, and is framed by nobody', async () => {
    const { redirectUri, ended, finish } = await begin();
    finish();
    const { headers } = await fetch(`${redirectUri}?code=abc&state=${state}`);
    await ended;
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'nonce-[\w+/=]{24}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });

  it.each([
    ['another path', { path: `/?code=abc&state=${state}` }, 404],
    ['another method', { method: 'POST' }, 405],
    ['another name that leads here', { host: 'evil.example' }, 421],
    ['the state given twice', { path: `/oauth/callback?code=abc&state=${state}&state=x` }, 400],
    ['no state', { path: '/oauth/callback?code=abc' }, 400],
    ['a place to be sent to', { path: `//evil.example/oauth/callback?code=abc&state=${state}` }, 404],
  ])('answers %s with a status of its own, and goes on waiting', async (_what, asked, status) => {
    const { redirectUri, answers, ended, finish } = await begin();
    const reply = await ask(redirectUri, { path: `/oauth/callback?code=abc&state=${state}`, ...asked });
    expect([reply.status, reply.location]).toEqual([status, undefined]);
    expect(answers).toEqual([]);
    finish();
    await fetch(`${redirectUri}?code=abc&state=${state}`);
    expect(await ended).toBe('tokens');
  });

  // The answer waited for a page to leave that nobody was there to take: the login never ended.
  it('ends for a browser that was gone before its answer came', async () => {
    const { redirectUri, answers, ended, finish } = await begin();
    const { hostname, port, host } = new URL(redirectUri);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(`GET /oauth/callback?code=abc&state=${state} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await expect.poll(() => answers.length).toBe(1);
    socket.destroy();
    await once(socket, 'close');
    await ask(redirectUri, { path: '/' }); // by now the other's end has been seen
    finish();
    expect(await ended).toBe('tokens');
  });

  it.each([
    ['say nothing', ''],
    ['stop in the middle of a line', 'GET /oauth/call'],
    ['stop before the last line', 'GET /oauth/callback HTTP/1.1\r\nhost: '],
    ['speak another language', '\u0016\u0003\u0001\r\n\r\n'],
    ['send an address without end', `GET /${'a'.repeat(100_000)}`],
  ])('is there for the browser whatever two hundred others do who %s', async (_what, words) => {
    const { redirectUri, ended, finish } = await begin();
    const { hostname, port } = new URL(redirectUri);
    const others = Array.from({ length: 200 }, () => connect({ host: hostname, port: Number(port) }));
    for (const other of others) other.on('error', () => undefined).write(words);
    finish();
    await fetch(`${redirectUri}?code=abc&state=${state}`);
    expect(await ended).toBe('tokens');
    await Promise.all(others.map((other) => other.resume() && (other.closed || once(other, 'close'))));
  });

  it('lets nothing of an answer become a header or a line of its own', async () => {
    const { redirectUri, ended } = await begin();
    const words = 'no\r\nset-cookie: a=b\u001b[2J';
    const reply = await fetch(`${redirectUri}?error=x%0d%0ay&error_description=${encodeURIComponent(words)}&state=${state}`);
    expect(reply.headers.get('set-cookie')).toBeNull();
    await expect(ended).rejects.toMatchObject({ message: expect.stringMatching(/^no set-cookie: a=b \[2J$/) });
  });

  // The browser's arguments have the state in them, and every user can read those: with it, and with a code of their own for the same
  // challenge, another user signs this one in as somebody else.
  it.skipIf(!isRoot)(
    "does nothing with another user's answer, whatever it knows (skipped: only root becomes another user)",
    async () => {
      const { redirectUri, answers, ended, finish } = await begin();
      const url = `${redirectUri}?code=evil&state=${state}`;
      const asNobody = ['--reuid', '65534', '--clear-groups', process.execPath, '-e'];
      const asking = `fetch(${JSON.stringify(url)}).then((r) => console.log(r.status))`;
      const { stdout } = await promisify(execFile)('setpriv', [...asNobody, asking]);
      expect(stdout).toBe('403\n');
      // Who lets go of the connection at once is nobody in the system's table any more.
      const leaving = `const s = require('net').connect(${new URL(url).port}, '127.0.0.1'); s.end('GET ${url.slice(url.indexOf('/oauth'))} HTTP/1.1\\r\\nhost: ${new URL(url).host}\\r\\n\\r\\n', () => process.kill(process.pid, 'SIGKILL'))`;
      await promisify(execFile)('setpriv', [...asNobody, leaving]).catch(() => undefined); // it has killed itself
      await ask(redirectUri, { path: '/' });
      expect(answers).toEqual([]);
      finish();
      await fetch(`${redirectUri}?code=abc&state=${state}`);
      expect(await ended).toBe('tokens');
    },
  );

  it('listens on 127.0.0.1 alone', async () => {
    const { redirectUri, ended, finish } = await begin();
    const port = new URL(redirectUri).port;
    for (const host of ['127.0.0.2', '[::1]']) await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow('fetch failed');
    finish();
    await fetch(`${redirectUri}?code=abc&state=${state}`);
    await ended;
  });
});

/** Of text and background, 0 to 255. */
async function luminances(tab: Tab): Promise<readonly [number, number]> {
  const shown = async (part: string) => {
    const colour = String(await tab.evaluate(`getComputedStyle(document.querySelector('main')).${part}`));
    const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
    return 0.3 * red + 0.6 * green + 0.1 * blue;
  };
  return [await shown('color'), await shown('backgroundColor')];
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly host?: string;
}

function ask(redirectUri: string, { path, method = 'GET', host }: Asked) {
  const { hostname, port } = new URL(redirectUri);
  return new Promise<{ readonly status: number | undefined; readonly location: string | undefined }>((done, failed) => {
    const headers = { host: host ?? `${hostname}:${port}` };
    request({ hostname, port, path, method, headers }, (response) => {
      response.resume().on('end', () => done({ status: response.statusCode, location: response.headers.location }));
    })
      .on('error', failed)
      .end();
  });
}
