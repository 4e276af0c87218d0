// The audit trail on the disk: JSON lines in files of the user's alone, one or more for each day, the oldest removed.
// No file is ever renamed and each line is one write at the end, so that any number of processes may write without a lock.

import { appendFileSync, closeSync, constants, fchmodSync, fstatSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parseAuditLine, toAuditLine } from '../config/audit-line.ts';
import { AppError, toAppError } from '../errors.ts';
import type { AuditEntry, AuditLog, AuditTrail } from '../ports/audit.ts';
import type { Log } from '../ports/log.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { namesIn } from './names-in.ts';
import { readPlainBytes } from './plain-file.ts';
import { errorCode, problemWords } from './problem-words.ts';

export interface AuditPlace {
  readonly base: string;
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** 16 files of 4 MB: about 300,000 answers. */
export interface AuditLimits {
  readonly fileBytes: number;
  readonly files: number;
}

const usualLimits: AuditLimits = { fileBytes: 4_000_000, files: 16 };
const directoryName = 'audit';

export function createAuditTrail(place: AuditPlace, limits = usualLimits): AuditTrail {
  return {
    record(entry) {
      try {
        append(entry, place, limits);
      } catch (error) {
        place.log.event('audit.unwritable', { problem: toAppError(error).message });
      }
    },
  };
}

export function createAuditLog({ base, machine }: Pick<AuditPlace, 'base' | 'machine'>): AuditLog {
  const directory = join(base, machine, directoryName);
  /** How much of each file was read, up to the end of a line. */
  const seen = new Map<string, number>();
  const readNew = () => trailNames(directory).flatMap((name) => entriesAfter(join(directory, name), seen));
  return {
    read() {
      seen.clear();
      return readNew();
    },
    readNew,
  };
}

function append(entry: AuditEntry, { base, machine, owner }: AuditPlace, { fileBytes, files }: AuditLimits): void {
  const directory = ensurePrivateDirectory({ base, below: [machine, directoryName], owner });
  const names = trailNames(directory);
  const name = fileFor(entry, { directory, names, fileBytes });
  // Not through a link that somebody put there, and not into a pipe, which would be waited for.
  const flags =
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = openSync(join(directory, name), flags, 0o600);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new AppError('config-unreadable', { path: join(directory, name), problem: 'it is not a file' });
    if (!names.includes(name)) {
      fchmodSync(file, 0o600);
      for (const old of names.slice(0, Math.max(0, names.length + 1 - files))) remove(join(directory, old));
    }
    appendFileSync(file, `${endsInLine(file, stats.size) ? '' : '\n'}${toAuditLine(entry)}`);
  } finally {
    closeSync(file);
  }
}

/** False after a full disk, or a process that was killed: half a line would take the next one with it. */
function endsInLine(file: number, size: number): boolean {
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  return readSync(file, last, 0, 1, size - 1) === 0 || last.toString() === '\n';
}

/** `2026-01-02.000.jsonl`: in the order of their names they are in the order of their time. */
function fileFor(
  { at }: AuditEntry,
  { directory, names, fileBytes }: { readonly directory: string; readonly names: readonly string[]; readonly fileBytes: number },
): string {
  const day = new Date(at).toISOString().slice(0, 10);
  // Not simply the last one: a clock that was ahead has left files of days to come.
  const last = names.findLast((name) => name.startsWith(day));
  const number = last === undefined ? -1 : Number(last.slice(11, 14));
  const isFull = number === -1 || (sizeOf(join(directory, last ?? '')) >= fileBytes && number < mostPerDay);
  return `${day}.${String(isFull ? number + 1 : number).padStart(3, '0')}.jsonl`;
}

const mostPerDay = 999;

function entriesAfter(path: string, seen: Map<string, number>): readonly AuditEntry[] {
  const size = sizeOf(path);
  const before = seen.get(path) ?? 0;
  const from = size < before ? 0 : before; // removed, and made again
  if (size <= from) return [];
  const bytes = readBytes(path).subarray(from);
  const end = bytes.lastIndexOf('\n') + 1; // the rest is just being written
  seen.set(path, from + end);
  return bytes
    .subarray(0, end)
    .toString('utf8')
    .split('\n')
    .flatMap((line) => parseAuditLine(line) ?? []);
}

function readBytes(path: string): Buffer {
  try {
    return readPlainBytes(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return Buffer.alloc(0); // its time was over
    throw new AppError('config-unreadable', { path, problem: problemWords(error) }, error);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function trailNames(directory: string): readonly string[] {
  try {
    return namesIn(directory)
      .filter((name) => /^\d{4}-\d\d-\d\d\.\d{3}\.jsonl$/.test(name))
      .sort();
  } catch (error) {
    throw new AppError('config-unreadable', { path: directory, problem: problemWords(error) }, error);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error; // another process was faster
  }
}
