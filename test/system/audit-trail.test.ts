import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAuditLine, toAuditLine } from '../../src/config/audit-line.ts';
import { isAudited } from '../../src/config/audit-setting.ts';
import { AppError } from '../../src/errors.ts';
import type { AuditEntry } from '../../src/ports/audit.ts';
import { createAuditLog, createAuditTrail } from '../../src/system/audit-trail.ts';

const day = 86_400_000;
const at = Date.parse('2026-01-02T03:04:05.678Z');
const entry: AuditEntry = {
  at,
  verb: 'get',
  profile: 'dev',
  outcome: 'cached',
  keySuffix: 'Q3ZK',
  answeredBy: 'agent',
  caller: { pid: 42, program: 'aws', isClaimed: true },
};

let base = '';
let events: string[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'rk-audit-'));
  events = [];
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const directory = () => join(base, 'm', 'audit');
const place = () => ({
  base,
  machine: 'm',
  owner: { uid: process.getuid?.(), home: base },
  log: { event: (name: string) => void events.push(name) },
});
const trail = (limits?: { readonly fileBytes: number; readonly files: number }) => createAuditTrail(place(), limits);
const files = () => readdirSync(directory()).sort();

describe('the audit trail', () => {
  it('has one line of JSON for each answer, in a file of the user alone', () => {
    trail().record(entry);
    trail().record({ ...entry, outcome: 'failed', code: 'login-needed' });
    expect(files()).toEqual(['2026-01-02.000.jsonl']);
    const path = join(directory(), '2026-01-02.000.jsonl');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory()).mode & 0o777).toBe(0o700);
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(
      '{"v":1,"at":"2026-01-02T03:04:05.678Z","verb":"get","profile":"dev","outcome":"cached","keySuffix":"Q3ZK","answeredBy":"agent","pid":42,"program":"aws","claimed":true}',
    );
    expect(createAuditLog(place()).read()).toEqual([entry, { ...entry, outcome: 'failed', code: 'login-needed' }]);
  });

  it('begins a new file each day and when one is full, and keeps so many', () => {
    const small = trail({ fileBytes: 100, files: 3 });
    for (const later of [0, 1, 2, day, 2 * day]) small.record({ ...entry, at: at + later });
    expect(files()).toEqual(['2026-01-02.002.jsonl', '2026-01-03.000.jsonl', '2026-01-04.000.jsonl']);
    expect(createAuditLog(place()).read()).toHaveLength(3);
  });

  it('goes on in its file after a restart, and leaves what is not its own alone', () => {
    trail().record(entry);
    writeFileSync(join(directory(), 'notes.txt'), 'mine');
    trail({ fileBytes: 4_000_000, files: 1 }).record({ ...entry, at: at + 1 });
    trail({ fileBytes: 4_000_000, files: 1 }).record({ ...entry, at: at + day });
    expect(files()).toEqual(['2026-01-03.000.jsonl', 'notes.txt']);
  });

  it('is no reason for an answer to fail: a file in the way, a directory that cannot be written', () => {
    mkdirSync(join(base, 'm'));
    writeFileSync(directory(), 'in the way');
    trail().record(entry);
    expect(events).toEqual(['audit.unwritable']);
  });

  it('does not write through a link that somebody put in its place', () => {
    mkdirSync(directory(), { recursive: true });
    const target = join(base, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(directory(), '2026-01-02.000.jsonl'));
    trail().record(entry);
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(events).toEqual(['audit.unwritable']);
  });

  it.each(['the trail', 'the log'])('has no wait for a pipe in the place of a file: %s', (who) => {
    mkdirSync(directory(), { recursive: true });
    execFileSync('mkfifo', ['-m', '600', join(directory(), '2026-01-02.000.jsonl')]);
    if (who === 'the log') return expect(createAuditLog(place()).read()).toEqual([]);
    trail().record(entry);
    expect(events).toEqual(['audit.unwritable']);
  });

  it('begins a line of its own after half a line of somebody who was killed', () => {
    trail().record(entry);
    writeFileSync(join(directory(), '2026-01-02.000.jsonl'), '{"v":1,"at":"2026', { flag: 'a' });
    for (const later of [1, 2]) trail().record({ ...entry, at: at + later });
    expect(createAuditLog(place()).read()).toEqual([entry, { ...entry, at: at + 1 }, { ...entry, at: at + 2 }]);
  });

  it('keeps its bounds where a clock that was ahead has left a file of a day to come', () => {
    const small = trail({ fileBytes: 100, files: 3 });
    for (const later of [30 * day, 0, 1, 2, 3]) small.record({ ...entry, at: at + later });
    expect(files()).toEqual(['2026-01-02.002.jsonl', '2026-01-02.003.jsonl', '2026-02-01.000.jsonl']);
  });

  it('is closed to others again where somebody has opened its directory', () => {
    trail().record(entry);
    chmodSync(directory(), 0o755);
    trail().record(entry);
    expect(statSync(directory()).mode & 0o777).toBe(0o700);
  });
});

describe('the log of it', () => {
  it('gives what is new, whole lines only, over the end of a file', () => {
    const log = createAuditLog(place());
    expect(log.read()).toEqual([]);
    trail().record(entry);
    expect(log.readNew()).toEqual([entry]);
    expect(log.readNew()).toEqual([]);
    const path = join(directory(), '2026-01-02.000.jsonl');
    const line = toAuditLine({ ...entry, at: at + 1 });
    writeFileSync(path, line.slice(0, 20), { flag: 'a' });
    expect(log.readNew()).toEqual([]);
    writeFileSync(path, line.slice(20), { flag: 'a' });
    trail().record({ ...entry, at: at + day });
    expect(log.readNew().map((one) => one.at)).toEqual([at + 1, at + day]);
  });

  it('begins anew with a file that was removed and made again', () => {
    const log = createAuditLog(place());
    for (const later of [0, 1, 2]) trail().record({ ...entry, at: at + later });
    expect(log.readNew()).toHaveLength(3);
    rmSync(directory(), { recursive: true });
    trail().record({ ...entry, at: at + 3 });
    expect(log.readNew()).toEqual([{ ...entry, at: at + 3 }]);
  });

  it('passes over what is no entry', () => {
    trail().record(entry);
    const path = join(directory(), '2026-01-02.000.jsonl');
    writeFileSync(path, 'garbage\n\n[]\nnull\n{"v":2}\n{"v":1,"at":"x"}\n', { flag: 'a' });
    expect(createAuditLog(place()).read()).toEqual([entry]);
  });
});

describe('a line', () => {
  it('comes back as it was, on one line, whatever names are in it', () => {
    fc.assert(
      fc.property(
        fc.record({
          at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
          verb: fc.constantFrom('get' as const, 'exec' as const, 'env' as const),
          profile: fc.string({ unit: 'binary' }),
          outcome: fc.constantFrom('cached' as const, 'refreshed' as const, 'failed' as const),
          answeredBy: fc.constantFrom('agent' as const, 'process' as const),
          caller: fc.record({ pid: fc.nat(), program: fc.string(), isClaimed: fc.boolean() }),
        }),
        (one) => {
          const line = toAuditLine(one);
          expect(line.indexOf('\n')).toBe(line.length - 1);
          expect(parseAuditLine(line)).toEqual(one);
        },
      ),
    );
  });

  it('of anything else is none', () => {
    fc.assert(fc.property(fc.json(), (text) => parseAuditLine(text) === undefined));
  });
});

describe('the setting', () => {
  it.each([
    [undefined, undefined, false],
    [undefined, 'on', true],
    [undefined, 'off', false],
    [undefined, 'FALSE', false],
    ['', 'on', false],
    ['off', 'on', false],
    ['1', undefined, true],
    [undefined, 'yess', true],
  ])('%s in the environment and %s in the file', (variable, setting, isOn) => {
    expect(isAudited(variable, () => setting)).toBe(isOn);
  });

  it('is none in a file that cannot be read', () => {
    const unreadable = () => {
      throw new AppError('config-malformed', { path: '/c', line: 1, problem: 'x' });
    };
    expect(isAudited(undefined, unreadable)).toBe(false);
    expect(isAudited('on', unreadable)).toBe(true);
  });
});
