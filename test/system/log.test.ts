import { spawn } from 'node:child_process';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createDebugLog, createSilentLog, isDebugging } from '../../src/system/log.ts';
import { Bundles } from '../harness/bundle-module.ts';

function lineOf(name: string, fields: Readonly<Record<string, string | number | boolean>>): string {
  const lines: string[] = [];
  createDebugLog((line) => lines.push(line)).event(name, fields);
  return lines.join('|');
}

describe('createDebugLog', () => {
  it('writes one event as one line', () => {
    const line = lineOf('refresh.done', { profile: 'prod-admin', expires: '2026-01-02T03:04:05Z', count: 2, isNew: true });
    expect(line).toBe('rolekeeper: refresh.done profile=prod-admin expires=2026-01-02T03:04:05Z count=2 isNew=true\n');
  });

  it('writes an event without fields', () => {
    expect(lineOf('lock.ignored', {})).toBe('rolekeeper: lock.ignored\n');
  });

  it.each([
    ['two words', '"two words"'],
    ['', '""'],
    ['a"b', '"a\\"b"'],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u001b[31mred', '"\\u001b[31mred"'],
    ['\u009b31m', '"\\u009b31m"'],
    ['\u202egnp', '"\\u202egnp"'],
  ])('quotes %j so that it cannot be taken for anything else', (value, expected) => {
    expect(lineOf('x', { value })).toBe(`rolekeeper: x value=${expected}\n`);
  });

  it('does not fail when nobody reads stderr', async () => {
    const bundles = new Bundles();
    try {
      const program = `
        const { createDebugLog } = await import(process.argv[1]);
        for await (const _ of process.stdin);
        for (let i = 0; i < 1000; i += 1) createDebugLog().event('x', { i });
        process.stdout.write('went on');`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, bundles.add('src/system/log.ts')]);
      child.stderr.destroy();
      child.stdin.end();
      expect(await text(child.stdout)).toBe('went on');
    } finally {
      bundles.close();
    }
  });
});

describe('createSilentLog', () => {
  it('says nothing', () => {
    expect(createSilentLog().event('x', {})).toBeUndefined();
  });
});

describe('isDebugging', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['0', false],
    ['1', true],
    ['yes', true],
  ])('with ROLEKEEPER_DEBUG=%s is %s', (value, expected) => {
    expect(isDebugging({ ROLEKEEPER_DEBUG: value })).toBe(expected);
  });
});
