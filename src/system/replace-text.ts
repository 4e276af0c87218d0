// Replaces one of the user's text files, whole, or removes it. The file may be a link, belong to somebody else, or change under our hands;
// whatever stands in the way, the old file stays as it was.

import {
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { isForeign } from './directory.ts';
import { errorCode, problemWords } from './problem-words.ts';
import { putWholeFile } from './whole-file.ts';

export interface Replacement {
  readonly path: string;
  /** What the edit was made from; undefined: there was no file. */
  readonly expected: string | undefined;
  readonly text: string | Uint8Array;
}

export interface Surroundings {
  /** The user we write as. */
  readonly uid: number | undefined;
  readonly read: (path: string) => string | undefined;
}

/** As TextFiles.replace promises. The directory of a file that is no link is made if it is missing, for the user alone. */
export function replaceText({ path, expected, text }: Replacement, { uid, read }: Surroundings): void {
  const refuseChanged = () => {
    if (read(path) !== expected) throw changed(path);
  };
  try {
    const target = targetOf(path, uid);
    refuseChanged();
    if (target === resolve(path)) makeDirectory(dirname(target), uid);
    refuseForeignPlace(dirname(target), statSync(dirname(target)), uid);
    const before = statSync(target, { throwIfNoEntry: false });
    if (before !== undefined) refuseSpecial(target, before, uid);
    refuseHardLink(path, before);
    putWholeFile({
      path: target,
      text,
      temporaryPrefix: '.rolekeeper-tmp-',
      ...(before === undefined ? {} : { dress: (file: number) => dressLike(before, file) }),
      lastLook: refuseChanged,
    });
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('config-unwritable', { path, problem: problemWords(error) }, error);
  }
}

/** As TextFiles.remove promises. */
export function removeText({ path, expected }: Omit<Replacement, 'text'>, { uid, read }: Surroundings): void {
  try {
    const target = targetOf(path, uid);
    if (read(path) !== expected) throw changed(path);
    refuseSpecial(target, statSync(target), uid);
    unlinkSync(target);
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('config-unwritable', { path, problem: problemWords(error) }, error);
  }
}

/** As TextFiles.refuseHardLink promises. */
export function refuseHardLink(path: string, stats: Stats | undefined): void {
  if (stats === undefined || !stats.isFile() || stats.nlink < 2) return;
  throw new AppError('config-unwritable', {
    path,
    problem: 'it has another name, by a hard link, under which the old text would stay',
    hint: `remove the other name, or make it a symbolic link: \`find ~ -samefile ${shellWord(path)}\` looks for it`,
  });
}

// realpath(3) fails where the last link leads to nothing yet; such a link is followed by hand.
function targetOf(path: string, uid: number | undefined, linksLeft = 40): string {
  const place = join(realDirectory(dirname(resolve(path))), basename(path));
  const link = lstatSync(place, { throwIfNoEntry: false });
  if (link?.isSymbolicLink() !== true) return place;
  refuseForeignPlace(place, link, uid);
  if (linksLeft === 0) throw new AppError('config-unwritable', { path, problem: 'its links form a circle' });
  return targetOf(resolve(dirname(place), readlinkSync(place)), uid, linksLeft - 1);
}

function realDirectory(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return path; // to be made
    throw error;
  }
}

function makeDirectory(path: string, uid: number | undefined): void {
  const nearest = nearestExisting(path);
  if (nearest === path) return;
  refuseForeignPlace(nearest, statSync(nearest), uid);
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  return parent === path || statSync(path, { throwIfNoEntry: false }) !== undefined ? path : nearestExisting(parent);
}

function refuseForeignPlace(path: string, stats: Stats, uid: number | undefined): void {
  if (isForeign(stats, uid)) throw new AppError('foreign-owner', { path, ownerUid: stats.uid });
}

// Root's files are not for others to replace by their own either, unlike root's directories.
function refuseSpecial(path: string, stats: Stats, uid: number | undefined): void {
  if (uid !== undefined && stats.uid !== uid) throw new AppError('foreign-owner', { path, ownerUid: stats.uid });
  if (!stats.isFile()) throw new AppError('config-unwritable', { path, problem: 'it is not an ordinary file' });
}

const groupBits = 0o070;

// The owner is ours already. A group that we may not give away loses what it could do, lest another group gain it.
function dressLike(before: Stats, file: number): void {
  fchmodSync(file, before.mode & 0o7777 & ~(hasGroup(before, file) ? 0 : groupBits));
}

function hasGroup(before: Stats, file: number): boolean {
  if (fstatSync(file).gid === before.gid) return true;
  try {
    fchownSync(file, before.uid, before.gid);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EPERM') return false; // we are not of that group
    throw error;
  }
}

function changed(path: string): AppError {
  const problem = 'another program changed it at the same time';
  return new AppError('config-unwritable', { path, problem, hint: 'run the command again' });
}
