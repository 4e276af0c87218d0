// Reads a whole ordinary file, and nothing that could keep its reader for ever: a pipe without a writer, a device without an end.

import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** `look` may throw for what its owner, mode or size says. Throws as the system does, and for what is no file. */
export function readPlainFile(path: string, look?: (stats: Stats) => void): string {
  return readPlainBytes(path, look).toString('utf8');
}

/** As `readPlainFile`. */
export function readPlainBytes(path: string, look: (stats: Stats) => void = () => undefined): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw Object.assign(new Error('it is not a file'), { code: 'ENOTFILE' });
    look(stats);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
