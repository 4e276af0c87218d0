// Runs a program under strace: what every process of it was started with, and every byte it wrote into a file, however short that lived.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needProgram } from '../harness/session-bus.ts';
import type { Ran, Running, RunOptions, World } from '../harness/world.ts';
import type { Seen } from './places.ts';

export interface Watched extends Ran {
  /** One for each program that was started. */
  readonly argv: readonly Seen[];
  readonly environ: readonly Seen[];
  /** One for each write into a file, also into one that is gone by now. Pipes, sockets and terminals are left out. */
  readonly written: readonly Seen[];
}

const options = ['-f', '-qq', '-v', '-y', '-xx', '-s', '4194304', '-e', 'signal=none'];
const starting = ['execve', 'execveat'];
const writing = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'];

/** Until the program and all that it started have ended. */
export function watchedRun(world: World, command: readonly string[], given: RunOptions = {}): Promise<Watched> {
  return startWatched(world, command, given).ended;
}

/** The same, still running. The child is strace, which ends with the last process that it watches. */
export function startWatched(
  world: World,
  command: readonly string[],
  given: RunOptions = {},
): { readonly child: Running['child']; readonly ended: Promise<Watched> } {
  needProgram('strace', 'strace');
  const directory = mkdtempSync(join(tmpdir(), 'rk-watch-'));
  const record = join(directory, 'record');
  const trace = ['-e', `trace=${[...starting, ...writing].join(',')}`, '-o', record];
  const { child, ended } = world.startCommand('strace', [...options, ...trace, ...command], given);
  child.stdin?.end(given.stdin ?? '');
  return {
    child,
    ended: ended
      .then((ran) => ({ ...ran, ...seenIn(readFileSync(record, 'latin1')) }))
      .finally(() => rmSync(directory, { recursive: true })),
  };
}

// With -xx every string and every file's path is \xNN for each byte, so that no quote or bracket of theirs is in the way:
// `PID execve("…", ["…", …], ["…", …]) = 0` and `PID write(3<…>, "…", 5) = 5`.
const started = /^\d+ +execve(?:at)?\(.*?, \[(.*?)\], \[(.*?)\]/gm;
const wrote = /^\d+ +p?writev?(?:64|2)?\(\d+<(.*?)>, (.*)$/gm;

function seenIn(record: string): Pick<Watched, 'argv' | 'environ' | 'written'> {
  const starts = [...record.matchAll(started)].map(([, argv = '', environ = '']) => ({
    argv: stringsIn(argv),
    environ: stringsIn(environ),
  }));
  const writes = [...record.matchAll(wrote)].map(([, path = '', said = '']) => ({
    place: stringsIn(path).toString(),
    bytes: stringsIn(said),
  }));
  return {
    argv: starts.map(({ argv }) => ({ place: 'arguments of a process', bytes: argv })),
    environ: starts.map(({ argv, environ }) => ({ place: `environment of ${argv}`, bytes: environ })),
    written: writes.filter(({ place }) => place.startsWith('/') && !place.startsWith('/dev/')),
  };
}

/** All strings in a row, with a blank between two of them. */
function stringsIn(words: string): Buffer {
  const hex = words.replaceAll(/", "/g, '\\x20').matchAll(/\\x([0-9a-f]{2})/g);
  return Buffer.from([...hex].map(([, digits = '']) => digits).join(''), 'hex');
}
