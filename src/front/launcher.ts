// What the native front does, for a `get` that Node itself was started for: npm's installations and machines without a C compiler. Asks the
// agent before the program is loaded, and loads sockets only where there is one. Cannot ask the system who listens; the directory, which is
// the user's alone, has to do.

import { lstatSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import process from 'node:process';
import type { Conversation } from '../agent/client.ts';
import { type AgentRequest, callerVariable, variablesToSend } from '../agent/wire.ts';
import { reportLines, writeStderr } from '../commands/report.ts';
import { writeStdout } from '../commands/stdout.ts';
import { isProfileName } from '../config/names.ts';
import { AppError, toAppError } from '../errors.ts';
import { agentSocketPath, isSocketTooLong } from '../system/agent-socket.ts';
import { homeDirectory, runtimeDirectory, stateDirectory } from '../system/paths.ts';
import { readPipeToken } from '../system/pipe-token.ts';
import { errorCode } from '../system/problem-words.ts';

/** As the front has them (decisions.md 1 and 2). */
const limitMs = 3_800;
const acknowledgeWaitMs = 300;

interface Question {
  readonly socketPath: string;
  readonly request: AgentRequest;
}

interface Place {
  readonly socketPath: string;
  readonly token: string | undefined;
}

/** For a plain `get PROFILE`: answers it and ends the process, or runs `start`, which is the program itself. */
export function launch(profile: string, start: () => void): void {
  const question = prepare(profile);
  if (question === undefined) start();
  else ask(question, start);
}

function ask(question: Question, start: () => void): void {
  conversation(question)
    .then(async (ending) => {
      if (ending.kind === 'nobody') start();
      else process.exit(await statusAfter(ending, question.request));
    })
    .catch((error: unknown) => {
      const failure = toAppError(error);
      writeStderr(reportLines(failure));
      process.exit(failure.exitStatus);
    });
}

/** Undefined when there is nobody to ask, or nothing that could be asked. */
function prepare(profile: string): Question | undefined {
  try {
    const place = isProfileName(profile) ? findSocket() : undefined;
    if (place === undefined) return undefined;
    const deadlineMs = Math.round(Date.now() - performance.now()) + limitMs;
    const env = { ...variablesToSend(process.env, place.token), [callerVariable]: String(process.ppid) };
    return { socketPath: place.socketPath, request: { verb: 'get', argument: profile, deadlineMs, cwd: process.cwd(), env } };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined; // a working directory or a user that is not there any more: the program says so, if it minds
  }
}

async function conversation({ socketPath, request }: Question): Promise<Conversation> {
  const { converse } = await import('../agent/client.ts');
  // By the clock that nobody sets, as the front counts: after a sleep, or when somebody has set it, the other one says nothing.
  return await converse(request, { socketPath, acknowledgeWaitMs, answerWaitMs: limitMs - performance.now() });
}

async function statusAfter(
  ending: Exclude<Conversation, { kind: 'nobody' }>,
  { argument, deadlineMs }: AgentRequest,
): Promise<number> {
  if (ending.kind === 'late')
    throw new AppError('deadline', { doing: `getting credentials for "${argument}"`, seconds: limitMs / 1000 });
  if (ending.kind === 'answer' && ending.answer.kind === 'exit') return printed(ending.answer);
  // A process of its own, since a `get` takes a long wait before it for a sign of a starved machine.
  const { spawnSync } = await import('node:child_process');
  const args = [...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, ROLEKEEPER_DEADLINE: String(deadlineMs) };
  const { status, signal } = spawnSync(process.execPath, args, { stdio: 'inherit', env });
  if (signal !== null) process.kill(process.pid, signal); // the front would have become that process: no status, and no word
  return status ?? 1;
}

function printed({ status, bytes }: { readonly status: number; readonly bytes: Buffer }): number {
  try {
    if (status === 0) writeStdout(bytes);
    else writeStderr(bytes.toString('utf8').trimEnd().split('\n'));
    return status;
  } finally {
    bytes.fill(0);
  }
}

/** Undefined when there is nothing to connect to, which is seen without loading what a connection needs. */
function findSocket(): Place | undefined {
  const { platform, env } = process;
  const uid = process.getuid?.();
  const caller = { env, platform, uid, home: homeDirectory({ env, platform }, () => userInfo().homedir) };
  const isOwn = (stats: Stats | undefined) => stats?.isDirectory() === true && stats.uid === uid;
  const runtime = runtimeDirectory(caller, (path) => isOwn(lstatOrUndefined(path)));
  const state = stateDirectory(caller);
  const socketPath = agentSocketPath(platform, { runtime, state });
  if (platform === 'win32') return { socketPath, token: readPipeToken(state) };
  const found = lstatOrUndefined(runtime);
  if (!isOwn(found) || ((found?.mode ?? 0) & 0o077) !== 0) return undefined;
  const isThere = !isSocketTooLong(socketPath) && lstatOrUndefined(socketPath)?.isSocket() === true;
  return isThere ? { socketPath, token: undefined } : undefined;
}

function lstatOrUndefined(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // whatever hides it from us, it is of no use to us
  }
}
