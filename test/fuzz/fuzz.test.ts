// The bounded run: the corpus and some mutants of it, the same ones each time. The long run is `npm run fuzz`.

import { describe, expect, it } from 'vitest';
import { readCorpus } from './corpus.ts';
import { startCoverage } from './coverage.ts';
import { Fault, fuzz } from './fuzz-run.ts';
import { must, pureTarget } from './target.ts';
import { targets } from './targets.ts';

const seed = 20_261_126;
/** A few seconds for each; those that wait for disks, sockets and processes get fewer. */
const counts: Readonly<Record<string, number>> = { connection: 600, sts: 300, 'mfa-process': 150, state: 300 };
const usualCount = 2_000;

describe(`the corpus and its mutants (seed ${seed})`, () => {
  it.each(Object.keys(targets))('%s: no fault, and every ending comes about', { timeout: 120_000 }, async (name) => {
    const target = await targets[name]?.();
    if (target === undefined) throw new Error(`no target ${name}`);
    const count = counts[name] ?? usualCount;
    const { inputs, endings } = await fuzz(target, { seed, corpus: readCorpus(name), isOver: (so) => so >= count });
    expect(inputs).toBeGreaterThanOrEqual(count);
    expect([...endings].filter(([, times]) => times === 0)).toEqual([]);
  });
});

/** A reader with a fault that no input of the corpus shows. */
function planted(check: (text: string) => void) {
  return pureTarget({
    name: 'planted',
    tokens: ['role_arn', 'source_profile', ':', 'x'],
    endings: ['read'],
    check: (input) => {
      check(input.toString('utf8'));
      return 'read';
    },
  });
}

const corpus = [Buffer.from('role_arn = a\nsource_profile = b\n')];

function faultOf(check: (text: string) => void): Promise<unknown> {
  const isOver = (inputs: number) => inputs > 20_000;
  return fuzz(planted(check), { seed, corpus, isOver }).catch((error: unknown) => error);
}

describe('the fuzzer', () => {
  it('finds a planted exception, and shows the input', async () => {
    const fault = await faultOf(
      (text) => void text.split('\n').map((line) => line.split('=')[1]?.trim().charAt(0) ?? boom(line)),
    );
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ message: expect.stringContaining('boom'), input: expect.any(Buffer) });
  });

  it('finds a claim that does not hold', async () => {
    const fault = await faultOf((text) => must(!text.includes('source_profilerole_arn'), 'these never meet'));
    expect(fault).toMatchObject({ message: expect.stringContaining('these never meet') });
  });

  it('finds a loop that never ends, and a promise', async () => {
    const options = { seed, corpus, isOver: () => true, hangMs: 200 };
    const loops = planted(() => {
      while (performance.now() > 0);
    });
    await expect(fuzz(loops, options)).rejects.toThrow('timed out after 200ms');
    const waits = { ...loops, open: () => ({ check: () => new Promise<string>(() => undefined), close: () => undefined }) };
    await expect(fuzz(waits, options)).rejects.toThrow('no end after 200 ms');
  });

  it('finds an ending that is none', async () => {
    const target = { ...planted(() => undefined), endings: ['refused'] };
    await expect(fuzz(target, { seed, corpus, isOver: () => true })).rejects.toThrow('"read" is none of its endings');
  });

  it('gives the same inputs for the same seed, and others for another', async () => {
    const runs = await Promise.all([1, 1, 2].map((each) => inputsOf(each)));
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]).not.toEqual(runs[2]);
  });

  it('goes on from inputs that reach new code', async () => {
    const coverage = startCoverage(new URL('../../src/', import.meta.url).href);
    try {
      const isOver = (inputs: number) => inputs > 1_000;
      const wire = await targets['wire']?.();
      if (wire === undefined) throw new Error('no target wire');
      const { finds } = await fuzz(wire, { seed, corpus: [Buffer.from('rolekeeper 1 1\n')], isOver, coverage });
      expect(finds.length).toBeGreaterThan(0);
    } finally {
      coverage.close();
    }
  });
});

async function inputsOf(each: number): Promise<readonly string[]> {
  const seen: string[] = [];
  await fuzz(
    planted((text) => void seen.push(text)),
    { seed: each, corpus, isOver: (inputs) => inputs > 500 },
  );
  return seen;
}

function boom(line: string): never {
  throw new RangeError(`boom: ${line}`);
}
