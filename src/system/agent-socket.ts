// The place of the agent's socket: our own directory, a name that fits, and nobody else's socket removed.

import { chmodSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { sha256Hex } from '../credentials/digest.ts';
import { AppError } from '../errors.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { errorCode, problemWords } from './problem-words.ts';

/** `agent.sock` in the runtime directory; on Windows a pipe named after the state directory. */
export function agentSocketPath(
  platform: NodeJS.Platform,
  directories: { readonly runtime: string; readonly state: string },
): string {
  if (platform === 'win32') return `\\\\.\\pipe\\rolekeeper-${sha256Hex(directories.state.toLowerCase()).slice(0, 32)}`;
  return join(directories.runtime, 'agent.sock');
}

/** unix(7): `sun_path` has 108 bytes with the NUL, 104 on macOS. Node 20 silently cuts off what is longer. */
export function isSocketTooLong(path: string): boolean {
  return Buffer.byteLength(path) > longestPath();
}

/**
 * Makes way for a socket at this path: makes and checks its directory, and removes what a killed agent left. Call it under the agent's lock.
 * Throws `agent-running` when somebody answers there, `state-unwritable` and `foreign-owner` when there is no place for it.
 */
export async function prepareSocketPath(path: string, owner: Owner): Promise<void> {
  if (process.platform === 'win32') return;
  refuseTooLong(path);
  ensurePrivateDirectory({ base: dirname(path), below: [], owner });
  // Callers go by what lies there itself, and would never come.
  if (lstatSync(dirname(path)).isSymbolicLink())
    throw new AppError('state-unwritable', {
      path: dirname(path),
      problem: 'it is a link, which callers do not trust; name the directory itself',
    });
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new AppError('state-unwritable', { path, problem: 'something that is no socket lies there' });
  if (await isAnswered(path)) throw new AppError('agent-running', { socket: path });
  removeStale(path);
}

/** For others of this user no difference, since the directory is closed to the rest; but a backup or a scan then sees no open door. */
export function closeToOthers(path: string): void {
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

/**
 * True for a socket of this user in a directory that is closed to all others, as the front wants it. Whatever else lies there may be
 * somebody's trap: nothing is said to it.
 */
export function isOwnSocket(path: string, uid: number | undefined): boolean {
  if (process.platform === 'win32') return true; // a token says who may ask; who answers, nothing here can tell
  const isOwn = (stats: Stats | undefined) => stats !== undefined && (uid === undefined || stats.uid === uid);
  const [directory, socket] = [dirname(path), path].map((place) => lstatOrUndefined(place));
  const isClosed = directory?.isDirectory() === true && (directory.mode & 0o077) === 0;
  return isClosed && isOwn(directory) && socket?.isSocket() === true && isOwn(socket);
}

/** What tells this socket from one that another agent made at the same path; undefined where nothing is. */
export function socketIdentity(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  // Behind a directory that others may enter no caller comes any more.
  const directory = lstatOrUndefined(dirname(path));
  const isClosed = directory?.isDirectory() === true && (directory.mode & 0o077) === 0;
  const stats = isClosed ? lstatSync(path, { bigint: true, throwIfNoEntry: false }) : undefined;
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino}`;
}

function lstatOrUndefined(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined; // whatever hides it from us, it is of no use to us
  }
}

function refuseTooLong(path: string): void {
  if (!isSocketTooLong(path)) return;
  const problem = `the name is longer than the ${longestPath()} bytes that a socket may have; set ROLEKEEPER_RUNTIME_DIR to a shorter directory`;
  throw new AppError('state-unwritable', { path, problem });
}

function longestPath(): number {
  return process.platform === 'linux' ? 107 : 103;
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return; // gone already, as wanted
    throw new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = errorCode(error) ?? '';
      // Nobody listens, or it has just gone.
      if (['ECONNREFUSED', 'ENOENT'].includes(code)) return resolve(false);
      // unix(7): somebody listens, with a full queue.
      if (code === 'EAGAIN') return resolve(true);
      reject(new AppError('state-unwritable', { path, problem: problemWords(error) }, error));
    });
  });
}
