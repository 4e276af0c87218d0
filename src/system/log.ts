// Events for --debug, one line each on stderr; silent otherwise. Never shows a secret: its fields are plain values.

import { writeSync } from 'node:fs';
import type { Environment } from '../ports/environment.ts';
import type { Log } from '../ports/log.ts';

/** True when `ROLEKEEPER_DEBUG` asks for events: any value but the empty one and `0`. */
export function isDebugging(env: Environment): boolean {
  const value = env['ROLEKEEPER_DEBUG'];
  return value !== undefined && value !== '' && value !== '0';
}

/** Writes `rolekeeper: refresh.done profile=dev expires=2026-…`; values with blanks or odd characters are quoted as in JSON. */
export function createDebugLog(write: (line: string) => void = writeToStderr): Log {
  return {
    event(name, fields) {
      const words = Object.entries(fields).map(([field, value]) => `${field}=${quoted(String(value))}`);
      write(`rolekeeper: ${[name, ...words].join(' ')}\n`);
    },
  };
}

/** Says nothing. */
export function createSilentLog(): Log {
  return { event: () => undefined };
}

function quoted(value: string): string {
  return /^[\w.:/@+,=~-]+$/.test(value)
    ? value
    : JSON.stringify(value).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

// In one write and at once: lines of several processes stay whole, and none is lost when the process ends.
function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody reads stderr (EPIPE, EBADF), or not fast enough (EAGAIN): a debug line is never worth a failure.
  }
}
