import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { busSocketPaths } from '../../src/stores/dbus-address.ts';

const uid = process.getuid?.() ?? 0;

describe('the address of the session bus', () => {
  let runUserDirectory = '';
  let server: Server;
  beforeEach(async () => {
    runUserDirectory = mkdtempSync(join(tmpdir(), 'rk-run-'));
    mkdirSync(join(runUserDirectory, String(uid)), { mode: 0o700 });
    server = createServer();
    await new Promise<void>((resolve) => server.listen(join(runUserDirectory, String(uid), 'bus'), resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(runUserDirectory, { recursive: true });
  });
  const paths = (env: Record<string, string>, asUid = uid) => busSocketPaths(env, { uid: asUid, runUserDirectory });

  it('the variable wins, in each form of the specification', () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['unix:path=/run/user/1000/bus', ['/run/user/1000/bus']],
      ['unix:path=/a,guid=0123', ['/a']],
      ['unix:guid=0123,path=/a', ['/a']],
      ['unix:abstract=/tmp/dbus-x,guid=1', ['\0/tmp/dbus-x']],
      ['unix:path=/with%20blank%2c%3b', ['/with blank,;']],
      ['unix:path=/caf%C3%A9', ['/café']],
      ['unix:path=/a=b', ['/a=b']],
      ['tcp:host=localhost,port=1;unix:path=/a;unix:abstract=b', ['/a', '\0b']],
      ['unix:path=/a;', ['/a']],
    ];
    for (const [address, wanted] of cases) expect(paths({ DBUS_SESSION_BUS_ADDRESS: address })).toEqual(wanted);
  });

  it('an address that names no socket is not replaced by another bus', () => {
    for (const address of ['tcp:host=localhost,port=1', 'unix:tmpdir=/tmp', 'unix:path=/%zz', 'unix:', 'nonsense', ';']) {
      expect(paths({ DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: '/run/user/1' })).toEqual([]);
    }
  });

  it('without it the runtime directory is next', () => {
    expect(paths({ XDG_RUNTIME_DIR: '/run/user/1' })).toEqual(['/run/user/1/bus']);
    expect(paths({ DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '/run/user/1' })).toEqual(['/run/user/1/bus']);
  });

  it("without both it is the user's own directory in /run/user", () => {
    const socket = join(runUserDirectory, String(uid), 'bus');
    expect(paths({})).toEqual([socket]);
    expect(paths({ XDG_RUNTIME_DIR: '' })).toEqual([socket]);
    expect(paths({}, uid + 1)).toEqual([]);
  });

  // With su's and sudo's leftovers in the environment, keys went to whoever had made that socket.
  it("another user's socket is nowhere to go, however it is named", () => {
    const directory = join(runUserDirectory, String(uid));
    const socket = join(directory, 'bus');
    const link = join(directory, 'link');
    symlinkSync(socket, link);
    const isRoot = uid === 0;
    if (isRoot) chownSync(socket, 12_345, 12_345);
    const asUid = isRoot ? 0 : uid + 1;
    for (const named of [socket, link]) expect(paths({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${named}` }, asUid)).toEqual([]);
    expect(paths({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket};unix:abstract=x` }, asUid)).toEqual(['\0x']);
    expect(paths({ XDG_RUNTIME_DIR: directory }, asUid)).toEqual([]);
    expect(paths({ XDG_RUNTIME_DIR: directory }, isRoot ? 12_345 : uid)).toEqual([socket]);
  });

  it("a directory in /run/user that is another user's is left alone", () => {
    mkdirSync(join(runUserDirectory, String(uid + 1)));
    expect(paths({}, uid + 1)).toEqual([]);
  });
});
