// What tells one content of a file from another. A file that did not change is read once in the life of a process.

import { type BigIntStats, statSync } from 'node:fs';
import { fullPath } from '../config/full-path.ts';
import { sha256Hex } from '../credentials/digest.ts';
import { readPlainBytes } from './plain-file.ts';

/** Gives 64 hex digits, or undefined for what cannot be read. Never throws. */
export function createFileDigests(home: string): (path: string) => string | undefined {
  const known = new Map<string, { readonly stamp: string; readonly digest: string }>();
  return (path) => {
    const file = fullPath(path, home);
    try {
      const stamp = stampOf(statSync(file, { bigint: true }));
      const before = known.get(file);
      if (before?.stamp === stamp) return before.digest;
      const digest = sha256Hex(readPlainBytes(file).toString('base64'));
      known.set(file, { stamp, digest });
      return digest;
    } catch {
      return undefined; // not there, or not for us: whoever needs what is in it says so
    }
  };
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
