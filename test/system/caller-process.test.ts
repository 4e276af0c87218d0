import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeCaller } from '../../src/system/caller-process.ts';

let proc = '';
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'rk-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true }));

function put(pid: number, name: string, parentPid: number, args: readonly string[]): void {
  mkdirSync(join(proc, String(pid)));
  writeFileSync(join(proc, String(pid), 'stat'), `${pid} (${name}) S ${parentPid} 1 1 0`);
  writeFileSync(join(proc, String(pid), 'cmdline'), `${args.join('\0')}\0`);
}

describe('who asked', () => {
  it('is the process itself', () => {
    put(42, 'aws', 7, ['python3', '/usr/bin/aws']);
    expect(describeCaller(42, true, proc)).toEqual({ pid: 42, program: 'aws', isClaimed: true });
  });

  it('is whoever started the shell that runs one command', () => {
    put(42, 'sh', 7, ['sh', '-c', 'rolekeeper get dev']);
    put(7, 'terraform', 1, ['terraform', 'apply']);
    expect(describeCaller(42, false, proc)).toEqual({ pid: 7, program: 'terraform', isClaimed: false });
  });

  it("is a person's own shell where that is it", () => {
    put(42, 'bash', 7, ['bash']);
    put(7, 'xterm', 1, ['xterm']);
    expect(describeCaller(42, false, proc)).toEqual({ pid: 42, program: 'bash', isClaimed: false });
  });

  it.each([
    ['a) (b', 'a) (b'],
    ['two words', 'two words'],
    ['\u001b[2J\n', '?[2J?'],
  ])('is called %j as %j', (name, program) => {
    put(42, name, 7, ['x']);
    expect(describeCaller(42, true, proc).program).toBe(program);
  });

  it('is a number where the process has ended, and nobody where there is none', () => {
    expect(describeCaller(42, true, proc)).toEqual({ pid: 42, isClaimed: true });
    for (const pid of [undefined, Number.NaN, 0, -1, 1.5]) expect(describeCaller(pid, true, proc)).toEqual({ isClaimed: true });
  });

  it('is seen in the real /proc', async () => {
    const child = spawn('sleep', ['60']);
    try {
      await new Promise((resolve) => child.once('spawn', resolve));
      expect(describeCaller(child.pid, true)).toEqual({ pid: child.pid, program: 'sleep', isClaimed: true });
    } finally {
      child.kill();
    }
  });
});
