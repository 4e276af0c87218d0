// The state directory behind its port: one small file per id, and one for the principals. Never holds a secret.
// Writers of many processes may meet: each file is replaced whole, and a broken one is kept aside before it is replaced.

import { closeSync, linkSync, openSync, readdirSync, type Stats, statSync, unlinkSync, utimesSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { KeyId } from '../config/names.ts';
import { AppError } from '../errors.ts';
import type { Log } from '../ports/log.ts';
import type { State, StateRecord } from '../ports/state.ts';
import { ensurePrivateDirectory, type Owner } from './directory.ts';
import { createFileDigests } from './file-digests.ts';
import { errorCode, problemWords } from './problem-words.ts';
import {
  listRecords,
  principalsPath,
  readable,
  readPrincipals,
  readRecord,
  readRecordFile,
  recordPath,
  type StateFile,
  stateFormat,
} from './state-reader.ts';
import { writeWholeFile } from './whole-file.ts';

export interface StatePlace {
  /** From `stateDirectory`. */
  readonly base: string;
  /** From `readMachineName`. */
  readonly machine: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** Nothing is read or made before it is needed; reading never makes anything. */
export function createState(place: StatePlace): State {
  const directory = join(place.base, place.machine);
  return {
    read: (id) => readRecord(directory, id),
    list: () => listRecords(directory),
    publish: (record) => publish(place, record),
    remove: (id) => {
      remove(place, recordPath(directory, id));
      remove(place, askedPath(directory, id));
    },
    principal: (keys) => readable(readPrincipals(directory))?.get(keys),
    rememberPrincipal: (keys, userArn) => changePrincipals(place, (principals) => principals.set(keys, userArn)),
    forgetPrincipal: (keys) => changePrincipals(place, (principals) => principals.delete(keys)),
    digestOf: createFileDigests(place.owner.home),
    userName: () => userNameOf(place.owner.uid),
    machineName: () => place.machine,
    stamp: () => directoryStamp(directory),
    noteAsked: (id) => noteAsked(place, askedPath(directory, id)),
    askedAt: (id) => statOrUndefined(askedPath(directory, id))?.mtimeMs,
  };
}

/** The number of a user whom the password database does not know, as in many containers. */
function userNameOf(uid: number | undefined): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (errorCode(error) !== 'ERR_SYSTEM_ERROR') throw error;
    return String(uid);
  }
}

/** Two changes within one tick of the file system's clock look like one: a directory that was changed just now has no stamp yet. */
const settledMs = 50;

// Every record is renamed into its place, which the directory's time shows; the notes of askers are touched where they are.
function directoryStamp(directory: string): string {
  const changedAtMs = statOrUndefined(directory)?.mtimeMs;
  if (changedAtMs === undefined) return 'absent';
  return Math.abs(Date.now() - changedAtMs) < settledMs ? `unsettled ${performance.now()}` : String(changedAtMs);
}

// What may not be looked at tells as little as what is not there; whoever writes next says why.
function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

const askedEveryMs = 3_600_000;

function askedPath(directory: string, id: KeyId): string {
  return join(directory, `${id}.asked`);
}

function noteAsked(place: StatePlace, path: string): void {
  try {
    const now = Date.now();
    const notedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (notedAt !== undefined && Math.abs(now - notedAt) < askedEveryMs) return;
    if (notedAt === undefined) makeNote(place, path);
    else utimesSync(path, now / 1000, now / 1000);
  } catch {
    // A full disk, a directory of another user: a note is never worth a failure.
  }
}

function makeNote(place: StatePlace, path: string): void {
  ensureDirectory(place);
  closeSync(openSync(path, 'a', 0o600));
}

function publish(place: StatePlace, record: StateRecord): void {
  const directory = ensureDirectory(place);
  const path = recordPath(directory, record.id);
  makeWay(path, readRecordFile(directory, record.id), place.log);
  writeWholeFile(path, `${JSON.stringify({ v: stateFormat, ...record })}\n`);
}

function remove(place: StatePlace, path: string): void {
  try {
    ensureDirectory(place);
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return; // gone already, as wanted
    throw error instanceof AppError ? error : new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
  }
}

// Two processes at once may lose one of two changes. That is harmless: these are copies of what the store's items say.
function changePrincipals(place: StatePlace, change: (principals: Map<string, string>) => unknown): void {
  const directory = ensureDirectory(place);
  const path = principalsPath(directory);
  const file = readPrincipals(directory);
  makeWay(path, file, place.log);
  const principals = new Map(readable(file));
  change(principals);
  writeWholeFile(path, `${JSON.stringify({ v: stateFormat, principals: Object.fromEntries(principals) })}\n`);
}

function ensureDirectory({ base, machine, owner }: StatePlace): string {
  return ensurePrivateDirectory({ base, below: [machine], owner });
}

function makeWay(path: string, file: StateFile<unknown>, log: Log): void {
  if (file.kind === 'newer') throw new AppError('format-newer', { what: path, version: file.version });
  if (file.kind === 'broken') setAside(path, log);
}

const keptBroken = 3;

// A second link rather than a move: at no moment does a reader find nothing where the new file is about to be.
function setAside(path: string, log: Log): void {
  log.event('state.broken', { path });
  try {
    const earlier = numbersAside(path);
    linkSync(path, asidePath(path, (earlier.at(-1) ?? 0) + 1));
    for (const number of earlier.slice(0, Math.max(0, earlier.length + 1 - keptBroken))) unlinkSync(asidePath(path, number));
  } catch (error) {
    // A copy of garbage is a courtesy to whoever looks for the cause. Without it (no links on this disk, another process was faster)
    // the state is rebuilt all the same.
    log.event('state.not-set-aside', { path, problem: problemWords(error) });
  }
}

function asidePath(path: string, number: number): string {
  return `${path}.${number}.broken`;
}

function numbersAside(path: string): readonly number[] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
  return names.flatMap((name) => /\.(\d{1,9})\.broken$/.exec(name)?.slice(1).map(Number) ?? []).sort((a, b) => a - b);
}
