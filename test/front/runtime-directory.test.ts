// Where the front looks for the agent, compared with the rules of system/paths.ts, and which directories and peers it refuses.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isOwnDirectory } from '../../src/system/directory.ts';
import { homeDirectory, runtimeDirectory } from '../../src/system/paths.ts';
import { answer, type FakeAgent, startFakeAgent } from '../harness/fake-agent.ts';
import { type Compiled, compile, type FrontWorld, openFrontWorld, readStub } from '../harness/front-world.ts';

const uid = process.getuid?.() ?? 0;
const isRoot = uid === 0;

let compiled: Compiled;
let world: FrontWorld;
beforeAll(() => {
  compiled = compile();
});
afterAll(() => compiled.close());
beforeEach(() => {
  world = openFrontWorld();
});
afterEach(() => world.close());

/** "the agent" or "Node", whichever answered. */
async function whoAnswers(env: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
  const { stdout, stderr, status } = await world.run(compiled.front, ['get', 'dev'], { env });
  if (status === 0 && stdout.toString() === 'the agent') return 'the agent';
  return readStub(stdout) !== undefined && stderr === '' ? 'Node' : `${status}: ${stdout}${stderr}`;
}

const listen = (directory = world.runtime): Promise<FakeAgent> =>
  startFakeAgent(directory, ({ end }) => end(answer(0, 'the agent')));

describe('the runtime directory', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['the chosen one', { ROLEKEEPER_RUNTIME_DIR: '~/chosen', XDG_RUNTIME_DIR: '~/own' }],
    ["the session's", { XDG_RUNTIME_DIR: '~/own' }],
    ["the session's, when the chosen one is relative", { ROLEKEEPER_RUNTIME_DIR: 'chosen', XDG_RUNTIME_DIR: '~/own' }],
    ['the state directory, when there is no session', { ROLEKEEPER_STATE_DIR: '~/state' }],
    ["the state directory, when the session's is a file", { ROLEKEEPER_STATE_DIR: '~/state', XDG_RUNTIME_DIR: '~/file' }],
    ["the state directory, when the session's is not there", { ROLEKEEPER_STATE_DIR: '~/state', XDG_RUNTIME_DIR: '~/none' }],
    ['the one for states', { XDG_STATE_HOME: '~/states' }],
    ['the one for states, when the state directory is relative', { XDG_STATE_HOME: '~/states', ROLEKEEPER_STATE_DIR: 'state' }],
    ['in HOME', {}],
    ['in HOME, when the one for states is relative', { XDG_STATE_HOME: 'states' }],
    [
      'in HOME, when all are empty',
      { XDG_STATE_HOME: '', XDG_RUNTIME_DIR: '', ROLEKEEPER_RUNTIME_DIR: '', ROLEKEEPER_STATE_DIR: '' },
    ],
  ];

  it.each(cases)('is %s, as for the Node program', async (_what, variables) => {
    mkdirSync(join(world.home, 'own'), { mode: 0o755 });
    writeFileSync(join(world.home, 'file'), '');
    const given = Object.entries(variables).map(([name, value]) => [name, value.replace('~', world.home)]);
    const env = { HOME: world.home, ...Object.fromEntries(given) };
    const home = homeDirectory({ env, platform: 'linux' }, () => userInfo().homedir);
    const directory = runtimeDirectory({ env, platform: 'linux', uid, home }, (path) => isOwnDirectory(path, uid));
    expect(directory.startsWith(world.home)).toBe(true);
    const agent = await listen(directory);
    try {
      expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: undefined, ...env })).toBe('the agent');
    } finally {
      await agent.close();
    }
  });

  it("is not the session's when that is a link", async () => {
    mkdirSync(join(world.home, 'own'));
    symlinkSync(join(world.home, 'own'), join(world.home, 'link'));
    const agent = await listen(join(world.home, 'own', 'rolekeeper'));
    const env = { ROLEKEEPER_RUNTIME_DIR: undefined, ROLEKEEPER_STATE_DIR: join(world.home, 'state') };
    expect(await whoAnswers({ ...env, XDG_RUNTIME_DIR: join(world.home, 'own') })).toBe('the agent');
    expect(await whoAnswers({ ...env, XDG_RUNTIME_DIR: join(world.home, 'link') })).toBe('Node');
    await agent.close();
  });

  it.skipIf(!isRoot)("is not the session's when that is another user's (skipped: only root gives files away)", async () => {
    const agent = await listen(join(world.home, 'own', 'rolekeeper'));
    chownSync(join(world.home, 'own'), 12_345, 12_345);
    const env = { ROLEKEEPER_RUNTIME_DIR: undefined, ROLEKEEPER_STATE_DIR: join(world.home, 'state') };
    expect(await whoAnswers({ ...env, XDG_RUNTIME_DIR: join(world.home, 'own') })).toBe('Node');
    await agent.close();
  });

  // A mount namespace of its own, so that no other process sees that /run.
  const privateRun = 'mount -t tmpfs none /run && mkdir -p -m 700 "/run/user/$0" "/run/user/$0/rolekeeper"';
  const canMount = spawnSync('unshare', ['-m', 'sh', '-c', privateRun, '0']).status === 0;

  it.skipIf(!canMount)('is in /run/user for cron (skipped: mounts are not possible here)', async () => {
    const agent = await listen();
    const bound = `${privateRun} && mount --bind "$1" "/run/user/$0/rolekeeper" && exec env -u ROLEKEEPER_RUNTIME_DIR "$2" get dev`;
    const { stdout } = await world.run('unshare', ['-m', 'sh', '-c', bound, `${uid}`, world.runtime, compiled.front]);
    expect(stdout.toString()).toBe('the agent');
    await agent.close();
  });

  it.skipIf(!canMount)("is in the user database's home without HOME (skipped: mounts are not possible here)", async () => {
    const agent = await listen();
    writeFileSync(join(world.home, 'passwd'), `somebody:x:${uid}:${uid}::${world.home}:/bin/sh\n`);
    mkdirSync(join(world.home, '.local', 'state'), { recursive: true });
    renameSync(world.runtime, join(world.home, '.local', 'state', 'rolekeeper'));
    const bound = 'mount --bind "$0" /etc/passwd && mount -t tmpfs none /run && exec env -i "$1" get dev';
    const { stdout, stderr } = await world.run('unshare', ['-m', 'sh', '-c', bound, join(world.home, 'passwd'), compiled.front]);
    expect([stderr, stdout.toString()]).toEqual(['', 'the agent']);
    await agent.close();
  });

  it('without an agent is no fault: none, only the directory, a dead socket, a file in its place', async () => {
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: join(world.home, 'none') })).toBe('Node');
    expect(await whoAnswers()).toBe('Node');
    const socket = join(world.runtime, 'agent.sock');
    const listener = await listen();
    renameSync(socket, `${socket}.kept`);
    await listener.close();
    renameSync(`${socket}.kept`, socket);
    expect(await whoAnswers()).toBe('Node');
    rmSync(socket);
    writeFileSync(socket, '');
    expect(await whoAnswers()).toBe('Node');
  });

  it('relative to nothing: a HOME that is no absolute path leads to no agent', async () => {
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: undefined, HOME: 'home' })).toBe('Node');
  });

  it('may be as long as a socket address has room, and no longer', async () => {
    const room = 107 - '/agent.sock'.length;
    const fitting = join(world.home, 'x'.repeat(room - world.home.length - 1));
    const agent = await listen(fitting);
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: fitting })).toBe('the agent');
    await agent.close();
    // Cut short, this address would be that of a socket which is there.
    const cut = join(world.home, 'y'.repeat(room - world.home.length));
    mkdirSync(cut, { mode: 0o700 });
    const other = await startFakeAgent(world.runtime, ({ end }) => end(answer(0, 'another')));
    symlinkSync(join(world.runtime, 'agent.sock'), join(cut, 'agent.soc'));
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: cut })).toBe('Node');
    await other.close();
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: `/${'z'.repeat(10_000)}` })).toBe('Node');
  });
});

describe('a directory with an agent is refused', () => {
  let agent: FakeAgent;
  beforeEach(async () => {
    agent = await listen();
  });
  afterEach(() => agent.close());

  it.each([0o710, 0o701, 0o750, 0o770, 0o777, 0o704])('when its mode is %o', async (mode) => {
    chmodSync(world.runtime, mode);
    expect(await whoAnswers()).toBe('Node');
    chmodSync(world.runtime, 0o700);
    expect(await whoAnswers()).toBe('the agent');
  });

  it('when it is a link', async () => {
    const link = join(world.home, 'link');
    symlinkSync(world.runtime, link);
    expect(await whoAnswers({ ROLEKEEPER_RUNTIME_DIR: link })).toBe('Node');
  });

  it.skipIf(!isRoot)("when it is another user's (skipped: only root gives files away)", async () => {
    chownSync(world.runtime, 12_345, 12_345);
    expect(await whoAnswers()).toBe('Node');
  });
});

describe('an agent is refused', () => {
  it.skipIf(!isRoot)('when another user runs it (skipped: only root becomes another user)', async () => {
    const run = (listener: number) => world.run('python3', ['-c', foreignAgent, world.runtime, compiled.front, `${listener}`]);
    expect((await run(uid)).stdout.toString()).toBe('the agent');
    rmSync(join(world.runtime, 'agent.sock'));
    const { stdout, stderr } = await run(12_345);
    expect([readStub(stdout)?.args.slice(2), stderr]).toEqual([['get', 'dev'], '']);
  });
});

/** Listens as the given user, runs the front as this one, and answers it if it asks. */
const foreignAgent = `
import os, socket, subprocess, sys
runtime, front, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
server = socket.socket(socket.AF_UNIX)
server.bind(runtime + '/agent.sock')
own = os.geteuid()
os.seteuid(uid)
server.listen()  # unix(7): the peer's credentials are those at listen
os.seteuid(own)
front = subprocess.Popen([front, 'get', 'dev'])
client, _ = server.accept()
if client.recv(1 << 20):
    client.sendall(b'!rolekeeper 1 exit 0 9\\nthe agent')
client.close()
sys.exit(front.wait())
`;
