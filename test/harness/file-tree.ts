// Everything below a directory, to compare before and after: paths, modes, contents, where links lead.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One line per entry, in order of the paths. */
export function fileTree(root: string): readonly string[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => {
    const stats = lstatSync(join(root, path));
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) return `${path} -> ${readlinkSync(join(root, path))}`;
    if (stats.isDirectory()) return `${path}/ ${mode}`;
    return `${path} ${mode} ${stats.isFile() ? JSON.stringify(readFileSync(join(root, path), 'utf8')) : 'special'}`;
  });
}
