// Thousands of answers that are nearly right, given to a build with AddressSanitizer and UBSan. The front prints the whole of a right one or
// goes its own way; nothing else, whatever comes.

import { setImmediate as soon } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../harness/fake-agent.ts';
import { type Compiled, compile, type FrontWorld, openFrontWorld, readStub } from '../harness/front-world.ts';
import { pick, type Random, randomNumbers } from '../harness/random-numbers.ts';

const seed = 20_240_607;
const count = 2_000;
const atOnce = 6;

interface Case {
  readonly bytes: Buffer;
  /** How long each part is that is sent at once. */
  readonly part: number;
  readonly isCutByForce: boolean;
}

interface Right {
  readonly status: number;
  readonly text: Buffer;
}

let compiled: Compiled;
let world: FrontWorld;
beforeAll(() => {
  compiled = compile({ flags: ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] });
  world = openFrontWorld();
});
afterAll(async () => {
  await world.close();
  compiled.close();
});

describe('mutated answers', () => {
  it(`never crash the front, and are printed whole or not at all (seed ${seed})`, { timeout: 120_000 }, async () => {
    const random = randomNumbers(seed);
    const cases = Array.from({ length: count }, () => makeCase(random));
    await world.agent((caller) => play(cases[Number(caller.request.fields[1])], caller));
    const endings = { answered: 0, ownWay: 0 };
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < count; i = next++) {
        const ending = await check(i, cases[i]);
        endings[ending] += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    // Both kinds must have been there, or the mutations are too tame or too wild.
    expect(endings.answered).toBeGreaterThan(count / 10);
    expect(endings.ownWay).toBeGreaterThan(count / 2);
  });

  it(`never make more of a prompt than the whole of a right one, and status 0 (seed ${seed})`, { timeout: 60_000 }, async () => {
    const random = randomNumbers(seed);
    const cases = Array.from({ length: count / 5 }, () => makeCase(random));
    await world.close();
    world = openFrontWorld();
    await world.agent((caller) => play(cases[Number(caller.request.fields[1])], caller));
    const env = { ASAN_OPTIONS: 'detect_leaks=0' };
    let printed = 0;
    for (const [i, { bytes, isCutByForce }] of cases.entries()) {
      const spoken = await world.run(compiled.front, ['status', '--prompt', `${i}`], { env });
      expect(spoken).toMatchObject({ status: 0, stderr: '' });
      const right = rightAnswer(bytes);
      const whole = right?.status === 0 ? right.text : Buffer.alloc(0);
      if (!(isCutByForce && spoken.stdout.length === 0)) expect(spoken.stdout).toEqual(whole);
      if (spoken.stdout.length > 0) printed += 1;
    }
    expect(printed).toBeGreaterThan(0);
  });
});

async function check(i: number, one: Case | undefined): Promise<'answered' | 'ownWay'> {
  if (one === undefined) throw new Error(`no case ${i}`);
  const right = rightAnswer(one.bytes);
  const { status, stdout, stderr } = await world.run(compiled.front, ['get', `${i}`], {
    env: { ASAN_OPTIONS: 'detect_leaks=0' },
  });
  const where = `seed ${seed}, case ${i}: ${JSON.stringify(one.bytes.subarray(0, 100).toString('latin1'))}`;
  if (right === undefined) {
    expect([where, status, readStub(stdout)?.args.slice(2), stderr]).toEqual([where, 42, ['get', `${i}`], '']);
    return 'ownWay';
  }
  const [out, err] = right.status === 0 ? [right.text, ''] : [Buffer.alloc(0), right.text.toString()];
  expect([where, status, stdout.equals(out), stderr === err]).toEqual([where, right.status, true, true]);
  return 'answered';
}

async function play(one: Case | undefined, { send, end, socket }: Caller): Promise<void> {
  if (one === undefined) return end('no such case');
  for (let at = 0; at < one.bytes.length; at += one.part) {
    await send(one.bytes.subarray(at, at + one.part));
    if (one.part < one.bytes.length) await soon();
  }
  if (one.isCutByForce) socket.destroy();
  else end();
}

/** The wire's rules once more, written in another way than the front's. */
function rightAnswer(bytes: Buffer): Right | undefined {
  const text = bytes.toString('latin1');
  const [line, status, length] = /^!rolekeeper 1 exit (0|[1-9]\d{0,2}) (0|[1-9]\d{0,4})\n/.exec(text) ?? [];
  if (line === undefined || Number(status) > 255 || Number(length) > 65_536) return undefined;
  if (bytes.length !== line.length + Number(length)) return undefined;
  return { status: Number(status), text: bytes.subarray(line.length) };
}

function makeCase(random: Random): Case {
  const times = random(5);
  let bytes = validAnswer(random);
  for (let i = 0; i < times; i++) bytes = mutations[random(mutations.length)]?.(bytes, random) ?? bytes;
  const part = random(3) === 0 ? 1 + random(Math.max(1, bytes.length)) : bytes.length + 1;
  // A thousand small parts of a long answer would take longer than the deadline.
  return { bytes, part: Math.max(part, Math.ceil(bytes.length / 50)), isCutByForce: random(4) === 0 };
}

function validAnswer(random: Random): Buffer {
  const status = pick([0, 0, 0, 1, 4, 7, 130, 255], random);
  const length = pick([0, 1, 2, 300, 1_000, 4_096, 65_535, 65_536], random);
  return Buffer.concat([Buffer.from(`!rolekeeper 1 exit ${status} ${length}\n`), Buffer.alloc(length, '{"Version":1}')]);
}

const hostileNumbers = [
  '',
  '-1',
  '+1',
  '00',
  '0x10',
  '1e3',
  ' 1',
  '1 ',
  '256',
  '65537',
  '4294967296',
  '18446744073709551616',
  '9'.repeat(70),
];

/** Each takes an answer and spoils it in one place, mostly in the first bytes, where the meaning is. */
const mutations: readonly ((bytes: Buffer, random: Random) => Buffer)[] = [
  (bytes, random) => spliced(bytes, { at: place(bytes, random), drop: 1, put: Buffer.from([random(256)]) }),
  (bytes, random) =>
    spliced(bytes, {
      at: place(bytes, random),
      drop: 1,
      put: Buffer.from(pick(['0', '9', ' ', '\n', '\0', '!', '\xff'], random), 'latin1'),
    }),
  (bytes, random) => spliced(bytes, { at: place(bytes, random), drop: 1 + random(20), put: Buffer.alloc(0) }),
  (bytes, random) => spliced(bytes, { at: place(bytes, random), drop: 0, put: Buffer.alloc(1 + random(80), random(256)) }),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => bytes.subarray(0, random(Math.min(40, bytes.length + 1))),
  (bytes, random) => Buffer.concat([bytes, Buffer.alloc(pick([1, 2, 64, 65_536, 300_000], random), random(256))]),
  (bytes) => Buffer.concat([bytes, bytes]),
  (bytes, random) => replaceNumber(bytes, random(3), pick(hostileNumbers, random)),
  (bytes, random) => replaceNumber(bytes, 2, `${Math.max(0, bytes.indexOf('\n') + random(3))}`),
  // The length that is true again after what was done before, so that many a mutant is right.
  (bytes) => replaceNumber(bytes, 2, `${bytes.length - bytes.indexOf('\n') - 1}`),
  (bytes) => Buffer.from(bytes.toString('latin1').replace('exit', 'pass'), 'latin1'),
];

function place(bytes: Buffer, random: Random): number {
  return random(random(2) === 0 ? Math.min(30, bytes.length + 1) : bytes.length + 1);
}

function spliced(bytes: Buffer, { at, drop, put }: { readonly at: number; readonly drop: number; readonly put: Buffer }): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
}

/** The version, the status or the length, if the line still has so many numbers. */
function replaceNumber(bytes: Buffer, which: number, by: string): Buffer {
  const end = bytes.indexOf('\n');
  let seen = -1;
  const line = bytes
    .subarray(0, end + 1)
    .toString('latin1')
    .replace(/\d+/g, (number) => {
      seen += 1;
      return seen === which ? by : number;
    });
  return Buffer.concat([Buffer.from(line, 'latin1'), bytes.subarray(end + 1)]);
}
