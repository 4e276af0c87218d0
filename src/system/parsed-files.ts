// The two AWS files, parsed once for each state they are in: what a process that lives long reads. Looks at the files at every call.

import { type BigIntStats, statSync } from 'node:fs';
import { parseConfigFile, parseCredentialsFile } from '../config/aws-config.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { TextFiles } from '../ports/text-files.ts';

export interface FilePair {
  readonly configPath: string;
  readonly credentialsPath: string;
}

export interface ParsedFiles {
  /** The same object as before while both files are as they were. Throws `config-unreadable`, `config-malformed`. */
  read(pair: FilePair): ConfigFiles;
}

/** Two edits within one tick of the file system's clock look like one: a file this young is parsed again next time. */
const settledMs = 50;
/** Pairs of files; callers rarely have more than one. */
const mostPairs = 16;

interface Known {
  readonly print: string;
  readonly files: ConfigFiles;
}

export function createParsedFiles(textFiles: TextFiles): ParsedFiles {
  const known = new Map<string, Known>();
  return {
    read(pair) {
      const key = JSON.stringify(pair);
      const print = fingerprint(pair);
      const before = known.get(key);
      if (before !== undefined && before.print === print) return before.files;
      const files = parse(pair, textFiles);
      known.delete(key);
      const [oldest] = known.keys();
      if (known.size >= mostPairs && oldest !== undefined) known.delete(oldest);
      if (print !== undefined) known.set(key, { print, files });
      return files;
    },
  };
}

function parse({ configPath, credentialsPath }: FilePair, textFiles: TextFiles): ConfigFiles {
  return {
    config: parseConfigFile(textFiles.read(configPath) ?? '', configPath),
    credentials: parseCredentialsFile(textFiles.read(credentialsPath) ?? '', credentialsPath),
  };
}

/** Taken before the files are read, so that a later edit cannot hide behind it. Undefined for files that are being written just now. */
function fingerprint({ configPath, credentialsPath }: FilePair): string | undefined {
  const stats = [configPath, credentialsPath].map(statOrUndefined);
  const now = Date.now();
  if (stats.some((each) => each !== undefined && isYoung(each, now))) return undefined;
  return JSON.stringify(stats.map((each) => (each === undefined ? 'absent' : printOf(each))));
}

// `cp -p` and `touch -d` set the time of the content back; nobody sets that of the change.
function isYoung({ mtimeMs, ctimeMs }: BigIntStats, now: number): boolean {
  return [mtimeMs, ctimeMs].some((atMs) => Math.abs(now - Number(atMs)) < settledMs);
}

function printOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function statOrUndefined(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined; // not to be looked at; reading it says why
  }
}
