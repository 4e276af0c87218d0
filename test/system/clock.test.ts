import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reading } from '../../src/credentials/clock-offset.ts';
import type { Clock } from '../../src/ports/time.ts';
import { createClock } from '../../src/system/clock.ts';
import { createSilentLog } from '../../src/system/log.ts';

const at = 1_767_000_000_000;

let base: string;
let reading: Reading;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'rk-clock-'));
  reading = { wallMs: at, uptimeMs: 1_000_000 };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function open({ uid = process.getuid?.() }: { readonly uid?: number | undefined } = {}): Clock {
  return createClock({ base, machine: 'machine', owner: { uid, home: base }, log: createSilentLog(), read: () => reading });
}

function pass(ms: number): void {
  reading = { wallMs: reading.wallMs + ms, uptimeMs: reading.uptimeMs + ms };
}

function turn(ms: number): void {
  reading = { ...reading, wallMs: reading.wallMs + ms };
}

const file = (): string => join(base, 'machine', 'clock.json');

describe('createClock', () => {
  it('shows the wall clock, and makes nothing, before it has learnt', () => {
    const clock = open();
    expect([clock.now(), clock.toLocal(at + 5)]).toEqual([at, at + 5]);
    expect(readdirSync(base)).toEqual([]);
  });

  it('shows the time of AWS after it has learnt, here and in other processes', () => {
    const clock = open();
    clock.learn(at - 600_000);
    for (const each of [clock, open()]) {
      expect(each.now()).toBe(at - 600_000);
      expect(each.toLocal(at)).toBe(at + 600_000);
    }
    expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
  });

  it('does not go back when the wall clock does', () => {
    open().learn(at);
    pass(60_000);
    turn(-86_400_000);
    const clock = open();
    expect(clock.now()).toBe(at + 60_000);
    expect(clock.toLocal(at + 120_000)).toBe(reading.wallMs + 60_000);
  });

  it('writes nothing for a reply that says the same, and something once an hour', () => {
    const clock = open();
    clock.learn(at);
    const first = readFileSync(file(), 'utf8');
    pass(60_000);
    clock.learn(at + 59_000); // the Date header has whole seconds
    expect(readFileSync(file(), 'utf8')).toBe(first);
    pass(3_600_000);
    clock.learn(at + 3_660_000);
    expect(readFileSync(file(), 'utf8')).not.toBe(first);
  });

  it('puts right what it learnt before', () => {
    const clock = open();
    clock.learn(at + 3_600_000);
    expect(clock.now()).toBe(at + 3_600_000);
    clock.learn(at);
    expect([clock.now(), open().now()]).toEqual([at, at]);
  });

  it('sees within a minute what another process learnt', () => {
    const clock = open();
    expect(clock.now()).toBe(at);
    open().learn(at + 600_000);
    pass(61_000);
    expect(clock.now()).toBe(at + 661_000);
  });

  it('keeps what it knows when the file breaks or goes', () => {
    const clock = open();
    clock.learn(at + 600_000);
    writeFileSync(file(), 'garbage');
    pass(61_000);
    expect(clock.now()).toBe(at + 661_000);
    rmSync(file());
    pass(61_000);
    expect(clock.now()).toBe(at + 722_000);
  });

  it('ignores whatever else is in the file', () => {
    mkdirSync(join(base, 'machine'));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (text) => {
        writeFileSync(file(), text);
        expect(open().now()).toBe(at);
      }),
      { numRuns: 50 },
    );
  });

  it('knows what it learnt where it cannot keep it', () => {
    const clock = open({ uid: 4_294_967 });
    clock.learn(at + 600_000);
    expect(clock.now()).toBe(at + 600_000);
    expect(readdirSync(base).flatMap((name) => readdirSync(join(base, name)))).toEqual([]);
  });

  it('runs with the real clocks', () => {
    const clock = createClock({
      base,
      machine: 'machine',
      owner: { uid: process.getuid?.(), home: base },
      log: createSilentLog(),
    });
    const before = Date.now();
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    clock.learn(Date.now() + 3_600_000);
    expect(clock.now() - (before + 3_600_000)).toBeLessThan(5_000);
    expect(Number.isSafeInteger(clock.now())).toBe(true);
  });

  it('waits, and less when it is told to stop', async () => {
    const stop = new AbortController();
    const waiting = open().wait(3_600_000, stop.signal);
    stop.abort();
    await waiting;
  });
});
