// How node is called again after an upgrade of node: by the name in PATH, where that is this very node.

import { realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import process from 'node:process';
import type { Environment } from '../ports/environment.ts';

/** `process.execPath` has links resolved: with Homebrew, Nix and others it names a version that the next upgrade removes. */
export function lastingNodePath(env: Environment, running = process.execPath): string {
  const directories = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  return directories.map((directory) => join(directory, name)).find((path) => resolved(path) === resolved(running)) ?? running;
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // not there, or not ours to look at: not the one
  }
}
