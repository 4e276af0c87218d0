// What a machine keeps and shows: files with their names, and the arguments and environments of all processes.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Something that others may read, and where it is. */
export interface Seen {
  readonly place: string;
  readonly bytes: Buffer;
}

/** Every file below a directory, every path and where its links lead. What goes away meanwhile is left out. */
export function filesBelow(directory: string): readonly Seen[] {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name));
  return paths.flatMap((path) => [{ place: `the path ${path}`, bytes: Buffer.from(path) }, ...contentOf(path)]);
}

/** `cmdline` and `environ` of every process that we may look at, this one left out. */
export function processesNow(ownPid: number): readonly Seen[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== ownPid);
  return pids.flatMap((pid) => ['cmdline', 'environ'].flatMap((name) => read(`/proc/${pid}/${name}`)));
}

function contentOf(path: string): readonly Seen[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink()) return [{ place: `the link ${path}`, bytes: Buffer.from(readlinkSync(path)) }];
  return stats?.isFile() ? read(path) : [];
}

function read(path: string): readonly Seen[] {
  try {
    return [{ place: path, bytes: readFileSync(path) }];
  } catch (error) {
    // Ended or removed since it was listed, or not ours to read.
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH', 'EACCES'].includes(String(error.code))) return [];
    throw error;
  }
}
