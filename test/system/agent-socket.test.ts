import { once } from 'node:events';
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentSocketPath, closeToOthers, isOwnSocket, prepareSocketPath, socketIdentity } from '../../src/system/agent-socket.ts';

const uid = process.getuid?.() ?? 0;

let home: string;
let path: string;
let servers: Server[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-sock-'));
  path = join(home, 'run', 'agent.sock');
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(home, { recursive: true, force: true });
});

function prepare(at = path, as = uid): Promise<void> {
  return prepareSocketPath(at, { uid: as, home });
}

async function listen(at = path): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  server.listen(at);
  await once(server, 'listening');
  return server;
}

/** A socket that nobody listens at any more, as a killed agent leaves it. */
async function leaveStale(): Promise<void> {
  const server = await listen(`${path}.new`);
  // Node removes the name that it was given, not the one that the socket has now.
  renameSync(`${path}.new`, path);
  server.close();
  await once(server, 'close');
}

function there(at = path): boolean {
  return lstatSync(at, { throwIfNoEntry: false }) !== undefined;
}

describe('prepareSocketPath', () => {
  it('prepareSocketPath makes a directory that is closed to others', async () => {
    await prepare();
    expect((statSync(join(home, 'run')).mode & 0o777).toString(8)).toBe('700');
    expect(there()).toBe(false);
  });

  it('prepareSocketPath closes a directory that was open to others', async () => {
    mkdirSync(join(home, 'run'));
    chmodSync(join(home, 'run'), 0o755);
    await prepare();
    expect((statSync(join(home, 'run')).mode & 0o777).toString(8)).toBe('700');
  });

  it('prepareSocketPath refuses a directory of another user, and changes nothing in it', async () => {
    mkdirSync(join(home, 'run'));
    chmodSync(join(home, 'run'), 0o755);
    // Only root may give files away; to this other uid they belong to somebody else as well.
    if (uid === 0) lchownSync(join(home, 'run'), 12_345, 12_345);
    await expect(prepare(path, uid === 0 ? 0 : 4_294_967)).rejects.toMatchObject({ code: 'foreign-owner' });
    expect((statSync(join(home, 'run')).mode & 0o777).toString(8)).toBe('755');
  });

  it('prepareSocketPath removes what a killed agent left', async () => {
    await prepare();
    await leaveStale();
    expect(there()).toBe(true);
    await prepare();
    expect(there()).toBe(false);
  });

  it('prepareSocketPath leaves a living agent alone, and says that there is one', async () => {
    await prepare();
    const server = await listen();
    await expect(prepare()).rejects.toMatchObject({ code: 'agent-running', details: { socket: path } });
    expect(there()).toBe(true);
    expect(server.listening).toBe(true);
  });

  // It was removed like a stale socket.
  it('prepareSocketPath leaves a file alone that is no socket, and says what is in the way', async () => {
    await prepare();
    writeFileSync(path, 'precious');
    await expect(prepare()).rejects.toMatchObject({ code: 'state-unwritable', details: { path } });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('prepareSocketPath leaves a directory and a link alone too', async () => {
    await prepare();
    mkdirSync(path);
    await expect(prepare()).rejects.toMatchObject({ code: 'state-unwritable' });
    rmSync(path, { recursive: true });
    symlinkSync(join(home, 'elsewhere'), path);
    await expect(prepare()).rejects.toMatchObject({ code: 'state-unwritable' });
    expect(there()).toBe(true);
  });

  it('prepareSocketPath refuses a path that the system would cut short', async () => {
    const most = process.platform === 'linux' ? 107 : 103;
    const fits = join(home, 'x'.repeat(most - home.length - '/'.length - '/agent.sock'.length), 'agent.sock');
    expect(Buffer.byteLength(fits)).toBe(most);
    await prepare(fits);
    await listen(fits);
    expect(there(fits)).toBe(true);
    const long = fits.replace('/agent.sock', 'x/agent.sock');
    await expect(prepare(long)).rejects.toMatchObject({
      code: 'state-unwritable',
      message: expect.stringContaining('ROLEKEEPER_RUNTIME_DIR'),
    });
    const wide = fits.replace('x', 'é');
    await expect(prepare(wide)).rejects.toMatchObject({ code: 'state-unwritable' });
  });
});

describe('a socket', () => {
  it('is closed to others', async () => {
    await prepare();
    await listen();
    closeToOthers(path);
    expect((lstatSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it('has an identity that a successor does not have', async () => {
    await prepare();
    expect(socketIdentity(path)).toBeUndefined();
    await listen();
    const first = socketIdentity(path);
    closeToOthers(path);
    expect(socketIdentity(path)).toBe(first);
    renameSync(path, `${path}.old`);
    expect(socketIdentity(path)).toBeUndefined();
    await listen();
    expect(socketIdentity(path)).not.toBe(first);
  });
});

describe('agentSocketPath', () => {
  const directories = { runtime: '/run/user/1000/rolekeeper', state: 'C:\\Users\\Alice\\AppData\\Local\\rolekeeper' };

  it('agentSocketPath is agent.sock in the runtime directory', () => {
    expect(agentSocketPath('linux', directories)).toBe('/run/user/1000/rolekeeper/agent.sock');
    expect(agentSocketPath('darwin', directories)).toBe('/run/user/1000/rolekeeper/agent.sock');
  });

  it('agentSocketPath is on Windows a pipe of its own for each state directory, however it is written', () => {
    const pipe = agentSocketPath('win32', directories);
    expect(pipe).toMatch(/^\\\\\.\\pipe\\rolekeeper-[0-9a-f]{32}$/);
    expect(agentSocketPath('win32', { ...directories, state: directories.state.toUpperCase() })).toBe(pipe);
    expect(agentSocketPath('win32', { ...directories, state: 'D:\\state' })).not.toBe(pipe);
  });
});

describe('isOwnSocket', () => {
  beforeEach(async () => {
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    await listen();
  });

  it('isOwnSocket takes our socket in a directory that is closed to others', () => {
    expect(isOwnSocket(path, uid)).toBe(true);
  });

  it.each([0o750, 0o705, 0o777])('isOwnSocket takes none from a directory with mode %o', (mode) => {
    chmodSync(join(home, 'run'), mode);
    expect(isOwnSocket(path, uid)).toBe(false);
  });

  it('isOwnSocket takes none of another user, and none through a link to its directory', () => {
    expect(isOwnSocket(path, uid + 1)).toBe(false);
    symlinkSync(join(home, 'run'), join(home, 'link'));
    expect(isOwnSocket(join(home, 'link', 'agent.sock'), uid)).toBe(false);
  });

  it('isOwnSocket takes nothing for a socket that is none', () => {
    expect(isOwnSocket(join(home, 'run', 'absent'), uid)).toBe(false);
    expect(isOwnSocket(join(home, 'absent', 'agent.sock'), uid)).toBe(false);
    writeFileSync(join(home, 'run', 'file'), '');
    for (const name of ['file', 'file/below']) expect(isOwnSocket(join(home, 'run', name), uid)).toBe(false);
  });
});
