// Inputs that are nearly like others. Everything comes from the random numbers it is given.

import { pick, type Random } from '../harness/random-numbers.ts';

export interface Material {
  readonly tokens: readonly string[];
  /** Inputs to mix with. */
  readonly others: readonly Buffer[];
}

/** Most inputs stay small, so that there can be many; one in some hundreds is large. */
const usualBytes = 8_192;
const largeBytes = 200_000;

/** One to six changes. Never the input itself, though its bytes may come out the same. */
export function mutated(input: Buffer, material: Material, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(input);
  const times = 1 + random(random(4) === 0 ? 6 : 2);
  for (let i = 0; i < times; i++) bytes = pick(mutations, random)(bytes, random, material);
  return bytes.subarray(0, bytes.length > usualBytes && random(20) > 0 ? usualBytes : largeBytes);
}

type Mutation = (bytes: Buffer, random: Random, material: Material) => Buffer;

const hostileNumbers = [
  ...['', '0', '-0', '-1', '00', '1e3', '0x10', '1.5', ' 1', '1 ', '٣', 'NaN', '1e999'],
  ...['255', '256', '65536', '65537', '262144', '262145', '2147483648', '4294967296', '9007199254740993', '8640000000000001'],
  ...['18446744073709551616', '9'.repeat(70)],
];

const hostileBytes = [
  '\0',
  '\n',
  '\r',
  '\r\n',
  '\t',
  ' ',
  '\x1b[31m',
  '\x7f',
  '"',
  "'",
  '\\',
  '\xff',
  '\xc3',
  '\u2028',
  '\ud83d',
  '😀',
  '\ufeff',
];

const mutations: readonly Mutation[] = [
  (bytes, random) => spliced(bytes, { at: random(bytes.length + 1), drop: 1, put: Buffer.from([random(256)]) }),
  (bytes, random) => flipped(bytes, random),
  (bytes, random) => spliced(bytes, { at: random(bytes.length + 1), drop: 1 + random(20), put: Buffer.alloc(0) }),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) =>
    spliced(bytes, { at: random(bytes.length + 1), drop: random(3), put: Buffer.from(pick(hostileBytes, random)) }),
  (bytes, random, { tokens }) =>
    spliced(bytes, { at: random(bytes.length + 1), drop: 0, put: Buffer.from(pick(tokens, random)) }),
  (bytes, random, { tokens }) => spliced(bytes, { ...word(bytes, random), put: Buffer.from(pick(tokens, random)) }),
  (bytes, random, { others }) =>
    spliced(bytes, { at: random(bytes.length + 1), drop: random(40), put: piece(pick(others, random), random) }),
  (bytes, random) => spliced(bytes, { at: random(bytes.length + 1), drop: 0, put: piece(bytes, random) }),
  (bytes, random) => spliced(bytes, { ...number(bytes, random), put: Buffer.from(pick(hostileNumbers, random)) }),
  (bytes, random) => withLines(bytes, (lines) => lines.toSpliced(random(lines.length), 1)),
  (bytes, random) => withLines(bytes, (lines) => lines.toSpliced(random(lines.length + 1), 0, pick(lines, random))),
  (bytes, random) => withLines(bytes, (lines) => lines.toSpliced(random(lines.length), 1, pick(lines, random))),
  (bytes, random) => (random(20) === 0 ? repeated(bytes, random) : flipped(bytes, random)),
];

function flipped(bytes: Buffer, random: Random): Buffer {
  const at = random(bytes.length + 1);
  return spliced(bytes, { at, drop: 1, put: Buffer.from([(bytes[at] ?? 0) ^ (1 << random(8))]) });
}

/** A short piece so often that it is long. */
function repeated(bytes: Buffer, random: Random): Buffer {
  const short = piece(bytes, random).subarray(0, 60);
  return spliced(bytes, { at: random(bytes.length + 1), drop: 0, put: Buffer.alloc(short.length * random(3_000), short) });
}

function piece(bytes: Buffer, random: Random): Buffer {
  const from = random(bytes.length + 1);
  return bytes.subarray(from, from + 1 + random(120));
}

interface Place {
  readonly at: number;
  readonly drop: number;
}

function word(bytes: Buffer, random: Random): Place {
  return found(/[\w.-]+/g, bytes, random);
}

function number(bytes: Buffer, random: Random): Place {
  return found(/\d+/g, bytes, random);
}

function found(pattern: RegExp, bytes: Buffer, random: Random): Place {
  const all = [...bytes.toString('latin1').matchAll(pattern)];
  const one = all.length === 0 ? undefined : pick(all, random);
  return one === undefined ? { at: random(bytes.length + 1), drop: 0 } : { at: one.index, drop: one[0].length };
}

function withLines(bytes: Buffer, change: (lines: readonly string[]) => readonly string[]): Buffer {
  return Buffer.from(change(bytes.toString('latin1').split('\n')).join('\n'), 'latin1');
}

function spliced(bytes: Buffer, { at, drop, put }: Place & { readonly put: Buffer }): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
}
