// The directory of the age store: safe file names, files that appear whole, nothing read or written through links or in another
// user's directory. Knows nothing of encryption.

import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { AppError } from '../errors.ts';

export interface AgeDirectoryOptions {
  readonly path: string;
  /** Undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  /** For messages. */
  readonly description: string;
}

const maxFileBytes = 8 * 1024 * 1024;
const maxNameLength = 200;
const temporaryLifeMs = 10 * 60_000;

/** The file name of an account: lower-case letters, digits, `-` and `_` as they are, all other bytes as `%xx`. */
export function itemFileName(account: string): string {
  const escaped = [...Buffer.from(account)].map(escapedByte).join('');
  if (escaped.length <= maxNameLength) return `${escaped}.age`;
  return `${escaped.slice(0, maxNameLength - 33)}~${createHash('sha256').update(account).digest('hex').slice(0, 32)}.age`;
}

/** All methods throw `store-unavailable`, `foreign-owner`; writing ones also the error of the file system. */
export class AgeDirectory {
  readonly #options: AgeDirectoryOptions;
  #isSwept = false;

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
    const file = this.#unlessAbsent(path, () => openSync(path, flags));
    if (file === undefined) return undefined;
    try {
      this.#check(path, fstatSync(file), 'file');
      return readFileSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Whole or not at all, and on the disk before this returns. Replaces what is there. */
  replace(name: string, bytes: Uint8Array): void {
    this.#writeAside(bytes, (temporary) => renameSync(temporary, this.pathOf(name)));
  }

  /** As `replace`, but false, with nothing written, when such a file exists. */
  create(name: string, bytes: Uint8Array): boolean {
    return this.#writeAside(bytes, (temporary) => {
      const isNew = linkNew(temporary, this.pathOf(name));
      rmSync(temporary);
      return isNew;
    });
  }

  /** False when there is no such file. */
  delete(name: string): boolean {
    if (!this.#isThere()) return false;
    try {
      rmSync(this.pathOf(name));
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Moves a damaged file to `NAME.corrupt-N`, unless somebody has written another meanwhile. */
  setAside(name: string, damaged: Buffer): void {
    const now = this.read(name);
    if (now === undefined || !now.equals(damaged)) return;
    const taken = new Set(readdirSync(this.#options.path));
    let number = 1;
    while (taken.has(`${name}.corrupt-${number}`)) number += 1;
    renameSync(this.pathOf(name), this.pathOf(`${name}.corrupt-${number}`));
  }

  /** File names that end in `.age`. */
  list(): readonly string[] {
    if (!this.#isThere()) return [];
    return readdirSync(this.#options.path).filter((name) => name.endsWith('.age'));
  }

  #writeAside<T>(bytes: Uint8Array, publish: (temporary: string) => T): T {
    if (!this.#isThere()) mkdirSync(this.#options.path, { recursive: true, mode: 0o700 });
    if (!this.#isThere()) throw this.#broken(`${this.#options.path} vanished`);
    this.#sweep();
    const temporary = this.pathOf(`.tmp-${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      writeNew(temporary, bytes);
      const published = publish(temporary);
      flushDirectory(this.#options.path);
      return published;
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  // Left by processes that were killed in the middle of a write.
  #sweep(): void {
    if (this.#isSwept) return;
    this.#isSwept = true;
    const old = Date.now() - temporaryLifeMs;
    for (const name of readdirSync(this.#options.path).filter((each) => each.startsWith('.tmp-'))) {
      const stats = lstatSync(this.pathOf(name), { throwIfNoEntry: false });
      if (stats !== undefined && stats.mtimeMs < old) rmSync(this.pathOf(name), { force: true });
    }
  }

  #isThere(): boolean {
    const { path } = this.#options;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) this.#check(path, stats, 'directory');
    return stats !== undefined;
  }

  #check(path: string, stats: Stats, kind: 'file' | 'directory'): void {
    const isRight = kind === 'file' ? stats.isFile() : stats.isDirectory();
    if (!isRight) throw this.#broken(`${path} is ${stats.isSymbolicLink() ? 'a symbolic link' : `no ${kind}`}`);
    if (this.#options.uid !== undefined && stats.uid !== this.#options.uid) {
      throw new AppError('foreign-owner', { path, ownerUid: stats.uid });
    }
    if (kind === 'file' && stats.size > maxFileBytes) throw this.#broken(`${path} is over 8 MiB`);
  }

  #unlessAbsent<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      if (codeOf(error) === 'ELOOP') throw this.#broken(`${path} is a symbolic link`, error);
      throw this.#broken(`${path} cannot be read (${codeOf(error)})`, error);
    }
  }

  #broken(problem: string, cause?: unknown): AppError<'store-unavailable'> {
    const hint = `look at it: ls -la ${this.#options.path}`;
    return new AppError('store-unavailable', { store: this.#options.description, problem, hint }, cause);
  }
}

/** The code of a file system error, or its name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
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
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    return true;
  }
}

function writeNew(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

// Without this the new name may be lost in a power cut. Windows cannot open directories, and needs no such call.
function flushDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
