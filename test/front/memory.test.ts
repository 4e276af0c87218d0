// The same conversations under valgrind and in a build with AddressSanitizer and UBSan: no wrong access, nothing undefined, no leak.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../harness/fake-agent.ts';
import { type Compiled, compile, type FrontWorld, openFrontWorld, readStub } from '../harness/front-world.ts';

/** What an agent says for the profile of this name, and what the front makes of it. */
const conversations: readonly (readonly [string, string, number, string])[] = [
  ['answer', answer(0, '{"Version":1}'), 0, '{"Version":1}'],
  ['longest', answer(0, 'x'.repeat(65_536)), 0, 'x'.repeat(65_536)],
  ['nothing', answer(0, ''), 0, ''],
  ['failure', answer(4, 'rolekeeper: no\n'), 4, ''],
  ['longest failure', answer(255, 'x'.repeat(65_536)), 255, ''],
  ['pass', '!rolekeeper 1 pass busy\n', 42, 'Node'],
  ['short', answer(0, '{}').slice(0, -1), 42, 'Node'],
  ['long', `${answer(0, 'x'.repeat(65_536))}x`, 42, 'Node'],
  ['garbage', '!'.repeat(300_000), 42, 'Node'],
  ['line', `!rolekeeper 1 exit 0 ${'1'.repeat(60_000)}`, 42, 'Node'],
  ['silence', '', 42, 'Node'],
];
const others: readonly (readonly [string, readonly string[]])[] = [
  ['another command', ['status', '', 'x'.repeat(10_000)]],
  ['no arguments', []],
  ['an odd name', ['get', 'prüfung']],
];

let world: FrontWorld;
beforeEach(async () => {
  world = openFrontWorld();
  const texts = new Map(conversations.map(([profile, text]) => [profile, text]));
  await world.agent(({ request, end }) => end(texts.get(request.fields[1] ?? '') ?? ''));
});
afterEach(() => world.close());

const crowd = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`ROLEKEEPER_${i}`, 'x'.repeat(i % 90)]));

describe.each(['valgrind', 'AddressSanitizer'])('under %s', (tool) => {
  let compiled: Compiled;
  beforeAll(() => {
    const sanitized = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    compiled = compile({ flags: tool === 'valgrind' ? ['-O1', '-g'] : sanitized });
  });
  afterAll(() => compiled.close());

  const report = (): string => join(world.home, 'report');

  /** Ends as the front does, unless the tool found something: with what it found then. */
  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<[number | null, string]> {
    rmSync(report(), { force: true });
    const watched =
      tool === 'valgrind'
        ? await world.run(
            'valgrind',
            ['-q', '--error-exitcode=99', '--leak-check=full', `--log-file=${report()}`, compiled.front, ...args],
            { env },
          )
        : await world.run(compiled.front, args, {
            env: { ...env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'print_stacktrace=1' },
          });
    // After the front has become Node, valgrind is gone, and with it its exit status: what it wrote until then counts.
    const found = tool === 'valgrind' ? readFileSync(report(), 'utf8') : '';
    if (found !== '' || watched.status === 99) throw new Error(`${found}${watched.stderr}`);
    if (/Sanitizer|runtime error/.test(watched.stderr)) throw new Error(watched.stderr);
    return [watched.status, readStub(watched.stdout) === undefined ? watched.stdout.toString() : 'Node'];
  }

  it.each(conversations)('%s', async (profile, _text, status, stdout) => {
    expect(await run(['get', profile])).toEqual([status, stdout]);
  });

  it.each(others)('%s', async (_what, args) => {
    expect(await run(args)).toEqual([42, 'Node']);
  });

  it('a crowded environment', async () => {
    expect(await run(['get', 'answer'], crowd)).toEqual([0, '{"Version":1}']);
  });

  it('an environment beyond the limit', async () => {
    expect(
      await run(['get', 'answer'], { ROLEKEEPER_X: 'x'.repeat(131_000), HOME: 'y'.repeat(131_000), no_proxy: 'z'.repeat(1_000) }),
    ).toEqual([42, 'Node']);
  });

  it('a runtime directory beyond all limits', async () => {
    expect(await run(['get', 'answer'], { ROLEKEEPER_RUNTIME_DIR: `/${'x'.repeat(100_000)}` })).toEqual([42, 'Node']);
  });

  it('is seen when something is wrong: the tool is not blind', async () => {
    const wrong = compile({
      flags: ['-g', '-O0', '-w', '-include', 'test/harness/wrong-access.h'].concat(
        tool === 'valgrind' ? [] : ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
      ),
    });
    const right = compiled;
    compiled = wrong;
    try {
      await expect(run(['get', 'answer'])).rejects.toThrow(/Invalid read|heap-buffer-overflow/);
    } finally {
      compiled = right;
      wrong.close();
    }
  });
});
