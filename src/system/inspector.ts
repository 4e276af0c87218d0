// What `doctor` looks at: a credential_process line as clients run it, and what the file system says of a file. Reads no file;
// one that it writes, to see whether that can be done, it takes away again.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { shellWords } from '../config/aws-config-header.ts';
import { AppError } from '../errors.ts';
import type { FileLook, Inspector, LineManner, LineRun } from '../ports/inspector.ts';
import { problemWords } from './problem-words.ts';

/** Without a uid (Windows) every file counts as the user's own, and modes say nothing. */
export function createInspector(uid: number | undefined): Inspector {
  return {
    run: runLine,
    look: (path) => look(path, uid),
    list: (directory) => {
      try {
        return readdirSync(directory);
      } catch {
        return []; // absent or closed to us: either way nothing is found there
      }
    },
    whyUnwritable,
    setMode: (path, mode) => {
      try {
        chmodSync(path, mode);
      } catch (error) {
        throw new AppError('config-unwritable', { path, problem: problemWords(error) }, error);
      }
    },
  };
}

function whyUnwritable(directory: string): { readonly path: string; readonly problem: string } | undefined {
  if (!existsSync(directory) && dirname(directory) !== directory) return whyUnwritable(dirname(directory));
  const probe = join(directory, `.rolekeeper-${randomUUID()}`);
  try {
    writeFileSync(probe, ' '.repeat(4_096), { mode: 0o600, flag: 'wx' });
    return undefined;
  } catch (error) {
    return { path: directory, problem: problemWords(error) };
  } finally {
    if (existsSync(probe)) rmSync(probe); // on a full disk there is the name, and nothing in it
  }
}

function look(path: string, uid: number | undefined): FileLook | undefined {
  try {
    const stats = statSync(path);
    const mode = uid === undefined ? 0 : stats.mode & 0o777;
    return { path, isDirectory: stats.isDirectory(), mode, owner: ownerOf(stats.uid, uid) };
  } catch {
    return undefined; // as promised
  }
}

function ownerOf(owner: number, uid: number | undefined): FileLook['owner'] {
  if (uid === undefined || owner === uid) return 'self';
  return owner === 0 ? 'root' : 'other';
}

function startLine(line: string, { way, env }: LineManner): ChildProcess | undefined {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const options = { env, stdio, cwd: '/', detached: process.platform !== 'win32' };
  if (way === 'shell') return spawn(line, { ...options, shell: true });
  const [program, ...words] = shellWords(line);
  return program === undefined || program === '' ? undefined : spawn(program, words, options);
}

async function runLine(line: string, manner: LineManner): Promise<LineRun> {
  const { way, deadlineMs, mostBytes } = manner;
  const nothing = { way, status: undefined, stdout: '', stderr: '' };
  const child = startLine(line, manner);
  if (child === undefined) return { ...nothing, end: 'not-started' };
  return await new Promise((resolve) => {
    const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    const stop = (end: LineRun['end']) => {
      clearTimeout(giveUp);
      killAll(child);
      resolve({ ...nothing, end });
    };
    const giveUp = setTimeout(() => stop('too-late'), deadlineMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        chunks[name].push(chunk);
        bytes += chunk.length;
        if (bytes > mostBytes) stop('too-much');
      });
    }
    child.once('error', () => stop('not-started'));
    // What it left running in the background may hold the pipes open; clients wait for the program alone, or for both.
    child.once('close', (code) => {
      clearTimeout(giveUp);
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
      resolve({ way, status: code ?? undefined, stdout: text('stdout'), stderr: text('stderr'), end: 'exited' });
    });
  });
}

function killAll({ pid, stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // it has just ended by itself
  }
}
