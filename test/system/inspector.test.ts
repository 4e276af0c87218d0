import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineManner, LineWay } from '../../src/ports/inspector.ts';
import { createInspector } from '../../src/system/inspector.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-inspect-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const inspector = createInspector(process.getuid?.());

function manner(way: LineWay, more: Partial<LineManner> = {}): LineManner {
  return { way, env: { PATH: '/usr/bin:/bin', WORD: 'filled' }, deadlineMs: 10_000, mostBytes: 1_000, ...more };
}

function script(text: string): string {
  const path = join(directory, 'program');
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

describe('whyUnwritable', () => {
  it('leaves nothing in a directory that can be written to, and makes none', () => {
    expect(inspector.whyUnwritable(directory)).toBeUndefined();
    expect(inspector.whyUnwritable(join(directory, 'not', 'there'))).toBeUndefined();
    expect(inspector.list(directory)).toEqual([]);
  });

  it('says where nothing can be written, and why', () => {
    writeFileSync(join(directory, 'file'), '');
    const problem = 'a part of this path is not a directory';
    expect(inspector.whyUnwritable(join(directory, 'file'))).toEqual({ path: join(directory, 'file'), problem });
    expect(inspector.whyUnwritable('/proc/self/state')).toMatchObject({ path: '/proc/self' });
  });
});

describe('the inspector runs a line', () => {
  it('run splits the line without a shell, or gives it to one', async () => {
    const line = `${script('printf "%s|" "$@"')} "a b" $WORD`;
    expect((await inspector.run(line, manner('shlex'))).stdout).toBe('a b|$WORD|');
    expect((await inspector.run(line, manner('shell'))).stdout).toBe('a b|filled|');
  });

  it('run tells status, stdout and stderr apart', async () => {
    const line = script('echo out; echo err >&2; exit 4');
    expect(await inspector.run(line, manner('shlex'))).toEqual({
      way: 'shlex',
      status: 4,
      stdout: 'out\n',
      stderr: 'err\n',
      end: 'exited',
    });
  });

  it('run says what cannot be started', async () => {
    expect(await inspector.run('/nowhere/program', manner('shlex'))).toMatchObject({ end: 'not-started' });
    expect(await inspector.run('"open quote', manner('shlex'))).toMatchObject({ end: 'not-started' });
    expect(await inspector.run('/nowhere/program', manner('shell'))).toMatchObject({ end: 'exited', status: 127 });
  });

  it('run ends a line that takes too long, though something of it holds the pipe', async () => {
    const line = script('sleep 300 & wait');
    expect(await inspector.run(line, manner('shell', { deadlineMs: 300 }))).toMatchObject({ end: 'too-late', stdout: '' });
  });

  it('run ends a line that prints too much', async () => {
    expect(await inspector.run('yes', manner('shlex'))).toMatchObject({ end: 'too-much' });
  });

  it('run gives the line an empty stdin', async () => {
    expect(await inspector.run('cat', manner('shlex'))).toMatchObject({ end: 'exited', status: 0 });
  });
});

describe('the inspector looks at files', () => {
  it('look gives mode and kind, and undefined where nothing is', () => {
    const path = script('true');
    chmodSync(path, 0o640);
    expect(inspector.look(path)).toEqual({ path, isDirectory: false, mode: 0o640, owner: 'self' });
    expect(inspector.look(directory)).toMatchObject({ isDirectory: true });
    expect(inspector.look(join(directory, 'nothing'))).toBeUndefined();
  });

  it('list gives names, and none where there is no directory', () => {
    mkdirSync(join(directory, 'cache'));
    expect(inspector.list(directory)).toEqual(['cache']);
    expect(inspector.list(join(directory, 'nothing'))).toEqual([]);
  });

  it('setMode changes the mode, and says where it cannot', () => {
    const path = script('true');
    inspector.setMode(path, 0o600);
    expect(inspector.look(path)?.mode).toBe(0o600);
    expect(() => inspector.setMode(join(directory, 'nothing'), 0o600)).toThrow('could not write');
  });
});
