// install.sh as a new user runs it: from a clone, with the real npm, into a home of its own; twice; and taken back.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileTree } from '../harness/file-tree.ts';
import { type Finished, runProgram } from '../harness/run-program.ts';

/** npm fetches what its cache does not have. */
const patienceMs = 240_000;
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A clone in its own directory, built by the first test. */
let clone: string;
let home: string;
/** Where node, npm and the system's programs are, and nothing else. */
let path: string;

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'rk-clone-'));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: repository, encoding: 'utf8' });
  for (const name of listed.split('\n').filter((line) => line !== '' && !line.startsWith('test/'))) {
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    cpSync(join(repository, name), join(clone, name));
  }
  path = [dirname(process.execPath), '/usr/bin', '/bin'].join(':');
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rk-new-user-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** npm's settings and its cache come from who runs the tests; all else is the new user's. */
function env(changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const ofNpm = Object.entries(process.env).flatMap(([name, value]) =>
    /^npm_config_(cache|registry|userconfig|globalconfig)$/.test(name) && value !== undefined ? [[name, value] as const] : [],
  );
  return { ...Object.fromEntries(ofNpm), HOME: home, PREFIX: join(home, '.local'), PATH: path, ...changes };
}

function run(program: string, args: readonly string[], changes: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return runProgram(program, args, { env: env(changes), cwd: home, install: program, endMs: patienceMs });
}

const script = (args: readonly string[] = [], changes: Readonly<Record<string, string>> = {}, from = clone) =>
  run('sh', [join(from, 'install/install.sh'), ...args], changes);

/** npm notes its runs in the home; that is npm's business. */
const tree = () => fileTree(home).filter((line) => !line.startsWith('.npm'));
const installed = () => join(home, '.local/bin/rolekeeper');

describe('install.sh from a clone', () => {
  it(
    'install.sh gives a working program with pages and completions, again the same, and takes it all back',
    async () => {
      const before = tree();
      const first = await script();
      expect(first.status, first.stderr).toBe(0);
      expect(first.stderr).toMatch(/^install\.sh: installing below \S+\/\.local \(as you said\)\n/);
      expect(first.stderr).toContain('.local/bin is not in your PATH');
      const [line = ''] = /^ {4}echo .*$/m.exec(first.stderr) ?? [];
      await run('bash', ['-c', line]); // as it is copied
      expect(readFileSync(join(home, '.profile'), 'utf8')).toBe(`export PATH="${home}/.local/bin:$PATH"\n`);
      rmSync(join(home, '.profile'));
      const { version }: { version: string } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
      expect((await run(installed(), ['--version'])).stdout.trim()).toBe(version);
      expect((await run('bash', ['-c', 'PATH=$HOME/.local/bin:$PATH; rolekeeper get nobody'])).stderr).toContain(
        'no profile "nobody"',
      );
      const front = readFileSync(join(home, '.local/lib/rolekeeper/dist/rolekeeper'));
      expect([front.includes(`${home}/.local/lib/rolekeeper/dist`), front.includes(clone)]).toEqual([true, false]);
      const names = tree().map((line) => line.split(' ')[0]);
      for (const name of [
        'share/man/man1/rolekeeper.1',
        'share/man/man5/rolekeeper-config.5',
        'share/bash-completion/completions/rolekeeper',
        'share/zsh/site-functions/_rolekeeper',
        'share/fish/vendor_completions.d/rolekeeper.fish',
        'lib/rolekeeper/node_modules/fs-native-extensions/package.json',
      ]) {
        expect(names).toContain(`.local/${name}`);
      }
      expect(names.filter((name) => /node_modules\/(yargs|@aws-sdk|typescript)\b/.test(name ?? ''))).toEqual([]);
      expect(names.filter((name) => /rolekeeper\.(new|old)/.test(name ?? ''))).toEqual([]);

      const withoutCompiled = () => tree().filter((line) => !line.includes('.cache'));
      const once = withoutCompiled();
      const second = await script([], { PATH: `${home}/.local/bin:${path}`, SHELL: '/bin/zsh' });
      expect(second.status, second.stderr).toBe(0);
      expect(second.stderr).not.toContain('PATH');
      expect(second.stderr).toContain('before compinit in ~/.zshrc: fpath=(');
      expect(first.stderr).not.toContain('fpath');
      expect(withoutCompiled()).toEqual(once);

      const gone = await script(['--uninstall']);
      expect(gone).toMatchObject({ status: 0, stderr: `install.sh: rolekeeper is gone from ${home}/.local\n` });
      expect(tree()).toEqual(before);
    },
    patienceMs,
  );
});

// The clone is built now; without its sources it is what a release archive holds.
describe('install.sh from a release archive', { timeout: 60_000 }, () => {
  let archive: string;
  beforeAll(() => {
    archive = mkdtempSync(join(tmpdir(), 'rk-archive-'));
    for (const name of ['dist', 'man', 'install', 'package.json', 'LICENSE']) {
      cpSync(join(clone, name), join(archive, name), { recursive: true });
    }
  });
  afterAll(() => rmSync(archive, { recursive: true, force: true }));

  /** A PATH with the system's programs but only these of node's. */
  function pathWith(programs: Readonly<Record<string, string>>): string {
    const bin = mkdtempSync(join(home, 'bin-'));
    const needed =
      'sh id uname dirname readlink mkdir chmod mv cp rm rmdir ln find sed awk grep sort cat cmp mktemp tail env bash printf'.split(
        ' ',
      );
    const places = ['/usr/bin', '/bin'];
    for (const name of needed) {
      const place = places.map((directory) => join(directory, name)).find((file) => exists(file));
      if (place !== undefined) symlinkSync(realpathSync(place), join(bin, name));
    }
    for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(bin, name));
    return bin;
  }

  const withNode = () => pathWith({ node: process.execPath });
  const from = (args: readonly string[], changes: Readonly<Record<string, string>>) => script(args, changes, archive);

  it('install.sh needs no npm, and says what is missing without it', async () => {
    const PATH = withNode();
    const before = tree();
    const ran = await from([], { PATH });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('without fs-native-extensions');
    expect((await run(installed(), ['completion', 'fish'], { PATH })).stdout).toContain('complete -c rolekeeper');
    expect((await from(['--uninstall'], { PATH })).status).toBe(0);
    expect(tree()).toEqual(before);
  });

  it('install.sh keeps what was in its places before: other files, empty directories', async () => {
    const PATH = withNode();
    for (const name of ['bin', 'lib', 'share/man/man1', 'share/fish']) mkdirSync(join(home, '.local', name), { recursive: true });
    writeFileSync(join(home, '.local/share/man/man1/mine.1'), 'mine');
    const before = tree();
    expect((await from([], { PATH })).status).toBe(0);
    expect((await from(['--uninstall'], { PATH })).status).toBe(0);
    expect(tree()).toEqual(before);
  });

  it('install.sh takes away what an older version had and this one has not', async () => {
    const PATH = withNode();
    expect((await from([], { PATH })).status).toBe(0);
    const once = tree();
    const page = join(home, '.local/share/man/man1/rolekeeper-old.1');
    writeFileSync(page, 'old');
    const manifest = join(home, '.local/lib/rolekeeper/manifest');
    writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}file ${page}\n`);
    expect((await from([], { PATH })).status).toBe(0);
    expect(tree()).toEqual(once);
  });

  it('install.sh recovers from a run that was killed between its two renames', async () => {
    const PATH = withNode();
    expect((await from([], { PATH })).status).toBe(0);
    const once = tree();
    execFileSync('mv', [join(home, '.local/lib/rolekeeper'), join(home, '.local/lib/rolekeeper.old.1')]);
    mkdirSync(join(home, '.local/lib/rolekeeper.new.1'));
    expect((await from([], { PATH })).status).toBe(0);
    expect(tree()).toEqual(once);
  });

  it.each(['again', 'not at all'])(
    'install.sh killed while it staged leaves nothing to a later run that installs %s',
    async (what) => {
      const PATH = withNode();
      const killing = withNode();
      rmSync(join(killing, 'cp'));
      writeFileSync(join(killing, 'cp'), '#!/bin/sh\nkill -9 $PPID\n', { mode: 0o755 });
      const before = tree();
      await from([], { PATH: killing });
      expect(tree()).not.toEqual(before);
      if (what === 'again') expect((await from([], { PATH })).status).toBe(0);
      await from(['--uninstall'], { PATH });
      expect(tree()).toEqual(before);
    },
  );

  it.each(['.local', '.local/lib', '.local/share/fish'])(
    'install.sh says that %s is a file, and leaves nothing behind',
    async (name) => {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), 'mine');
      const PATH = withNode();
      const before = tree();
      const ran = await from([], { PATH });
      expect(ran).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`${join(home, name)} is in the way: it is no directory`),
      });
      expect(ran.stderr).not.toContain('mkdir');
      expect(tree()).toEqual(before);
    },
  );

  it.each([[['--prefix', '']], [['--prefix=']], [['--prefix']]])('install.sh refuses %j', async (args) => {
    const PATH = withNode();
    const before = tree();
    const ran = await from(args, { PATH });
    expect(ran).toMatchObject({ status: 1, stderr: 'install.sh: --prefix needs a directory\n' });
    expect(tree()).toEqual(before);
  });

  it.each([
    ['a blank', '/tmp/a b', 'holds a blank or another character'],
    ['a dollar', '/tmp/$x', 'holds a blank or another character'],
    ['no slash', 'relative', 'must be an absolute path'],
  ])('install.sh refuses a prefix with %s', async (_what, prefix, words) => {
    const ran = await from(['--prefix', prefix], { PATH: withNode() });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain(words);
  });

  it('install.sh says which Node.js it needs, and leaves nothing behind', async () => {
    const [none, old] = [pathWith({}), pathWith({})];
    writeFileSync(join(old, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v18.0.0\nexit 1\n');
    chmodSync(join(old, 'node'), 0o755);
    const before = tree();
    expect((await from([], { PATH: none })).stderr).toContain('Node.js is missing');
    expect((await from([], { PATH: old })).stderr).toContain('Node.js v18.0.0 is too old: 20.19');
    expect(tree()).toEqual(before);
  });

  it('install.sh does not overwrite a program that it did not install', async () => {
    const PATH = withNode();
    mkdirSync(join(home, '.local/bin'), { recursive: true });
    writeFileSync(installed(), 'mine');
    const before = tree();
    const ran = await from([], { PATH });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain(`there already, and not by this script: ${installed()}`);
    expect(tree()).toEqual(before);
  });

  it('install.sh --uninstall waits until the background service is gone, and says when nothing is there', async () => {
    const PATH = withNode();
    expect((await from(['--uninstall'], { PATH })).stderr).toContain('nothing was installed below');
    expect((await from([], { PATH })).status).toBe(0);
    mkdirSync(join(home, '.config/autostart'), { recursive: true });
    writeFileSync(join(home, '.config/autostart/rolekeeper-agent.desktop'), '# Made by `rolekeeper install`\n');
    const ran = await from(['--uninstall'], { PATH });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('run `rolekeeper uninstall` first');
    expect((await run(installed(), ['--version'], { PATH })).status).toBe(0);
  });

  it('install.sh says nothing that shellcheck would', async () => {
    const ran = await runProgram('shellcheck', [join(repository, 'install/install.sh')], { install: 'shellcheck' });
    expect(ran.stdout).toBe('');
  });
});

function exists(file: string): boolean {
  try {
    realpathSync(file);
    return true;
  } catch {
    return false; // no such program: the script will say so
  }
}
