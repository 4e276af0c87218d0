// The directory of the age store: safe file names, files that appear whole, nothing read or written through links or in another
// user's directory. Knows nothing of encryption.

import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { ensurePrivateDirectory } from '../system/directory.ts';
import { errorCode, problemWords } from '../system/problem-words.ts';
import { putWholeFile } from '../system/whole-file.ts';

export interface AgeDirectoryOptions {
  readonly path: string;
  /** Undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  /** For messages. */
  readonly description: string;
}

const maxFileBytes = 8 * 1024 * 1024;
// Room for `.tmp-…` before it and `.corrupt-…` after it within the 255 bytes of a name.
const maxNameLength = 200;
const temporaryPrefix = '.tmp-';

/** The file name of an account: lower-case letters, digits, `-` and `_` as they are, all other bytes as `%xx`. */
export function itemFileName(account: string): string {
  const escaped = [...Buffer.from(account)].map(escapedByte).join('');
  if (escaped.length <= maxNameLength) return `${escaped}.age`;
  return `${escaped.slice(0, maxNameLength - 33)}~${createHash('sha256').update(account).digest('hex').slice(0, 32)}.age`;
}

/** All methods throw `store-unavailable`, `foreign-owner`; writing ones also `state-unwritable` and the errors of the file system. */
export class AgeDirectory {
  readonly #options: AgeDirectoryOptions;

  constructor(options: AgeDirectoryOptions) {
    this.#options = options;
  }

  pathOf(name: string): string {
    return join(this.#options.path, name);
  }

  /** Undefined when there is no such file. */
  read(name: string): Buffer | undefined {
    if (!this.#isThere()) return undefined;
    const path = this.pathOf(name);
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    return this.#unlessAbsent(path, () => {
      const file = openSync(path, flags);
      try {
        this.#check(path, fstatSync(file), 'file');
        return readFileSync(file);
      } finally {
        closeSync(file);
      }
    });
  }

  /** Whole or not at all, and on the disk before this returns. Replaces what is there. */
  replace(name: string, bytes: Uint8Array): void {
    this.#ensure();
    putWholeFile({ path: this.pathOf(name), text: bytes, temporaryPrefix });
  }

  /** As `replace`, but false, with nothing written, when such a file exists. */
  create(name: string, bytes: Uint8Array): boolean {
    this.#ensure();
    const candidate = this.pathOf(`${temporaryPrefix}${randomBytes(6).toString('hex')}-${name}`);
    try {
      putWholeFile({ path: candidate, text: bytes, temporaryPrefix });
      return linkNew(candidate, this.pathOf(name));
    } finally {
      rmSync(candidate, { force: true });
    }
  }

  /** False when there is no such file. */
  delete(name: string): boolean {
    if (!this.#isThere()) return false;
    try {
      rmSync(this.pathOf(name));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Moves a damaged file to `NAME.corrupt-N`, unless somebody has written another meanwhile. Leaves it where nothing can be moved. */
  setAside(name: string, damaged: Buffer): void {
    if (this.read(name)?.equals(damaged) !== true) return;
    try {
      this.#moveAside(name, damaged);
    } catch (error) {
      // Kept garbage is a courtesy to whoever looks for the cause. A disk that takes no writes, or a process that was faster, leaves it so.
      if (isAppError(error) || errorCode(error) === undefined) throw error;
    }
  }

  /** File names that end in `.age`. */
  list(): readonly string[] {
    if (!this.#isThere()) return [];
    return readdirSync(this.#options.path).filter((name) => name.endsWith('.age') && !name.startsWith(temporaryPrefix));
  }

  #moveAside(name: string, damaged: Buffer): void {
    const taken = new Set(readdirSync(this.#options.path));
    let number = 1;
    while (taken.has(`${name}.corrupt-${number}`)) number += 1;
    const aside = `${name}.corrupt-${number}`;
    renameSync(this.pathOf(name), this.pathOf(aside));
    // Another process may have written a good file between the look and the move: then that one goes back, unless yet another is there.
    if (this.read(aside)?.equals(damaged) === false) {
      linkNew(this.pathOf(aside), this.pathOf(name));
      rmSync(this.pathOf(aside), { force: true });
    }
  }

  #ensure(): void {
    const { path, uid } = this.#options;
    ensurePrivateDirectory({ base: path, below: [], owner: { uid, home: path } });
  }

  #isThere(): boolean {
    const { path } = this.#options;
    // A link may lead elsewhere (a bigger disk) if the user made it; one planted by another user may not.
    const link = this.#unlessAbsent(path, () => lstatSync(path));
    if (link === undefined) return false;
    this.#checkOwner(path, link);
    this.#check(path, this.#unlessAbsent(path, () => statSync(path)) ?? link, 'directory');
    return true;
  }

  #check(path: string, stats: Stats, kind: 'file' | 'directory'): void {
    const isRight = kind === 'file' ? stats.isFile() : stats.isDirectory();
    if (!isRight) throw this.#broken(`${path} is ${stats.isSymbolicLink() ? 'a link to nothing' : `not a ${kind}`}`);
    this.#checkOwner(path, stats);
    if (kind === 'file' && stats.size > maxFileBytes) throw this.#broken(`${path} is over 8 MiB`);
  }

  #checkOwner(path: string, stats: Stats): void {
    const { uid } = this.#options;
    if (uid !== undefined && stats.uid !== uid) throw new AppError('foreign-owner', { path, ownerUid: stats.uid });
  }

  #unlessAbsent<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (isAppError(error)) throw error;
      if (errorCode(error) === 'ENOENT') return undefined;
      if (errorCode(error) === 'ELOOP') throw this.#broken(`${path} is a symbolic link`, error);
      throw this.#broken(`${path} cannot be read: ${problemWords(error)}`, error);
    }
  }

  #broken(problem: string, cause?: unknown): AppError<'store-unavailable'> {
    const hint = `look at it: \`ls -la ${shellWord(this.#options.path)}\``;
    return new AppError('store-unavailable', { store: this.#options.description, problem, hint }, cause);
  }
}

// Capitals too: "Corp" and "corp" are one file on macOS and Windows.
function escapedByte(value: number): string {
  const character = String.fromCharCode(value);
  return /[a-z0-9_-]/.test(character) ? character : `%${value.toString(16).padStart(2, '0')}`;
}

// A link is made or not, with nothing in between. File systems without links get a copy.
function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? '')) throw error;
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  }
}
