// What a client makes of an agent that does not behave. Its talks with one that does are in server.test.ts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AskOptions, type Conversation, converse } from '../../src/agent/client.ts';
import { type AgentRequest, encodeAnswer, encodeRequest, maxRequestBytes } from '../../src/agent/wire.ts';
import { buffersMadeBy, isWiped } from './buffers-made.ts';

const request: AgentRequest = { verb: 'unlock', argument: 'AGE-SECRET-KEY-EXAMPLE', deadlineMs: 1, cwd: '/', env: {} };
const document = '{"Version":1}';
const answer = encodeAnswer({ kind: 'exit', status: 0, bytes: Buffer.from(document) });

let directory: string;
let path: string;
let server: Server | undefined;
let sockets: Socket[];
let endings: (() => unknown)[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-client-'));
  path = join(directory, 'agent.sock');
  [sockets, endings, server] = [[], [], undefined];
});
afterEach(async () => {
  for (const end of endings) await end();
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  rmSync(directory, { recursive: true, force: true });
});

/** What the agent does with a caller whose whole request has come. */
async function listen(serve: (socket: Socket) => void): Promise<void> {
  const length = encodeRequest(request)?.length ?? 0;
  const listening = createServer((socket) => {
    sockets.push(socket);
    let missing = length;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing === 0) serve(socket);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(path, () => resolve()));
}

/** Listens in a thread that then stands still, so that nobody is ever taken out of its queue. */
async function listenAndFreeze(): Promise<void> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    require('node:net').createServer().listen({ path: workerData, backlog: 1 }, () => {
      parentPort.postMessage('listening');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(code, { eval: true, workerData: path });
  endings.push(() => worker.terminate());
  await new Promise((resolve) => worker.once('message', resolve));
}

function talk(waits: Partial<AskOptions> = {}): Promise<Conversation> {
  return converse(request, { socketPath: path, acknowledgeWaitMs: 15_000, answerWaitMs: 15_000, ...waits });
}

const answered: Conversation = { kind: 'answer', answer: { kind: 'exit', status: 0, bytes: Buffer.from(document) } };

describe('converse', () => {
  it('converse finds nobody where nobody is', async () => {
    expect(await talk()).toEqual({ kind: 'nobody' });
  });

  it('converse says nothing that no agent would take', async () => {
    let callers = 0;
    await listen(() => undefined);
    server?.on('connection', () => ++callers);
    const large = { ...request, argument: 'x'.repeat(maxRequestBytes) };
    expect(await converse(large, { socketPath: path, acknowledgeWaitMs: 50, answerWaitMs: 50 })).toEqual({ kind: 'nobody' });
    expect(callers).toBe(0);
  });

  it('converse waits for the answer of a stuck agent no longer than it was told', async () => {
    await listen((socket) => socket.write('!'));
    expect(await talk({ answerWaitMs: 40 })).toEqual({ kind: 'late' });
  });

  it('converse takes the answer of an agent that takes its time for it', async () => {
    await listen((socket) => {
      socket.write('!');
      setTimeout(() => socket.end(answer), 600);
    });
    expect(await talk({ acknowledgeWaitMs: 400 })).toEqual(answered);
  });

  it.each<[string, string]>([
    ['hangs up without a word', ''],
    ['hangs up after the acknowledgement', '!'],
    ['hangs up in the middle of its answer', `!rolekeeper 1 exit 0 20\n${document}`],
    ['answers in another version', '!rolekeeper 2 exit 0 0\n'],
  ])('converse calls an agent silent that %s', async (_what, words) => {
    await listen((socket) => socket.end(words));
    expect(await talk()).toEqual({ kind: 'silent' });
  });

  it('converse waits no longer once it is no answer that comes', async () => {
    await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n'));
    expect(await talk()).toEqual({ kind: 'silent' });
  });

  it('converse calls an agent silent that breaks the connection off', async () => {
    const unreading = createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 20));
    server = unreading;
    await new Promise<void>((resolve) => unreading.listen(path, () => resolve()));
    expect(await talk()).toEqual({ kind: 'silent' });
  });

  it('converse calls an agent silent that does not acknowledge in time', async () => {
    await listen(() => undefined);
    expect(await talk({ acknowledgeWaitMs: 20 })).toEqual({ kind: 'silent' });
  });

  it('converse waits for the whole answer, not for each part of it', async () => {
    await listen((socket) => {
      socket.write('!rolekeeper 1 exit 0 9999\n');
      const trickle = setInterval(() => socket.write('x'), 10);
      endings.push(() => clearInterval(trickle));
    });
    expect(await talk({ answerWaitMs: 1_000 })).toEqual({ kind: 'late' });
  });

  it('converse finds nobody behind a file that is no socket', async () => {
    writeFileSync(path, '');
    expect(await talk()).toEqual({ kind: 'nobody' });
  });

  it('converse waits for a place in the queue of a stuck agent no longer than for its acknowledgement', async () => {
    await listenAndFreeze();
    for (let n = 0; n < 8; n++) sockets.push(connect(path).on('error', () => undefined));
    const startedAt = performance.now();
    expect(await talk({ acknowledgeWaitMs: 50 })).toEqual({ kind: 'silent' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(50);
  });

  it('converse leaves no byte behind of what it asked and of what is no answer', async () => {
    await listen((socket) => socket.end('!rolekeeper 1 exit 0 20\n{"SecretAcc'));
    const made = await buffersMadeBy(talk);
    expect(made.length).toBeGreaterThanOrEqual(2);
    expect(made.every(isWiped)).toBe(true);
  });

  it('converse leaves no byte behind of an answer but in the answer', async () => {
    await listen((socket) => {
      socket.write('!rolekeeper 1 exit 0 13\n{"Versi');
      setTimeout(() => socket.end('on":1}'), 20);
    });
    let conversation: Conversation | undefined;
    const made = await buffersMadeBy(async () => {
      conversation = await talk();
    });
    expect(conversation).toEqual(answered);
    expect(made.filter((bytes) => !isWiped(bytes)).map(String)).toEqual([`!${answer}`]);
  });
});
