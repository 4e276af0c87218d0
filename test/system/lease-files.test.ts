import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, type Stats, statSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeaseFiles, type LeaseFiles } from '../../src/system/lease-files.ts';

let directory: string;
let lease: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-lease-'));
  lease = join(directory, 'x.lease');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const staleMs = 2_000;
const longAgo = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000);

function makeLease(at: Date): void {
  mkdirSync(lease);
  utimesSync(lease, at, at);
}

function look(files: LeaseFiles): Promise<Stats> {
  return new Promise((resolve, reject) => {
    files.stat(lease, (error, stats) => (error === null ? resolve(stats) : reject(error)));
  });
}

function remove(files: LeaseFiles): Error | null {
  const errors: (Error | null)[] = [];
  files.rmdir(lease, (error) => errors.push(error));
  return errors[0] ?? null;
}

describe('createLeaseFiles', () => {
  it('removes the stale lease it looked at, and leaves no mark', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    expect(remove(files)).toBeNull();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves alone a lease that was made anew since it looked', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    rmdirSync(lease);
    makeLease(new Date());
    expect(remove(files)).toBeNull();
    expect(readdirSync(directory)).toEqual(['x.lease']);
  });

  it('removes nothing before it has looked', () => {
    makeLease(longAgo);
    expect(remove(createLeaseFiles(staleMs))).toBeNull();
    expect(readdirSync(directory)).toEqual(['x.lease']);
  });

  it('leaves a stale lease to the process that has made its mark on it', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    const { ino, mtimeMs } = await look(files);
    const mark = `${lease}.${ino}-${mtimeMs}`;
    mkdirSync(mark);
    expect(remove(files)).toBeNull();
    expect(readdirSync(directory).sort()).toEqual(['x.lease', `x.lease.${ino}-${mtimeMs}`]);
  });

  it('gets past the mark of a process that was killed', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    const { ino, mtimeMs } = await look(files);
    const mark = `${lease}.${ino}-${mtimeMs}`;
    mkdirSync(mark);
    utimesSync(mark, longAgo, longAgo);
    remove(files);
    remove(files);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('forgets nothing of its own touch', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    files.utimes(lease, new Date(), new Date(), () => undefined);
    expect(files.isUnchanged(lease)).toBe(true);
  });

  it('sees the touch of another process', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    utimesSync(lease, new Date(), new Date());
    expect(files.isUnchanged(lease)).toBe(false);
  });

  // With the state out of reach in the middle of a refresh, `get` ended in an unexpected failure (status 1).
  it('counts a lease that is out of reach as no longer its own', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    rmdirSync(lease);
    symlinkSync(lease, lease); // ELOOP: as good as EACCES, which root never meets
    expect(files.isUnchanged(lease)).toBe(false);
  });

  it('touches nothing once retired, and removes only what is still its own', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    files.retire();
    files.utimes(lease, new Date(), new Date(), () => undefined);
    expect(statSync(lease).mtimeMs).toBe(longAgo.getTime());
    rmdirSync(lease);
    makeLease(new Date());
    expect(remove(files)).toBeNull();
    files.rmdirSync(lease);
    expect(readdirSync(directory)).toEqual(['x.lease']);
  });

  it('finds nothing wrong with a lease that is gone', async () => {
    makeLease(longAgo);
    const files = createLeaseFiles(staleMs);
    await look(files);
    rmdirSync(lease);
    expect(remove(files)).toBeNull();
    expect(files.isUnchanged(lease)).toBe(false);
  });
});
