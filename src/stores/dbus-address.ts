// Where the session bus listens (D-Bus specification, "Server Addresses"; decisions on identity and storage, 19).
// Only unix sockets: a TCP bus would carry secrets in the clear.

import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../ports/environment.ts';

export interface BusAddressOptions {
  readonly uid: number;
  /** `/run/user`; another place in tests. */
  readonly runUserDirectory?: string;
}

/**
 * Socket paths to try, best first; an abstract name begins with NUL, as node:net wants it. Empty when there is no bus to be found.
 * What the caller names is never silently replaced by something else: a stale address is an error, not a reason to look elsewhere. Nor is
 * another user's socket there, as su and sudo leave it in the environment: whoever made it would be told every secret. Who has an abstract
 * one is not to be seen.
 */
export function busSocketPaths(env: Environment, { uid, runUserDirectory = '/run/user' }: BusAddressOptions): readonly string[] {
  const address = env['DBUS_SESSION_BUS_ADDRESS'];
  const isOurs = (path: string) => !isOfAnother(uid, path);
  if (address !== undefined && address !== '') return address.split(';').flatMap(socketPath).filter(isOurs);
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && runtime !== '') return [join(runtime, 'bus')].filter(isOurs);
  // cron, `env -i` and some IDEs have neither variable, and the same user's bus.
  const socket = join(runUserDirectory, String(uid), 'bus');
  return isOwnedBy(uid, join(runUserDirectory, String(uid))) && isOwnedBy(uid, socket) ? [socket] : [];
}

function socketPath(address: string): readonly string[] {
  const match = /^unix:(.*)$/s.exec(address.trim());
  if (match === null) return [];
  const pairs = (match[1] ?? '').split(',').map((pair) => pair.split(/=(.*)/s));
  const value = (key: string) => unescaped(pairs.find(([name]) => name === key)?.[1] ?? '');
  const [path, abstract] = [value('path'), value('abstract')];
  if (path !== '') return [path];
  return abstract === '' ? [] : [`\0${abstract}`];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return ''; // a broken escape names no socket
    throw error;
  }
}

// Root's is nobody's trap: who is root needs none.
function isOfAnother(uid: number, path: string): boolean {
  if (path.startsWith('\0')) return false;
  try {
    const owner = statSync(path).uid;
    return owner !== uid && owner !== 0;
  } catch {
    return false; // what keeps us from looking keeps us from connecting, which has words for it
  }
}

function isOwnedBy(uid: number, path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === uid;
}
