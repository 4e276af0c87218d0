// The bounded run for the native front: its corpus and mutants of it, under AddressSanitizer and UBSan, by the compiler that CI has. The long run,
// with libFuzzer, is `npm run fuzz -- --target front`.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { corpusPaths } from './corpus.ts';
import { buildFront } from './front-build.ts';

const mutantsOfEach = 3_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-fuzz-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function replay(sourceDirectory?: string): { readonly status: number | null; readonly words: string } {
  const output = join(directory, 'replay');
  const where = sourceDirectory === undefined ? {} : { directory: sourceDirectory };
  buildFront({ compiler: 'gcc', sanitizers: 'address,undefined', sources: ['front-replay.c'], output, ...where });
  const { status, stdout, stderr } = spawnSync(output, [`${mutantsOfEach}`, ...corpusPaths('front')], { encoding: 'utf8' });
  return { status, words: stdout + stderr };
}

/** A front whose source has one place changed. */
function spoilt(from: string, to: string): string {
  const copy = join(directory, 'front');
  cpSync('src/front', copy, { recursive: true });
  const path = join(copy, 'front.c');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
  return copy;
}

describe('the native front', { timeout: 120_000 }, () => {
  it('never crashes, reads past no end, and prints a whole right document or nothing', () => {
    const inputs = corpusPaths('front').length * (mutantsOfEach + 1);
    expect(replay()).toEqual({ status: 0, words: `${inputs} inputs, no fault\n` });
  });

  it.each([
    ['reads past its buffer', 'sizeof answer - have, 0', 'sizeof answer, 0', 'AddressSanitizer'],
    ['prints half an answer', 'there == reply->length ? whole', 'there > 0 ? whole', 'only a right document is printed'],
    ['takes a number that is too large', '*number > most)', '*number > most + 1)', 'the exit status is one'],
    ['calls a socket by half of its name', '|| (size_t)length >= sizeof address.sun_path', '', 'its socket has its whole name'],
  ])('is caught when it %s', (_what, from, to, words) => {
    const caught = replay(spoilt(from, to));
    expect(caught.status).not.toBe(0);
    expect(caught.words).toContain(words);
  });
});
