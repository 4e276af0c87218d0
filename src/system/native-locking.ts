// Loads the kernel's file locks out of fs-native-extensions: OFD locks on Linux, flock on macOS, LockFileEx on Windows.
// Loaded on demand only, never by the hot path.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** The two calls that we use. Both throw errors with a `code`; a lock that somebody holds is EAGAIN (EBUSY on Windows). */
export interface NativeLocking {
  /** Of the whole file: offset 0, length 0. All four arguments must be there: the native code counts them. */
  tryLock(file: number, offset: number, length: number, isExclusive: boolean): void;
  unlock(file: number, offset: number, length: number): void;
}

export type LoadedLocking =
  | { readonly kind: 'loaded'; readonly native: NativeLocking }
  | { readonly kind: 'unavailable'; readonly reason: string };

/**
 * Found from where this file (or the bundle it ended up in) lies, upwards through node_modules. The prebuilt file is loaded directly:
 * the package's own loader costs 15 ms, this 1 ms. The loader is the fallback, should the package be laid out differently one day.
 */
export function loadNativeLocking(): LoadedLocking {
  // The prebuilt file is for glibc. Some musl systems can load it all the same; nobody has tested what it does there.
  if (existsSync('/etc/alpine-release')) return { kind: 'unavailable', reason: 'there is no build for musl' };
  try {
    const native = loadPrebuilt() ?? load('fs-native-extensions/binding');
    return isNativeLocking(native) ? { kind: 'loaded', native } : { kind: 'unavailable', reason: 'it lacks the calls we need' };
  } catch (error) {
    // Not installed, no build for this system, a library it needs is missing: whatever it is, there is no kernel lock here.
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function loadPrebuilt(): unknown {
  const directory = dirname(createRequire(import.meta.url).resolve('fs-native-extensions/package.json'));
  const file = join(directory, 'prebuilds', `${process.platform}-${process.arch}`, 'fs-native-extensions.node');
  return existsSync(file) ? load(file) : undefined;
}

function load(what: string): unknown {
  const loaded: unknown = createRequire(import.meta.url)(what);
  return loaded;
}

function isNativeLocking(value: unknown): value is NativeLocking {
  if (typeof value !== 'object' || value === null || !('tryLock' in value && 'unlock' in value)) return false;
  return typeof value.tryLock === 'function' && typeof value.unlock === 'function';
}
