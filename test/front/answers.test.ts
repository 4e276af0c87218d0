// What the front makes of an agent's answers, seen from outside: a caller's stdout, stderr and exit status.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer, type Caller } from '../harness/fake-agent.ts';
import { type Compiled, compile, type FrontWorld, openFrontWorld, readStub, type Spoken } from '../harness/front-world.ts';

const document = JSON.stringify({ Version: 1, AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 's', SessionToken: 't' });
const maxDocument = 65_536;
const maxBody = 262_144;

/** Besides HOME and ROLEKEEPER_…, which every test here sees. */
const carried = [
  'XDG_STATE_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_REGION AWS_DEFAULT_REGION',
  'AWS_ENDPOINT_URL AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL_ROLESANYWHERE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_STS_REGIONAL_ENDPOINTS AWS_USE_FIPS_ENDPOINT',
  'AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE AWS_EC2_METADATA_V1_DISABLED',
  'AWS_USE_DUALSTACK_ENDPOINT AWS_CA_BUNDLE HTTPS_PROXY https_proxy NO_PROXY no_proxy NODE_EXTRA_CA_CERTS AWS_LOGIN_CACHE_DIRECTORY',
].flatMap((line) => line.split(' '));

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

function get(profile = 'dev', env: Readonly<Record<string, string>> = {}): Promise<Spoken> {
  return world.run(compiled.front, ['get', profile], { env });
}

/** Keeps the process of the fake agent, which is this one, running without a pause. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function wentItsOwnWay({ stdout, stderr, status }: Spoken): boolean {
  return readStub(stdout) !== undefined && stderr === '' && status === 42;
}

describe('an answer', () => {
  it('with status 0 goes to stdout as it is', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    expect(await get()).toMatchObject({ status: 0, stderr: '', stdout: Buffer.from(document) });
  });

  it.each([1, 3, 7, 130, 255])('with status %i goes to stderr as it is, and the status is passed on', async (status) => {
    await world.agent(({ end }) => end(answer(status, 'rolekeeper: no\nrolekeeper: hint: ä\n')));
    expect(await get()).toMatchObject({ status, stderr: 'rolekeeper: no\nrolekeeper: hint: ä\n', stdout: Buffer.alloc(0) });
  });

  it.each([0, 5])('without a byte, with status %i, is an answer', async (status) => {
    await world.agent(({ end }) => end(answer(status, '')));
    expect(await get()).toMatchObject({ status, stderr: '', stdout: Buffer.alloc(0) });
  });

  it('of the greatest length comes whole', async () => {
    const longest = 'x'.repeat(maxDocument);
    await world.agent(({ end }) => end(answer(0, longest)));
    expect((await get()).stdout.equals(Buffer.from(longest))).toBe(true);
  });

  it('with bytes of every value comes as it is', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    await world.agent(({ end }) => end(Buffer.concat([Buffer.from('!rolekeeper 1 exit 0 256\n'), bytes])));
    expect((await get()).stdout).toEqual(bytes);
  });

  it('may come byte by byte', async () => {
    await world.agent(async ({ send, end }) => {
      for (const byte of Buffer.from(answer(0, document))) await send(Uint8Array.of(byte));
      end();
    });
    expect(await get()).toMatchObject({ status: 0, stdout: Buffer.from(document) });
  });

  it('may be cut anywhere', async () => {
    const text = answer(0, document);
    await world.agent(async ({ request, send, end }) => {
      const at = Number(request.fields[1]);
      await send(text.slice(0, at));
      await new Promise(setImmediate);
      end(text.slice(at));
    });
    const cuts = Array.from({ length: 40 }, (_, at) => at + 1);
    const all = await Promise.all(cuts.map((at) => get(String(at))));
    expect(all.map(({ stdout }) => stdout.toString())).toEqual(cuts.map(() => document));
  });

  it('ends with a newline on a terminal only', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    const { stdout } = await world.run('script', ['-qec', `${compiled.front} get dev`, '/dev/null']);
    expect(stdout.toString()).toBe(`${document}\r\n`);
  });
});

describe('what is no answer', () => {
  it.each([
    ['an older protocol', '!rolekeeper 0 exit 0 2\n{}'],
    ['a newer protocol', '!rolekeeper 2 exit 0 2\n{}'],
    ['a pass', '!rolekeeper 1 pass busy\n'],
    ['a pass without an ack', 'rolekeeper 1 pass version\n'],
    ['an answer without an ack', answer(0, '{}').slice(1)],
    ['two acks', `!${answer(0, '{}')}`],
    ['another word', '!rolekeeper 1 done 0 2\n{}'],
    ['garbage', '!\0\x01\x02\x03'],
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['nothing', ''],
    ['an ack alone', '!'],
    ['a line that does not end', '!rolekeeper 1 exit 0 2'],
    ['a line that never ends', `!rolekeeper 1 exit 0 ${'0'.repeat(100_000)}`],
    ['a line that is too long', `!rolekeeper 1 exit 0 2${' '.repeat(64)}\n{}`],
    ['a short answer', '!rolekeeper 1 exit 0 3\n{}'],
    ['a byte after the end', '!rolekeeper 1 exit 0 2\n{}\n'],
    ['many bytes after the end', `!rolekeeper 1 exit 0 2\n{}${'x'.repeat(1_000_000)}`],
    ['a short message', '!rolekeeper 1 exit 3 9\nno'],
    ['a document that is too long', `!rolekeeper 1 exit 0 ${maxDocument + 1}\n${'x'.repeat(maxDocument + 1)}`],
    ['a length beyond all numbers', `!rolekeeper 1 exit 0 ${'9'.repeat(40)}\n{}`],
    ['a negative length', '!rolekeeper 1 exit 0 -2\n{}'],
    ['a length with a sign', '!rolekeeper 1 exit 0 +2\n{}'],
    ['a length with zeros before it', '!rolekeeper 1 exit 0 02\n{}'],
    ['no length', '!rolekeeper 1 exit 0 \n{}'],
    ['no status', '!rolekeeper 1 exit  2\n{}'],
    ['a status that no process can have', '!rolekeeper 1 exit 256 2\nno'],
    ['a hexadecimal status', '!rolekeeper 1 exit 0x0 2\n{}'],
    ['two blanks', '!rolekeeper 1 exit 0  2\n{}'],
    ['a blank before the line ends', '!rolekeeper 1 exit 0 2 \n{}'],
    ['a carriage return', '!rolekeeper 1 exit 0 2\r\n{}'],
    ['a NUL in the line', '!rolekeeper 1 exit 0 2\0\n{}'],
  ])('%s sends the front its own way, without a word', async (_what, bytes) => {
    await world.agent(({ end }) => end(Buffer.from(bytes, 'latin1')));
    const spoken = await get();
    expect(wentItsOwnWay(spoken)).toBe(true);
    expect(spoken.tookMs).toBeLessThan(3_000);
  });

  it('garbage does so at once, even when the agent keeps the line open', async () => {
    await world.agent(({ send }) => send('!rolekeeper 2 exit 0 2\n'));
    const spoken = await get();
    expect(wentItsOwnWay(spoken)).toBe(true);
    expect(spoken.tookMs).toBeLessThan(2_000);
  });

  it('a line cut off by force does so too', async () => {
    await world.agent(async ({ send, socket }) => {
      await send(answer(0, document).slice(0, -1));
      socket.destroy();
    });
    expect(wentItsOwnWay(await get())).toBe(true);
  });
});

describe('the waits', () => {
  let real: Compiled;
  beforeAll(() => {
    real = compile({ ackMs: 300 });
  });
  afterAll(() => real.close());

  const getAsBuilt = (profile = 'dev') => world.run(real.front, ['get', profile]);

  it('for an answer is longer than for the ack', async () => {
    await world.agent(async ({ send, end }) => {
      await send('!');
      setTimeout(() => end(answer(0, document).slice(1)), 600);
    });
    expect(await getAsBuilt()).toMatchObject({ status: 0, stdout: Buffer.from(document) });
  });

  it('without an ack the front goes its own way after 300 ms, and Node hears of the deadline', async () => {
    await world.agent(() => undefined);
    const before = Date.now();
    const spoken = await getAsBuilt();
    const after = Date.now();
    expect(wentItsOwnWay(spoken)).toBe(true);
    expect(spoken.tookMs).toBeGreaterThanOrEqual(300);
    expect(spoken.tookMs).toBeLessThan(2_000);
    const deadline = Number(readStub(spoken.stdout)?.env.get('ROLEKEEPER_DEADLINE'));
    expect(deadline).toBeGreaterThanOrEqual(before + 3_800);
    expect(deadline).toBeLessThanOrEqual(after + 3_800 - 300);
  });

  it('an agent that is starved of its processor is waited for longer, but not for ever', async () => {
    let spinMs = 900;
    await world.agent(async ({ end }) => {
      spin(spinMs);
      end(answer(0, document));
    });
    expect(await getAsBuilt()).toMatchObject({ status: 0, stdout: Buffer.from(document) });
    spinMs = 2_600;
    const spoken = await getAsBuilt();
    expect(wentItsOwnWay(spoken)).toBe(true);
    expect(spoken.tookMs).toBeLessThan(4_000);
  });

  it('a queue that is full is waited for, but no longer than for an ack', async () => {
    const spoken = await world.run('python3', ['-c', queueIsFull, world.runtime, real.front]);
    expect(wentItsOwnWay(spoken)).toBe(true);
    expect(spoken.tookMs).toBeGreaterThanOrEqual(300);
    expect(spoken.tookMs).toBeLessThan(3_000);
  });

  it('an acknowledged request is waited for until 3.8 s, and an answer that came while the front was stopped still counts', async () => {
    const asked = deferred<Caller>();
    await world.agent(async (caller) => {
      await caller.send('!');
      if (caller.request.fields[1] === 'stopped') asked.resolve(caller);
    });
    const silent = getAsBuilt('silent one');
    const other = world.start(real.front, ['get', 'stopped']);
    const { end } = await asked.promise;
    await stop(other.pid);
    end(answer(0, document).slice(1));
    const late = await silent;
    expect(late).toMatchObject({
      status: 7,
      stdout: Buffer.alloc(0),
      stderr: 'rolekeeper: getting credentials for "silent one" took longer than 3.8 s\nrolekeeper: hint: try again\n',
    });
    expect(late.tookMs).toBeGreaterThanOrEqual(3_800);
    expect(late.tookMs).toBeLessThan(4_300);
    process.kill(other.pid, 'SIGCONT');
    expect(await other.ended).toMatchObject({ status: 0, stdout: Buffer.from(document) });
  });

  it('signals do not disturb it', async () => {
    const asked = deferred<Caller>();
    await world.agent(async (caller) => {
      await caller.send('!');
      asked.resolve(caller);
    });
    const { pid, ended } = world.start(real.front, ['get', 'dev']);
    const { end } = await asked.promise;
    for (let i = 0; i < 20; i++) {
      process.kill(pid, 'SIGWINCH');
      await stop(pid);
      process.kill(pid, 'SIGCONT');
    }
    end(answer(0, document).slice(1));
    expect(await ended).toMatchObject({ status: 0, stdout: Buffer.from(document) });
  });
});

describe('the request', () => {
  it('is what the wire says, and nothing comes after it', async () => {
    let rest = '';
    const agent = await world.agent(async ({ end, socket, surplus }) => {
      end(answer(0, document));
      await once(socket, 'close');
      rest = surplus();
    });
    const before = Date.now();
    await get('dev', {
      AWS_REGION: 'eu-west-1',
      AWS_SECRET_ACCESS_KEY: 'never',
      AWS_REGION_2: 'never',
      ROLEKEEPER_CALLER: 'a\nb',
      ROLEKEEPER_CALLER_PID: '1',
      ROLEKEEPER_DEADLINE: '1',
      ROLEKEEPER: 'never',
      https_proxy: 'http://proxy:1',
      HTTP_PROXY: 'never',
    });
    const [request] = agent.requests;
    const [verb, profile, deadline, cwd, ...env] = request?.fields ?? [];
    expect([verb, profile, cwd]).toEqual(['get', 'dev', world.home]);
    expect(Number(deadline)).toBeGreaterThanOrEqual(before + 3_800);
    expect(Number(deadline)).toBeLessThanOrEqual(Date.now() + 3_800);
    expect(env.toSorted()).toEqual(
      [
        `HOME=${world.home}`,
        `ROLEKEEPER_RUNTIME_DIR=${world.runtime}`,
        'AWS_REGION=eu-west-1',
        'ROLEKEEPER_CALLER=a\nb',
        `ROLEKEEPER_CALLER_PID=${process.pid}`,
        'https_proxy=http://proxy:1',
      ].toSorted(),
    );
    expect(request?.line).toBe(`rolekeeper 1 ${(request?.bytes.length ?? 0) - (request?.line.length ?? 0) - 1}`);
    expect(rest).toBe('');
  });

  it('carries every variable that the wire names', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    await get('dev', Object.fromEntries(carried.map((name) => [name, '/of/its/own'])));
    expect(agent.requests[0]?.fields).toEqual(expect.arrayContaining(carried.map((name) => `${name}=/of/its/own`)));
  });

  it('may be as long as the wire allows, and no longer', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    const env = { ROLEKEEPER_A: 'x'.repeat(120_000), ROLEKEEPER_B: 'x'.repeat(120_000), ROLEKEEPER_C: '' };
    await get('dev', env);
    const first = agent.requests[0];
    const room = maxBody - ((first?.bytes.length ?? 0) - (first?.line.length ?? 0) - 1);
    expect(await get('dev', { ...env, ROLEKEEPER_C: 'x'.repeat(room) })).toMatchObject({ stdout: Buffer.from(document) });
    expect(agent.requests[1]?.line).toBe(`rolekeeper 1 ${maxBody}`);
    expect(wentItsOwnWay(await get('dev', { ...env, ROLEKEEPER_C: 'x'.repeat(room + 1) }))).toBe(true);
    expect(agent.requests).toHaveLength(2);
  });

  it('comes from the midst of a huge environment', async () => {
    const agent = await world.agent(({ end }) => end(answer(0, document)));
    const crowd = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`CROWD_${i}`, `value ${i}`]));
    expect(await get('dev', { ...crowd, GIANT: 'x'.repeat(120_000) })).toMatchObject({
      status: 0,
      stdout: Buffer.from(document),
    });
    expect(agent.requests[0]?.bytes.length).toBeLessThan(1_000);
  });

  it('takes what is no NAME=VALUE, and no arguments at all, as they are', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    const { stdout, status } = await world.run('python3', ['-c', oddStart, compiled.front, world.runtime]);
    expect([status, stdout.toString()]).toEqual([0, document]);
  });
});

describe('the streams', () => {
  const narrow = (manner: string) =>
    world.run('python3', [resolve('test/harness/narrow-pipe.py'), manner, compiled.front, 'get', 'dev']);
  const longDocument = 'abcdefghij'.repeat(6_000);

  it.each(['slow', 'slow-non-blocking'])('a pipe that is full is waited for: %s', async (manner) => {
    await world.agent(({ end }) => end(answer(0, longDocument)));
    const { stdout, status, stderr } = await narrow(manner);
    expect([status, stderr, stdout.toString() === longDocument]).toEqual([0, '', true]);
  });

  it('a pipe that stays full ends it after 3 s', async () => {
    await world.agent(({ end }) => end(answer(0, longDocument)));
    const { stderr, status } = await narrow('never');
    expect([status, stderr]).toEqual([7, 'rolekeeper: writing to stdout took longer than 3 s\nrolekeeper: hint: try again\n']);
  });

  it('a reader that has gone is an interruption', async () => {
    await world.agent(({ end }) => end(answer(0, longDocument)));
    expect(await narrow('leaves')).toMatchObject({ status: 130, stderr: '' });
  });

  const sh = (script: string) => world.run('sh', ['-c', script, compiled.front]);

  it('a closed stdout is an interruption, and the document goes nowhere else', async () => {
    let rest = '';
    await world.agent(async ({ end, socket, surplus }) => {
      end(answer(0, document));
      await once(socket, 'close');
      rest = surplus();
    });
    expect(await sh('exec "$0" get dev >&-')).toMatchObject({ status: 130, stderr: '' });
    expect(await sh('exec "$0" get dev <&- >&- 2>&-')).toMatchObject({ status: 130 });
    expect(rest).toBe('');
  });

  it('a closed stdin and stderr do not matter', async () => {
    await world.agent(({ request, end }) => end(answer(request.fields[1] === 'dev' ? 0 : 3, document)));
    expect(await sh('exec "$0" get dev <&- 2>&-')).toMatchObject({ status: 0, stdout: Buffer.from(document) });
    expect(await sh('exec "$0" get other <&- 2>&-')).toMatchObject({ status: 3, stdout: Buffer.alloc(0) });
  });

  it('a disk that is full is said', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    const { status, stderr } = await sh('exec "$0" get dev >/dev/full');
    expect([status, stderr]).toEqual([
      1,
      'rolekeeper: could not write to stdout: No space left on device\nrolekeeper: hint: check where it leads\n',
    ]);
  });

  // SIGXFSZ ended it, without a word.
  it('a limit on the size of files is said', async () => {
    await world.agent(({ end }) => end(answer(0, document)));
    const { status, stderr } = await sh('ulimit -f 0; exec "$0" get dev >"$HOME/answer"');
    expect([status, stderr]).toEqual([
      1,
      'rolekeeper: could not write to stdout: File too large\nrolekeeper: hint: check where it leads\n',
    ]);
  });

  it('a message that nobody reads still has its status', async () => {
    await world.agent(({ end }) => end(answer(4, 'x'.repeat(maxDocument))));
    expect(await sh('exec 2>/dev/full; exec "$0" get dev')).toMatchObject({ status: 4 });
  });
});

/** Fills the queue of a socket that never accepts, and then runs the front. */
const queueIsFull = `
import socket, subprocess, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1] + '/agent.sock')
server.listen(0)
waiting = []
while True:
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    waiting.append(client)
    try:
        client.connect(sys.argv[1] + '/agent.sock')
    except BlockingIOError:
        break
sys.exit(subprocess.run([sys.argv[2], 'get', 'dev']).returncode)
`;

/** Starts the front with an argv[0] that is empty, and an environment with an entry that has no "=". */
const oddStart = `
import ctypes, os, sys
front, runtime = sys.argv[1].encode(), sys.argv[2].encode()
arguments = (ctypes.c_char_p * 4)(b'', b'get', b'dev', None)
environment = (ctypes.c_char_p * 5)(b'ROLEKEEPER_ODD', b'', b'=', b'ROLEKEEPER_RUNTIME_DIR=' + runtime, None)
ctypes.CDLL(None).execve(front, arguments, environment)
`;

async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** Promise.withResolvers, which Node 20 lacks. */
function deferred<T>(): Deferred<T> {
  let resolve: ((value: T) => void) | undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve?.(value) };
}
