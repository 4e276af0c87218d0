// The file calls of one lease, in the form proper-lockfile takes them. Its calls remove a lock by name alone, whoever's it is by then;
// these remove nothing but the directory that was looked at last.

import { mkdir, mkdirSync, rmdirSync, type Stats, stat, statSync, utimesSync } from 'node:fs';
import { errorCode } from './problem-words.ts';

type Done = (error: Error | null) => void;

/** What proper-lockfile's option `fs` must have when `realpath` is off. */
export interface LeaseFiles {
  mkdir(path: string, done: Done): void;
  stat(path: string, done: (error: Error | null, stats: Stats) => void): void;
  utimes(path: string, accessed: Date, modified: Date, done: Done): void;
  rmdir(path: string, done: Done): void;
  rmdirSync(path: string): void;
  /** True while the lock directory is still the one that was looked at or touched last. */
  isUnchanged(path: string): boolean;
  /** The lease ends: from now on its directory is not touched any more, only removed, and only if it is still ours. */
  retire(): void;
}

/** One for each try to take a lease. `staleMs` as proper-lockfile was told. */
export function createLeaseFiles(staleMs: number): LeaseFiles {
  let seen: Identity | undefined;
  let isRetired = false;
  const isUnchanged = (path: string): boolean => {
    try {
      return isSame(seen, identityAt(path));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return false; // out of reach, it may be another's by now
    }
  };
  const release = (path: string): void => {
    if (isUnchanged(path)) rmdirSync(path);
  };
  const remove = (path: string): void => {
    if (isRetired) release(path);
    else if (seen !== undefined) removeStale(path, seen, staleMs);
  };
  return {
    mkdir,
    stat(path, done) {
      stat(path, (error, stats) => {
        if (error === null) seen = identityOf(stats);
        done(error, stats);
      });
    },
    utimes(path, accessed, modified, done) {
      if (isRetired) return done(null);
      // At once: between the disk's change and our knowing of it, nobody must ask isUnchanged.
      const error = errorOf(() => utimesSync(path, accessed, modified));
      if (error === null && seen !== undefined) seen = { ...seen, mtimeMs: modified.getTime() };
      done(error);
    },
    rmdir(path, done) {
      const error = errorOf(() => remove(path));
      done(errorCode(error) === 'ENOENT' ? null : error); // another process was faster
    },
    rmdirSync: release,
    isUnchanged,
    retire() {
      isRetired = true;
    },
  };
}

interface Identity {
  readonly inode: number;
  readonly mtimeMs: number;
}

function identityOf(stats: Stats): Identity {
  return { inode: stats.ino, mtimeMs: stats.mtime.getTime() };
}

function identityAt(path: string): Identity | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : identityOf(stats);
}

function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
  return a !== undefined && b !== undefined && a.inode === b.inode && a.mtimeMs === b.mtimeMs;
}

// Of all who found this one lock stale, only the one that makes its mark looks once more and removes it. Whoever comes later finds the
// mark, or another lock. (A plain rmdir let in a second holder in 8 rounds of 10, with a look before it in 3, with the mark in none.)
function removeStale(path: string, expected: Identity, staleMs: number): void {
  const mark = `${path}.${expected.inode}-${expected.mtimeMs}`;
  if (!makeMark(mark, staleMs)) return;
  try {
    if (isSame(expected, identityAt(path))) rmdirSync(path);
  } finally {
    rmdirSync(mark);
  }
}

function makeMark(mark: string, staleMs: number): boolean {
  try {
    mkdirSync(mark, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    // Whoever made it was killed in the middle. The next try makes it anew.
    if (statSync(mark).mtimeMs < Date.now() - staleMs) rmdirSync(mark);
    return false;
  }
}

function errorOf(action: () => void): Error | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
