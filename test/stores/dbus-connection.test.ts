import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import { boolean, sequence, string } from '../../src/stores/dbus-codec.ts';
import { type BusConnection, BusError, connectToBus, type Method } from '../../src/stores/dbus-connection.ts';
import { encodeMessage } from '../../src/stores/dbus-message.ts';
import { Deadline } from '../../src/stores/deadline.ts';
import {
  body,
  type FakeBusOptions,
  type FakeService,
  refusal,
  startFakeService,
  usualGreeting,
} from '../harness/keyring-fake-service.ts';

const of = { destination: 'org.example', interface: 'org.example.Thing' } as const;
const echo: Method<readonly [string], readonly [string]> = {
  ...of,
  member: 'Echo',
  args: sequence(string),
  reply: sequence(string),
};

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: FakeBusOptions = {}): Promise<FakeService> {
  const fake = await startFakeService(options);
  closers.push(() => fake.stop());
  return fake;
}

async function connected(paths: readonly string[], mayStartServices = false): Promise<BusConnection> {
  const deadline = new Deadline(2_000);
  try {
    const connection = await connectToBus(paths, { mayStartServices, deadline });
    closers.push(() => connection.close());
    return connection;
  } finally {
    deadline.stop();
  }
}

function failing(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error) => (error instanceof BusError ? error.failure : error),
  );
}

describe('connectToBus', () => {
  it('takes the first address where somebody listens', async () => {
    const fake = await start();
    fake.on('Echo', body(sequence(string), ['hello']));
    const connection = await connected(['/nowhere/bus', fake.socketPath]);
    expect(await connection.call(echo, '/x', ['hello'])).toEqual(['hello']);
  });

  it('an abstract socket of Linux works as any other', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end('REJECTED EXTERNAL\r\n')));
    const name = `\0rk-test-${process.pid}-${performance.now()}`;
    await new Promise<void>((resolve) => server.listen(name, resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const connection = await connected([name]);
    expect(await failing(connection.call(echo, '/x', ['']))).toEqual({ kind: 'refused', problem: 'REJECTED EXTERNAL' });
  });

  it('nobody there, a path too long to be one, and no path at all are told apart from a bus', async () => {
    expect(await failing(connected([]))).toMatchObject({ kind: 'no-bus', problem: 'there is no session bus' });
    expect(await failing(connected(['/nowhere/bus']))).toMatchObject({
      kind: 'no-bus',
      problem: expect.stringContaining('ENOENT'),
    });
    expect(await failing(connected([`/${'x'.repeat(107)}`]))).toMatchObject({
      kind: 'no-bus',
      problem: expect.stringContaining('107'),
    });
  });

  it('a deadline that is over before the connection is there ends it', async () => {
    const fake = await start();
    const deadline = new Deadline(0);
    await new Promise<void>((resolve) => void deadline.whenOver(resolve));
    const options = { mayStartServices: false, deadline };
    expect(await failing(connectToBus([fake.socketPath], options))).toEqual({ kind: 'deadline', afterMs: 0 });
  });
});

const greeting = Buffer.from('DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n');

function answerTo(serial: number, text: string): Buffer {
  return encodeMessage({ type: 'return', serial: 1, replySerial: serial }, 0, sequence(string), [text]);
}

/** A bus that says these pieces one after the other, whatever it hears. */
async function scripted(pieces: readonly Buffer[], after: (socket: Socket) => void = () => undefined): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'rk-script-'));
  const path = join(directory, 'bus');
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the client hung up
    closers.push(() => socket.destroy());
    const [first, ...rest] = pieces;
    const say = (piece: Buffer | undefined, more: readonly Buffer[]): void => {
      if (piece === undefined) after(socket);
      else socket.write(piece, () => setImmediate(() => say(more[0], more.slice(1))));
    };
    socket.once('data', () => say(first, rest));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closers.push(() => rmSync(directory, { recursive: true }));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return path;
}

function cut(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

describe('BusConnection', () => {
  it('calls under way at once each get their own answer, in whatever order and pieces the answers come', async () => {
    // Serial 1 is Hello.
    const answers = Buffer.concat([greeting, answerTo(1, ':1.1'), answerTo(4, 'c'), answerTo(3, 'b'), answerTo(2, 'a')]);
    for (const size of [1, 7, 50, 10_000]) {
      const connection = await connected([await scripted(cut(answers, size))]);
      const calls = ['', '', ''].map((text) => connection.call(echo, '/x', [text]));
      expect(await Promise.all(calls)).toEqual([['a'], ['b'], ['c']]);
    }
  });

  it('a long answer in many pieces is read in time that grows with its length alone', async () => {
    const long = 'x'.repeat(4 * 1024 * 1024);
    const connection = await connected([await scripted([greeting, ...cut(answerTo(2, long), 4096)])]);
    const startedAt = performance.now();
    const [text] = await connection.call(echo, '/x', ['']);
    expect(text.length).toBe(long.length);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('background work tells the bus to start no service, interactive work does not', async () => {
    const fake = await start();
    fake.on('Echo', body(sequence(string), ['']));
    await (await connected([fake.socketPath])).call(echo, '/x', ['']);
    await (await connected([fake.socketPath], true)).call(echo, '/x', ['']);
    expect(fake.flags).toEqual([2, 0]);
  });

  it('an error answer carries its name, and the connection lives on', async () => {
    const fake = await start();
    fake.on('/a Echo', refusal('org.example.Error.No', 'not today'));
    fake.on('/b Echo', body(sequence(string), ['yes']));
    const connection = await connected([fake.socketPath]);
    expect(await failing(connection.call(echo, '/a', ['']))).toEqual({
      kind: 'reply',
      name: 'org.example.Error.No',
      text: 'not today',
    });
    expect(await connection.call(echo, '/b', [''])).toEqual(['yes']);
  });

  it('a signal is heard once, by who waits for it, and only from its object', async () => {
    const fake = await start();
    const connection = await connected([fake.socketPath]);
    const prompt = { interface: 'org.freedesktop.Secret.Prompt', member: 'Completed' } as const;
    const first = connection.nextSignal({ path: '/p1', ...prompt }, sequence(boolean));
    const second = connection.nextSignal({ path: '/p2', ...prompt }, sequence(boolean));
    fake.on('Echo', () => {
      fake.complete('/other', true);
      fake.complete('/p2', false);
      fake.complete('/p1', true);
      return body(sequence(string), ['']);
    });
    await connection.call(echo, '/x', ['']);
    expect([await first, await second]).toEqual([[true], [false]]);
  });

  it('a bus that refuses, hangs up, talks without end or sends garbage ends every call, at once', async () => {
    const hangUp = (socket: Socket) => void socket.destroy();
    const huge = answerTo(2, '');
    huge.writeUInt32LE(0x7fffff00, 4);
    const cases: readonly (readonly [string, string, readonly Buffer[]])[] = [
      ['a refusal', 'refused', [Buffer.from('REJECTED EXTERNAL DBUS_COOKIE_SHA1\r\n')]],
      ['an error in the greeting', 'refused', [Buffer.from('ERROR\r\n')]],
      ['an endless greeting', 'malformed', [Buffer.alloc(100_000, 'x')]],
      ['no D-Bus at all', 'malformed', [greeting, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
      ['a huge message', 'malformed', [greeting, huge]],
      [
        'an answer of another type',
        'malformed',
        [greeting, encodeMessage({ type: 'return', serial: 1, replySerial: 2 }, 0, sequence(), [])],
      ],
      ['the end before the greeting', 'ended', []],
      ['the end in the middle of a message', 'ended', [greeting, answerTo(2, 'text').subarray(0, 40)]],
    ];
    for (const [words, kind, pieces] of cases) {
      const connection = await connected([await scripted(pieces, hangUp)]);
      const failures = await Promise.all([connection.call(echo, '/x', ['']), connection.call(echo, '/y', [''])].map(failing));
      expect([words, ...failures]).toMatchObject([words, { kind }, { kind }]);
      expect(connection.isOpen).toBe(false);
      expect(await failing(connection.call(echo, '/z', ['']))).toMatchObject({ kind });
      expect(await failing(connection.nextSignal({ path: '/', interface: 'a.b', member: 'C' }, sequence()))).toMatchObject({
        kind,
      });
    }
  });

  it('answers to nobody, calls and signals of others are passed over', async () => {
    const signal = {
      type: 'signal',
      serial: 1,
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'NameAcquired',
    } as const;
    const strange = [
      answerTo(99, 'nobody'),
      encodeMessage(signal, 0, sequence(string), [':1.1']),
      encodeMessage({ ...signal, type: 'call' }, 0, sequence(), []),
    ];
    const connection = await connected([await scripted([greeting, ...strange, answerTo(2, 'mine')])]);
    expect(await connection.call(echo, '/x', [''])).toEqual(['mine']);
  });

  it('close ends what waits; the failure that came first stays', async () => {
    const fake = await start();
    fake.on('Echo', { kind: 'silence' });
    const connection = await connected([fake.socketPath]);
    const waiting = failing(connection.call(echo, '/x', ['']));
    connection.fail(new BusError({ kind: 'deadline', afterMs: 5 }));
    connection.close();
    expect(await waiting).toEqual({ kind: 'deadline', afterMs: 5 });
  });

  it('a greeting without DATA, as older buses give it, is understood', async () => {
    const fake = await start({ greeting: (line) => (line.startsWith('AUTH') ? usualGreeting('DATA') : undefined) });
    fake.on('Echo', body(sequence(string), ['old']));
    expect(await (await connected([fake.socketPath])).call(echo, '/x', [''])).toEqual(['old']);
  });
});
