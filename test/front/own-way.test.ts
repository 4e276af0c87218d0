// How the front becomes the Node program: which Node, which script, under which name, and with what.

import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer } from '../harness/fake-agent.ts';
import {
  type Compiled,
  compile,
  type FrontWorld,
  openFrontWorld,
  readStub,
  type SpeakOptions,
  type StubReport,
  writeScript,
} from '../harness/front-world.ts';

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

async function report(command: string, args: readonly string[], options?: SpeakOptions): Promise<StubReport> {
  const { stdout, stderr } = await world.run(command, args, options);
  const stub = readStub(stdout);
  if (stub === undefined) throw new Error(`not the stub: ${stdout}${stderr}`);
  return stub;
}

describe('the arguments', () => {
  it.each([
    ['none', []],
    ['an option', ['--version']],
    ['another command', ['status']],
    ['get alone', ['get']],
    ['get with more', ['get', 'dev', '--debug']],
    ['get with an option', ['get', '--help']],
    ['get with a dash', ['get', '-']],
    ['an empty name', ['get', '']],
    ['blanks, newlines, quotes and nothing', ['exec', 'a b', '', '\n', '"\'\\', '--', ' ', 'ä€😀', '']],
    ['many', Array.from({ length: 5_000 }, (_, i) => `argument ${i}`)],
    ['a giant', ['exec', 'x'.repeat(130_000)]],
  ])('go on as they are: %s', async (_what, args) => {
    await world.agent(({ end }) => end(answer(0, 'not asked')));
    const { args: seen } = await report(compiled.front, args);
    expect(seen).toEqual([compiled.front, '/baked/dist/rolekeeper.js', ...args]);
  });

  it('go on byte for byte when they are no text', async () => {
    const { stdout } = await world.run('sh', ['-c', `exec "$0" exec "$(printf '\\377\\200\\001')"`, compiled.front]);
    expect(stdout.includes(Buffer.from([0, 0x61, 0x72, 0x67, 0x3a, 0xff, 0x80, 0x01, 0]))).toBe(true);
  });

  it.each([0, 1, 4, 130, 255])('and the exit status %i comes back', async (status) => {
    expect(await world.run(compiled.front, ['status'], { env: { STUB_STATUS: `${status}` } })).toMatchObject({ status });
  });
});

describe('a name that the front does not judge', () => {
  it.each([' dev', 'dev ', 'a]b', 'a\nb', 'a\x1b[31mb', 'a\x7fb', 'prüfung', 'a\u202eb', 'x'.repeat(257)])(
    'is left for Node, and Node is not told that the agent was asked: %j',
    async (name) => {
      const agent = await world.agent(({ end }) => end(answer(0, 'not asked')));
      const { args, env } = await report(compiled.front, ['get', name], { env: { ROLEKEEPER_DEADLINE: '1' } });
      expect(args.slice(2)).toEqual(['get', name]);
      expect(env.has('ROLEKEEPER_DEADLINE')).toBe(false);
      expect(agent.requests).toEqual([]);
    },
  );

  it('is no ordinary one: blanks, slashes and all of ASCII but "]" go to the agent', async () => {
    const names = [
      'a b',
      'a/b',
      '.',
      'x'.repeat(256),
      ...Array.from({ length: 94 }, (_, i) => `n${String.fromCharCode(33 + i)}`),
    ];
    const agent = await world.agent(({ end }) => end(answer(0, 'asked')));
    const plain = names.filter((name) => !name.includes(']'));
    await Promise.all(plain.map((name) => world.run(compiled.front, ['get', name])));
    expect(agent.requests.map(({ fields }) => fields[1]).toSorted()).toEqual(plain.toSorted());
  });
});

describe('the name by which it was started', () => {
  it('is the path that was given', async () => {
    expect((await report(compiled.front, ['status'])).args[0]).toBe(compiled.front);
  });

  it('stays a link', async () => {
    const link = join(world.home, 'keeper');
    symlinkSync(compiled.front, link);
    expect((await report(link, ['status'])).args[0]).toBe(link);
  });

  it('is the place on PATH where a shell found it', async () => {
    mkdirSync(join(world.home, 'bin'));
    symlinkSync(compiled.front, join(world.home, 'bin', 'rolekeeper'));
    const env = { PATH: `${join(world.home, 'bin')}:${world.env['PATH']}` };
    expect((await report('sh', ['-c', 'rolekeeper status'], { env })).args[0]).toBe(join(world.home, 'bin', 'rolekeeper'));
  });

  it('is made absolute', async () => {
    mkdirSync(join(world.home, 'bin'));
    symlinkSync(compiled.front, join(world.home, 'bin', 'rolekeeper'));
    expect((await report('sh', ['-c', 'bin/rolekeeper status'])).args[0]).toBe(join(world.home, 'bin/rolekeeper'));
    expect((await report('sh', ['-c', 'cd bin && ./rolekeeper status'])).args[0]).toBe(`${world.home}/bin/./rolekeeper`);
  });

  it('is not what argv[0] claims', async () => {
    const claim = 'import os, sys; os.execv(sys.argv[1], ["/usr/bin/other", "status"])';
    expect((await report('python3', ['-c', claim, compiled.front])).args[0]).toBe(compiled.front);
  });

  it('is only a word when the directory it was relative to has gone, and no agent is asked from nowhere', async () => {
    symlinkSync(compiled.front, join(world.home, 'front'));
    const agent = await world.agent(({ end }) => end(answer(0, 'not asked')));
    const { args } = await report('sh', ['-c', 'mkdir gone && cd gone && rmdir ../gone && exec ../front get dev']);
    expect(args).toEqual(['rolekeeper', '/baked/dist/rolekeeper.js', 'get', 'dev']);
    expect(agent.requests).toEqual([]);
  });
});

describe('the script', () => {
  it('is the one beside the front, whatever links led there', async () => {
    const [copy, link] = [join(world.home, 'copy'), join(world.home, 'link')];
    mkdirSync(copy);
    copyFileSync(compiled.front, join(copy, 'rolekeeper'));
    writeFileSync(join(copy, 'rolekeeper.js'), '');
    symlinkSync(join(copy, 'rolekeeper'), link);
    expect((await report(link, ['status'])).args.slice(0, 2)).toEqual([link, join(copy, 'rolekeeper.js')]);
  });

  it('is where the build put it when the front was copied alone', async () => {
    copyFileSync(compiled.front, join(world.home, 'rolekeeper'));
    expect((await report(join(world.home, 'rolekeeper'), ['status'])).args[1]).toBe('/baked/dist/rolekeeper.js');
  });

  it('is what the built program has', async () => {
    const built = readFileSync('dist/rolekeeper').subarray(0, 4).toString('latin1');
    expect(built).toBe('\x7fELF');
    const { stdout } = await world.run(join(process.cwd(), 'dist', 'rolekeeper'), ['--version']);
    const { version }: { readonly version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(stdout.toString()).toBe(`${version}\n`);
  });
});

describe('what goes with it', () => {
  it('no core dumps, no open files, signals as they were', async () => {
    await world.agent(({ end }) => end('!garbage'));
    for (const args of [['get', 'dev'], ['status']]) {
      const { core, fds, sigpipe } = await report('sh', ['-c', 'ulimit -c unlimited; exec "$0" "$@"', compiled.front, ...args]);
      expect({ core, fds, sigpipe }).toEqual({ core: '0', fds: [0, 1, 2], sigpipe: 'default' });
    }
  });

  it('the streams that were missing', async () => {
    const closed = (args: string) => `exec "$0" ${args} <&- 2>&-`;
    for (const args of ['get dev', 'status']) {
      expect((await report('sh', ['-c', closed(args), compiled.front])).fds).toEqual([0, 1, 2]);
    }
  });

  it('the environment, byte for byte, but for what would change an answer of get', async () => {
    const env = {
      NODE_OPTIONS: '--title=x',
      NODE_PATH: '/x',
      NODE_EXTRA_CA_CERTS: '/y',
      LINES: 'a\nb',
      EMPTY: '',
      ROLEKEEPER_DEADLINE: '5',
    };
    const get = (await report(compiled.front, ['get', 'dev'], { env })).env;
    expect([get.get('NODE_OPTIONS'), get.get('NODE_PATH'), get.get('NODE_EXTRA_CA_CERTS')]).toEqual([undefined, undefined, '/y']);
    expect([get.get('LINES'), get.get('EMPTY')]).toEqual(['a\nb', '']);
    expect(Number(get.get('ROLEKEEPER_DEADLINE'))).toBeGreaterThan(Date.now());
    const exec = (await report(compiled.front, ['exec', 'dev'], { env })).env;
    expect([exec.get('NODE_OPTIONS'), exec.get('NODE_PATH')]).toEqual(['--title=x', '/x']);
    expect(exec.has('ROLEKEEPER_DEADLINE')).toBe(false);
  });
});

describe('Node', () => {
  let moved: Compiled;
  beforeAll(() => {
    moved = compile({ node: '/nonexistent/node' });
  });
  afterAll(() => moved.close());

  it('is found on PATH when the one of the build has gone, past relative and useless entries', async () => {
    const [bin, useless] = [join(world.home, 'bin'), join(world.home, 'useless')];
    mkdirSync(bin);
    mkdirSync(join(useless, 'node'), { recursive: true });
    writeScript(join(world.home, 'node'), 'echo not me');
    linkSync(moved.node, join(bin, 'node'));
    const env = { PATH: `:.:${useless}:/nonexistent:${'x'.repeat(5_000)}:/${'x'.repeat(5_000)}:${bin}:` };
    expect((await report(moved.front, ['status'], { env })).args).toEqual([moved.front, '/baked/dist/rolekeeper.js', 'status']);
  });

  it('is found in the usual places without a PATH', async () => {
    const usual = compile({ node: '/nonexistent/node', places: `/nonexistent:${moved.directory}` });
    expect((await report(usual.front, ['status'], { env: { PATH: undefined } })).args[0]).toBe(usual.front);
    usual.close();
  });

  it('keeps its own name where a version manager needs it', async () => {
    linkSync(moved.node, join(world.home, 'manager'));
    symlinkSync(join(world.home, 'manager'), join(world.home, 'node'));
    expect((await report(moved.front, ['status'], { env: { PATH: world.home } })).args[0]).toBe(join(world.home, 'node'));
  });

  it('that is nowhere is said in two lines, with status 1', async () => {
    for (const args of [['status'], ['get', 'dev']]) {
      const { status, stdout, stderr } = await world.run(moved.front, args, { env: { PATH: '/nonexistent' } });
      expect([status, stdout.toString(), stderr]).toEqual([
        1,
        '',
        'rolekeeper: could not start /nonexistent/node, nor another node: No such file or directory\nrolekeeper: hint: install Node.js 20.19 or later, or put it on PATH\n',
      ]);
    }
  });

  it('that cannot be run is said with the reason', async () => {
    rmSync(join(world.home, 'node'), { force: true });
    writeFileSync(join(world.home, 'node'), '', { mode: 0o644 });
    const { stderr } = await world.run(moved.front, ['status'], { env: { PATH: world.home } });
    expect(stderr.split('\n')[0]).toBe('rolekeeper: could not start /nonexistent/node, nor another node: Permission denied');
  });

  it('is not needed for an answer', async () => {
    await world.agent(({ end }) => end(answer(0, '{}')));
    expect(await world.run(moved.front, ['get', 'dev'])).toMatchObject({ status: 0, stdout: Buffer.from('{}') });
  });
});
