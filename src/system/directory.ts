// Directories that are ours alone: mode 0700, owned by the user, not reached through another user's link.
// Never creates or changes anything in another user's place, which is what sudo with a kept HOME would do.

import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { errorCode, problemWords } from './problem-words.ts';

/** The user we run as. Without a uid (Windows) nothing is checked. */
export interface Owner {
  readonly uid: number | undefined;
  readonly home: string;
}

/** Our own directory, and directories inside it. */
export interface PrivateDirectory {
  readonly base: string;
  readonly below: readonly string[];
  readonly owner: Owner;
}

/**
 * Makes what is missing, checks all, and returns the whole path. Modes wider than 0700 are narrowed. Throws `foreign-owner` and
 * `state-unwritable`.
 */
export function ensurePrivateDirectory({ base, below, owner }: PrivateDirectory): string {
  refuseForeignPlaces({ base, owner });
  create(dirname(base), { recursive: true });
  return ['', ...below].reduce((parent, name) => {
    const path = join(parent, name);
    create(path, { recursive: false });
    checkOwn(path, owner.uid);
    return path;
  }, base);
}

/** Throws `foreign-owner` when the home or the place of our directory is another user's: sudo with a kept HOME. */
export function refuseForeignPlaces({ base, owner }: Omit<PrivateDirectory, 'below'>): void {
  refuseForeign(owner.home, owner.uid);
  refuseForeign(nearestExisting(base), owner.uid);
}

/**
 * True for another user's place, where nothing may be made. Root's own places (a container's HOME, /tmp, /var) are nobody's to spoil, and
 * whoever is not root can only do there what root allows.
 */
export function isForeign(stats: Pick<Stats, 'uid'>, uid: number | undefined): boolean {
  return uid !== undefined && stats.uid !== uid && stats.uid !== 0;
}

/** True for a directory, not a link to one, that belongs to this user; without a uid, to anybody. As the front sees it. Never throws. */
export function isOwnDirectory(path: string, uid: number | undefined): boolean {
  try {
    const stats = lstatSync(path);
    return stats.isDirectory() && (uid === undefined || stats.uid === uid);
  } catch {
    return false; // whatever hides it from us, it is of no use to us
  }
}

function refuseForeign(path: string, uid: number | undefined): void {
  const stats = statOrUndefined(path);
  if (stats !== undefined && isForeign(stats, uid)) throw new AppError('foreign-owner', { path, ownerUid: stats.uid });
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  return parent === path || statOrUndefined(path) !== undefined ? path : nearestExisting(parent);
}

function create(path: string, { recursive }: { readonly recursive: boolean }): void {
  try {
    mkdirSync(path, { recursive, mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return; // checked by what follows
    throw unwritable(path, error);
  }
}

function checkOwn(path: string, uid: number | undefined): void {
  try {
    // A link may lead elsewhere (a bigger disk) if the user made it; one planted by another user may not.
    const [link, target] = [lstatSync(path), statSync(path)];
    if (!target.isDirectory()) throw new AppError('state-unwritable', { path, problem: 'it is not a directory' });
    if (uid === undefined) return;
    const foreign = [link, target].find((stats) => stats.uid !== uid);
    if (foreign !== undefined) throw new AppError('foreign-owner', { path, ownerUid: foreign.uid });
    if ((target.mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (error) {
    throw isAppError(error) ? error : unwritable(path, error);
  }
}

function statOrUndefined(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): AppError {
  return new AppError('state-unwritable', { path, problem: problemWords(error) }, error);
}
