// Paths of the configuration that begin with the home directory. Pure.

import { join } from 'node:path';

export function fullPath(path: string, home: string): string {
  return /^~[/\\]/.test(path) ? join(home, path.slice(2)) : path;
}
