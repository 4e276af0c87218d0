// The agent's end of a connection and a command's end, each over a real socket with a stranger at the other. The first byte of an input says
// who the stranger is and in what parts it sends; the rest is what it sends.

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as soon } from 'node:timers/promises';
import { converse } from '../../../src/agent/client.ts';
import { listenAt } from '../../../src/agent/server.ts';
import { type AgentRequest, acknowledgement, encodeAnswer, readAnswer, readRequest } from '../../../src/agent/wire.ts';
import { must, type OpenTarget, type Target } from '../target.ts';
import { wireTokens } from './wire.ts';

export const connectionTarget: Target = {
  name: 'connection',
  tokens: ['A', 'B', 'a', 'b', ...wireTokens],
  endings: ['served', 'refused by the agent', 'left', 'answered', 'unanswered'],
  open: openEnds,
};

const document = '{"Version":1}';
const request: AgentRequest = { verb: 'get', argument: 'dev', deadlineMs: 1, cwd: '/', env: {} };

async function openEnds(): Promise<OpenTarget> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-fuzz-'));
  const [ours, theirs] = [join(directory, 'agent.sock'), join(directory, 'stranger.sock')];
  const taken: AgentRequest[] = [];
  const answer = async (asked: AgentRequest) => {
    taken.push(asked);
    return { kind: 'exit', status: 0, bytes: Buffer.from(document) } as const;
  };
  const agent = await listenAt(
    { path: ours },
    { answer, identity: () => 'ours', limits: { requestWaitMs: 10_000, answerWaitMs: 10_000 } },
  );
  const stranger = await openStranger(theirs);
  return {
    check: async (input) => {
      const [first = 0, ...rest] = input;
      const script: Script = { bytes: Buffer.from(rest), part: first % 2 === 0 ? rest.length + 1 : 1 + (first % 61) };
      if ((first & 32) !== 0) return checkClient(theirs, stranger, script);
      taken.length = 0;
      return checkAgent(ours, taken, script);
    },
    close: async () => {
      await agent.close(0);
      await new Promise((resolve) => stranger.server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

interface Script {
  readonly bytes: Buffer;
  /** The length of what is sent at once. */
  readonly part: number;
}

/** A caller that sends these bytes and then no more. */
async function checkAgent(path: string, taken: readonly AgentRequest[], script: Script): Promise<string> {
  const reply = await exchange(path, script);
  const meant = readRequest(script.bytes);
  if (reply.length === 0) {
    must(meant.kind === 'more' && taken.length === 0, 'the agent hangs up only on half a request');
    return 'left';
  }
  const progress = readAnswer(reply);
  must(progress.kind === 'answer', 'what the agent says is an answer');
  if (progress.answer.kind === 'pass') {
    must(taken.length === 0, 'what is refused was not asked');
    return 'refused by the agent';
  }
  must(taken.length === 1 && reply.equals(Buffer.concat([acknowledgement, whole])), 'one request has one answer');
  return 'served';
}

const whole = encodeAnswer({ kind: 'exit', status: 0, bytes: Buffer.from(document) });

function exchange(path: string, script: Script): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true }, () => void play(socket, script));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The agent may have its say before all is sent.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    socket.once('close', () => resolve(Buffer.concat(chunks)));
    socket.once('end', () => socket.end());
  });
}

interface Stranger {
  readonly server: Server;
  script: Script;
}

async function openStranger(path: string): Promise<Stranger> {
  const stranger: Stranger = { server: createServer(), script: { bytes: Buffer.alloc(0), part: 1 } };
  stranger.server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined); // callers hang up as they like
    socket.once('data', () => void play(socket, stranger.script));
  });
  await new Promise<void>((resolve) => stranger.server.listen(path, resolve));
  return stranger;
}

/** An agent that answers with these bytes and then hangs up. */
async function checkClient(socketPath: string, stranger: Stranger, script: Script): Promise<string> {
  stranger.script = script;
  const meant = readAnswer(script.bytes);
  const ending = await converse(request, { socketPath, acknowledgeWaitMs: 10_000, answerWaitMs: 10_000 });
  must(ending.kind === 'answer' || ending.kind === 'silent', 'a stranger that hangs up is answered or silent');
  must((ending.kind === 'answer') === (meant.kind === 'answer'), 'an answer is one whole answer');
  if (ending.kind !== 'answer' || meant.kind !== 'answer') return 'unanswered';
  must(encodeAnswer(ending.answer).equals(encodeAnswer(meant.answer)), 'in parts it says the same');
  return 'answered';
}

async function play(socket: Socket, { bytes, part }: Script): Promise<void> {
  // Some parts are enough to have the boundaries everywhere; thousands would only take long.
  const size = Math.max(part, Math.ceil(bytes.length / 20));
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    await new Promise<void>((resolve) => socket.write(bytes.subarray(at, at + size), () => resolve()));
    if (size < bytes.length) await soon();
  }
  socket.end();
}
