// One caller on a real socket, and many: bounded in size, time and number. Waits are made short, not slept through.

import { once } from 'node:events';
import { lstatSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { converse } from '../../src/agent/client.ts';
import { type AgentServer, listenAt, type ServerLimits } from '../../src/agent/server.ts';
import { type AgentAnswer, type AgentRequest, encodeRequest, maxRequestBytes, readAnswer } from '../../src/agent/wire.ts';
import { socketIdentity } from '../../src/system/agent-socket.ts';
import { settled } from '../fakes/fake-machine.ts';

const request: AgentRequest = { verb: 'get', argument: 'dev', deadlineMs: 1_767_000_003_800, cwd: '/', env: { HOME: '/h' } };
const document = '{"Version":1}';

let directory: string;
let path: string;
let server: AgentServer | undefined;
let asked: AgentRequest[];
let given: Buffer[];
let clients: Socket[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-server-'));
  path = join(directory, 'agent.sock');
  [asked, given, clients] = [[], [], []];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await server?.close(0);
  server = undefined;
  rmSync(directory, { recursive: true, force: true });
});

interface Answering {
  readonly limits?: Partial<ServerLimits>;
  readonly answer?: (one: AgentRequest) => Promise<AgentAnswer>;
}

async function listen({ limits = {}, answer }: Answering = {}): Promise<AgentServer> {
  server = await listenAt(
    { path },
    {
      answer: async (one) => {
        asked.push(one);
        if (answer !== undefined) return await answer(one);
        const bytes = Buffer.from(document);
        given.push(bytes);
        return { kind: 'exit', status: 0, bytes };
      },
      identity: () => socketIdentity(path),
      limits,
    },
  );
  return server;
}

interface Client {
  readonly socket: Socket;
  /** What came until the server ended or hung up. */
  readonly received: Promise<Buffer>;
}

/** Half-open, as the front is while it waits. */
async function client({ reads = true } = {}): Promise<Client> {
  const socket = connect({ path, allowHalfOpen: true });
  clients.push(socket);
  let bytes = Buffer.alloc(0);
  if (reads) {
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
  }
  const received = new Promise<Buffer>((resolve) => {
    const done = () => resolve(bytes);
    for (const event of ['end', 'close', 'error']) socket.once(event, done);
  });
  await once(socket, 'connect');
  return { socket, received };
}

function encoded(one: AgentRequest): Buffer {
  const bytes = encodeRequest(one);
  if (bytes === undefined) throw new Error('within the limits');
  return bytes;
}

function answerIn(bytes: Buffer): AgentAnswer | undefined {
  const progress = readAnswer(bytes);
  return progress.kind === 'answer' ? progress.answer : undefined;
}

async function ask(one = request): Promise<AgentAnswer | undefined> {
  const conversation = await converse(one, { socketPath: path, acknowledgeWaitMs: 10_000, answerWaitMs: 10_000 });
  return conversation.kind === 'answer' ? conversation.answer : undefined;
}

const answered: AgentAnswer = { kind: 'exit', status: 0, bytes: Buffer.from(document) };
const malformed: AgentAnswer = { kind: 'pass', reason: 'malformed' };

/** The server's own view, which it comes to a moment after the client's. The test's time-out ends what never comes true. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('a caller', () => {
  it('gets an acknowledgement at once, then its answer, then the end', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await listen({
      answer: async () => {
        await gate;
        return { kind: 'exit', status: 4, bytes: Buffer.from('log in\n') };
      },
    });
    const { socket, received } = await client();
    socket.write(encoded(request));
    const [first] = await once(socket, 'data');
    expect(String(first)).toBe('!');
    release();
    expect(answerIn(await received)).toEqual({ kind: 'exit', status: 4, bytes: Buffer.from('log in\n') });
    expect(asked).toEqual([request]);
  });

  it('may send its request byte by byte', async () => {
    await listen();
    const { socket, received } = await client();
    socket.setNoDelay(true);
    for (const byte of encoded(request)) {
      socket.write(Buffer.from([byte]));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    expect(answerIn(await received)).toEqual(answered);
    expect(asked).toHaveLength(1);
  });

  it('may end its own side before the answer comes', async () => {
    await listen();
    const { socket, received } = await client();
    socket.end(encoded(request));
    expect(answerIn(await received)).toEqual(answered);
  });

  it('may end its own side, or say more, while its answer is made', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await listen({ answer: () => gate.then(() => ({ kind: 'exit', status: 0, bytes: Buffer.from(document) })) });
    const [ending, saying] = [await client(), await client()];
    for (const { socket } of [ending, saying]) {
      socket.write(encoded(request));
      await once(socket, 'data');
    }
    ending.socket.end();
    saying.socket.write(encoded(request));
    await settled();
    release();
    expect((await Promise.all([ending.received, saying.received])).map(answerIn)).toEqual([answered, answered]);
    expect(asked).toHaveLength(2);
  });

  it('leaves no document behind, neither in the answer nor in what was sent', async () => {
    const listening = await listen();
    await ask();
    await until(() => listening.open === 0);
    expect(given.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  it('of a large request is answered', async () => {
    await listen();
    const large = { ...request, env: { HOME: 'x'.repeat(maxRequestBytes - 200) } };
    expect(await ask(large)).toEqual(answered);
  });
});

describe('what is no caller', () => {
  it('sends nothing, and is hung up on after the wait', async () => {
    const listening = await listen({ limits: { requestWaitMs: 20 } });
    const { received } = await client();
    expect(await received).toEqual(Buffer.alloc(0));
    await until(() => listening.open === 0);
  });

  it('sends half a request, and is hung up on after the wait', async () => {
    await listen({ limits: { requestWaitMs: 20 } });
    const { socket, received } = await client();
    socket.write(encoded(request).subarray(0, 30));
    expect(await received).toEqual(Buffer.alloc(0));
    expect(asked).toEqual([]);
  });

  // It kept its place until the wait was over, and a loop of such callers kept out all others.
  it('connects and ends, and is gone at once', async () => {
    const listening = await listen({ limits: { requestWaitMs: 600_000 } });
    for (const sent of [Buffer.alloc(0), encoded(request).subarray(0, 30)]) {
      const { socket, received } = await client();
      socket.end(sent);
      expect(await received).toEqual(Buffer.alloc(0));
    }
    await until(() => listening.open === 0);
  });

  it.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a line that never ends', Buffer.alloc(100, 'x')],
    ['too large a request', Buffer.from(`rolekeeper 1 ${maxRequestBytes + 1}\n`)],
    ['two requests', Buffer.concat([encoded(request), encoded(request)])],
  ])('sends %s, and is told so', async (_what, bytes) => {
    await listen();
    const { socket, received } = await client();
    socket.write(bytes);
    expect(answerIn(await received)).toEqual(malformed);
    expect(asked).toEqual([]);
  });

  it('speaks another version, and is told so', async () => {
    await listen();
    const { socket, received } = await client();
    socket.write('rolekeeper 7 3\nabc');
    expect(answerIn(await received)).toEqual({ kind: 'pass', reason: 'version' });
  });

  it('sends a second request after the first, which is not read', async () => {
    await listen();
    const { socket, received } = await client();
    socket.write(encoded(request));
    await once(socket, 'data');
    socket.write(encoded(request));
    expect(answerIn(await received)).toEqual(answered);
    expect(asked).toHaveLength(1);
  });

  it('never reads its answer, and is hung up on after the wait', async () => {
    const listening = await listen({
      limits: { answerWaitMs: 20 },
      answer: async () => ({ kind: 'exit', status: 0, bytes: Buffer.alloc(8_000_000, 'x') }),
    });
    const { socket } = await client({ reads: false });
    socket.pause();
    socket.write(encoded(request));
    await until(() => listening.open === 1);
    await until(() => listening.open === 0);
    expect(asked).toHaveLength(1);
  });

  // Each byte from it put the time-out off, and so it kept its place for ever.
  it('keeps its connection with a byte now and then, and is hung up on all the same', async () => {
    const listening = await listen({ limits: { answerWaitMs: 60 } });
    const { socket, received } = await client();
    socket.write(encoded(request));
    await received;
    const trickle = setInterval(() => socket.write('x'), 5);
    socket.on('error', () => undefined);
    await until(() => listening.open === 0);
    clearInterval(trickle);
  });

  it('is gone before its answer, which then goes nowhere, and is wiped', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const bytes = Buffer.from(document);
    const listening = await listen({
      answer: async () => {
        await gate;
        return { kind: 'exit', status: 0, bytes };
      },
    });
    const { socket } = await client();
    socket.write(encoded(request));
    await until(() => asked.length === 1);
    socket.destroy();
    release();
    await until(() => bytes.every((byte) => byte === 0));
    await until(() => listening.open === 0);
    expect(await ask()).toBeDefined();
  });
});

describe('many callers', () => {
  it('of 1,100 at once are answered or hung up on, and the next one is answered', { timeout: 60_000 }, async () => {
    await listen({ limits: { requestWaitMs: 600_000 } });
    const all: Client[] = [];
    while (all.length < 1_100) {
      all.push(...(await Promise.all(Array.from({ length: 100 }, () => client()))));
      await until(() => server?.open === Math.min(all.length, 1_024));
    }
    for (const { socket } of all) {
      socket.on('error', () => undefined);
      socket.end(encoded(request));
    }
    const answers = (await Promise.all(all.map(({ received }) => received))).map(answerIn);
    expect(answers.filter((answer) => answer !== undefined).length).toBeGreaterThanOrEqual(1_024);
    expect(new Set(answers.filter((answer) => answer !== undefined).map((answer) => answer.kind))).toEqual(new Set(['exit']));
    for (const { socket } of all) socket.destroy();
    await until(() => server?.open === 0);
    expect(await ask()).toEqual(answered);
  });

  it('that only flood the socket do not keep a caller from its answer', async () => {
    await listen({ limits: { requestWaitMs: 600_000 } });
    const order: string[] = [];
    const flood = await Promise.all(Array.from({ length: 300 }, () => client()));
    const half = encoded({ ...request, env: { HOME: 'x'.repeat(60_000) } }).subarray(0, -1);
    for (const { socket, received } of flood) {
      socket.write(half);
      void received.then(() => order.push('flood'));
    }
    expect(await ask()).toEqual(answered);
    order.push('caller');
    expect(order).toEqual(['caller']);
    expect(asked).toHaveLength(1);
  });

  it('that wait for AWS do not keep one whose answer is there', async () => {
    await listen({
      answer: (one) =>
        one.argument === 'slow' ? new Promise(() => undefined) : Promise.resolve({ kind: 'pass', reason: 'verb' }),
    });
    const slow = await Promise.all(Array.from({ length: 200 }, () => client()));
    for (const { socket } of slow) socket.write(encoded({ ...request, argument: 'slow' }));
    await until(() => asked.length === 200);
    expect(await ask()).toEqual({ kind: 'pass', reason: 'verb' });
  });

  it('beyond the bound are hung up on, until one leaves', async () => {
    await listen({ limits: { mostConnections: 3 } });
    const waiting = [await client(), await client(), await client()];
    expect(await ask()).toBeUndefined();
    waiting[0]?.socket.destroy();
    await until(() => server?.open === 2);
    expect(await ask()).toEqual(answered);
  });
});

describe('the server', () => {
  it('that closes answers who is there, takes nobody new, and removes its socket', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const listening = await listen({
      answer: async () => {
        await gate;
        return { kind: 'exit', status: 0, bytes: Buffer.from(document) };
      },
    });
    const answering = ask();
    await until(() => asked.length === 1);
    const closing = listening.close(600_000);
    expect(await ask()).toBeUndefined();
    release();
    expect(await answering).toEqual(answered);
    await closing;
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    server = undefined;
  });

  it('that closes waits no longer than it was told', async () => {
    const listening = await listen({ answer: () => new Promise(() => undefined) });
    const answering = ask();
    await until(() => asked.length === 1);
    await listening.close(20);
    expect(await answering).toBeUndefined();
    server = undefined;
  });

  it('knows when its socket is not at its path any more, and then leaves a successor alone', async () => {
    const first = await listen();
    expect(first.isReachable()).toBe(true);
    renameSync(path, `${path}.moved`);
    expect(first.isReachable()).toBe(false);
    const second = await listen();
    expect([first.isReachable(), second.isReachable()]).toEqual([false, true]);
    await first.close(0);
    expect(await ask()).toEqual(answered);
  });

  it('that closes without its socket still answers who is there, and no longer than it was told', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = await listen({
      answer: async () => {
        await gate;
        return { kind: 'exit', status: 0, bytes: Buffer.from(document) };
      },
    });
    const answering = [ask(), ask()];
    await until(() => asked.length === 2);
    renameSync(path, `${path}.moved`);
    let hasClosed = false;
    const closing = first.close(600_000).then(() => {
      hasClosed = true;
    });
    await settled();
    expect(hasClosed).toBe(false);
    release();
    expect(await Promise.all(answering)).toEqual([answered, answered]);
    await closing;
    const second = await listen({ answer: () => new Promise(() => undefined) });
    const waiting = ask();
    await until(() => asked.length === 3);
    renameSync(path, `${path}.again`);
    await second.close(20);
    expect(await waiting).toBeUndefined();
    server = undefined;
  });

  it('that finds no place for its socket says so', async () => {
    await listen();
    await expect(listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('converse', () => {
  // unix(7): a full queue refuses at once who does not block. `login` then went on as if there were no agent to be told.
  it('converse waits for a place in the queue of a busy agent', async () => {
    await listen();
    const flood = Array.from({ length: 600 }, () => connect(path));
    clients.push(...flood);
    for (const socket of flood) socket.on('error', () => undefined);
    expect(await ask()).toEqual(answered);
  });
});
