// The inputs that are kept in the repository: one file each, in a directory for each target.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/credentials/digest.ts';

/** Relative to the project, as all paths here. */
export function corpusDirectory(target: string): string {
  return join('test', 'fuzz', 'corpus', target);
}

/** In the order of their names. */
export function corpusPaths(target: string): readonly string[] {
  const directory = corpusDirectory(target);
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}

export function readCorpus(target: string): readonly Buffer[] {
  return corpusPaths(target).map((path) => readFileSync(path));
}

/** Returns where it was written: the next run begins with it. */
export function keepFault(target: string, input: Buffer): string {
  const path = join(corpusDirectory(target), `fault-${sha256Hex(input.toString('latin1')).slice(0, 12)}`);
  writeFileSync(path, input);
  return path;
}
