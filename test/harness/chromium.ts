// A real Chromium without a window, spoken to over its DevTools pipe (file descriptors 3 and 4, one JSON message to a NUL).

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable, Writable } from 'node:stream';

export interface Tab {
  /** Ends when the page has loaded, or could not be. Returns why not. */
  goTo(url: string): Promise<string | undefined>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** What a person reads there. */
  text(): Promise<string>;
  prefer(scheme: 'light' | 'dark'): Promise<void>;
  /** A picture, as PNG. */
  picture(): Promise<Buffer>;
  close(): Promise<void>;
}

export interface Chromium {
  newTab(): Promise<Tab>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** Throws with the Debian package to install where there is none. */
export async function startChromium(): Promise<Chromium> {
  const home = mkdtempSync(join(tmpdir(), 'rk-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--no-proxy-server'];
  const child = spawn('chromium', [...flags, '--remote-debugging-pipe', `--user-data-dir=${home}`], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  await new Promise<void>((done, failed) => {
    child.once('spawn', done);
    child.once('error', (cause) => failed(new Error('chromium could not be started; install chromium', { cause })));
  });
  const line = new DevTools(child);
  return {
    newTab: () => openTab(line),
    close: async () => {
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGKILL');
      await ended;
      await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

class DevTools {
  readonly #toBrowser: Writable;
  readonly #waiting = new Map<number, { done: (result: Message['result']) => void; failed: (error: Error) => void }>();
  readonly #listeners = new Set<(message: Message) => void>();
  #lastId = 0;

  constructor({ stdio }: ChildProcess) {
    const [, , , toBrowser, fromBrowser] = stdio;
    if (!(toBrowser instanceof Writable) || !(fromBrowser instanceof Readable)) throw new Error('there are no pipes');
    this.#toBrowser = toBrowser;
    toBrowser.on('error', () => undefined); // killed
    let text = '';
    fromBrowser.setEncoding('utf8').on('data', (chunk: string) => {
      const [last = '', ...whole] = (text + chunk).split('\0').reverse();
      text = last;
      for (const message of whole.reverse()) this.#receive(JSON.parse(message));
    });
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Readonly<Record<string, unknown>>>((done, failed) => {
      this.#waiting.set(id, { done: (result) => done(result ?? {}), failed });
    });
    this.#toBrowser.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return answered;
  }

  /** Ends with the next event of that name. */
  event(method: string, sessionId: string): Promise<void> {
    return new Promise((done) => {
      const listener = (message: Message) => {
        if (message.method !== method || message.sessionId !== sessionId) return;
        this.#listeners.delete(listener);
        done();
      };
      this.#listeners.add(listener);
    });
  }

  #receive(message: Message): void {
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (message.error === undefined) waiting?.done(message.result);
    else waiting?.failed(new Error(message.error.message));
    for (const listener of this.#listeners) listener(message);
  }
}

async function openTab(line: DevTools): Promise<Tab> {
  const { targetId } = await line.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await line.send('Target.attachToTarget', { targetId, flatten: true });
  const session = String(sessionId);
  const send = (method: string, params: object = {}) => line.send(method, params, session);
  await send('Page.enable');
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await send('Runtime.evaluate', { expression, returnByValue: true });
    return typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
  };
  return {
    goTo: async (url) => {
      const loaded = line.event('Page.loadEventFired', session);
      const { errorText } = await send('Page.navigate', { url });
      if (errorText !== undefined) return String(errorText);
      await loaded;
      return undefined;
    },
    evaluate,
    text: async () => String(await evaluate('document.body.innerText')),
    prefer: async (scheme) =>
      void (await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })),
    picture: async () => {
      await send('Emulation.setDeviceMetricsOverride', { width: 800, height: 480, deviceScaleFactor: 1, mobile: false });
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(String(data), 'base64');
    },
    close: async () => void (await line.send('Target.closeTarget', { targetId })),
  };
}
