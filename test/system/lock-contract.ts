// What every lock must keep, with real processes. Called by kernel-lock.test.ts and lease-lock.test.ts.

import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/ports/lock.ts';
import { createLock } from '../../src/system/lock.ts';
import { createSilentLog } from '../../src/system/log.ts';
import { pause } from '../../src/system/pause.ts';
import { nameOf, type Race } from './lock-words.ts';
import { type LockKind, type LockWorker, LockWorkers } from './lock-workers.ts';

export const lockName = nameOf(0);

/** What 32 processes met in one round. */
export interface Round {
  /** Who found no result inside the lock, and made it. */
  readonly made: number;
  /** Who met somebody else inside. */
  readonly notAlone: number;
  /** Who was told that the lock is lost, before writing. */
  readonly lost: number;
  readonly busy: number;
}

/** A lock in this process, on the files that the workers of that directory use. */
export function lockIn(directory: string, kind: LockKind): Lock {
  const owner = { uid: process.getuid?.(), home: directory };
  const lease = { staleMs: 2_000, updateMs: 1_000 };
  return createLock({
    base: directory,
    machine: 'machine',
    owner,
    log: createSilentLog(),
    env: { ROLEKEEPER_LOCK: kind },
    ...lease,
  });
}

export interface RaceOptions {
  readonly meanwhile?: boolean;
  readonly afterGo?: () => Promise<void>;
}

/** All workers want the locks of these rounds at once. */
export async function race(
  workers: readonly LockWorker[],
  rounds: readonly number[],
  { meanwhile = true, afterGo }: RaceOptions = {},
): Promise<readonly Round[]> {
  for (const worker of workers) worker.tell({ op: 'race', rounds, waitMs: 50_000, meanwhile });
  await afterGo?.();
  const replies = await Promise.all(workers.map((worker) => worker.hear()));
  return rounds.map((_, index) => summary(replies.map(({ races = [] }) => races[index])));
}

/** The victim holds the locks, everybody else wants them, and the victim is killed. */
export async function raceAfterKill(
  {
    directory,
    workers,
    victim,
  }: { readonly directory: string; readonly workers: readonly LockWorker[]; readonly victim: LockWorker },
  rounds: readonly number[],
  beforeKill: () => void = () => undefined,
): Promise<readonly Round[]> {
  await victim.ask({ op: 'hold', rounds, waitMs: 10_000 });
  const markers = rounds.map((round) => join(directory, `victim-in-${round}`));
  for (const marker of markers) writeFileSync(marker, '');
  const afterGo = async (): Promise<void> => {
    await pause((rounds[0] ?? 0) % 30); // sometimes they all wait already, sometimes the first has not come yet
    for (const marker of markers) unlinkSync(marker);
    beforeKill();
    await victim.kill();
  };
  return race(workers, rounds, { afterGo });
}

export function upTo(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

function summary(races: readonly (Race | undefined)[]): Round {
  const count = (word: string): number => races.filter((one) => one?.value.split(' ').includes(word)).length;
  const busy = races.filter((one) => one === undefined || one.kind === 'busy').length;
  return { made: count('made'), notAlone: count('not-alone'), lost: count('lost'), busy };
}

/** The part that both locks promise in the same words. */
export function describeLockContract(kind: 'kernel' | 'lease'): void {
  let processes: LockWorkers;
  beforeAll(() => {
    processes = new LockWorkers();
  });
  afterEach(() => processes.endWorkers());
  afterAll(() => processes.close());

  describe(`the ${kind} lock, between processes`, { timeout: 60_000 }, () => {
    it('lets one holder in at a time, and all 32 in the end', async () => {
      const directory = processes.newDirectory();
      const workers = Array.from({ length: 32 }, () => processes.start(kind, directory));
      expect(await race(workers, upTo(10), { meanwhile: false })).toEqual(
        upTo(10).map(() => ({ made: 1, notAlone: 0, lost: 0, busy: 0 })),
      );
    }, 60_000);

    it('gives a result that came meanwhile to those who wait', async () => {
      const directory = processes.newDirectory();
      const [holder, waiter] = [processes.start(kind, directory), processes.start(kind, directory)];
      await holder.ask({ op: 'hold' });
      waiter.tell({ op: 'race', rounds: [0], waitMs: 10_000, meanwhile: true });
      writeFileSync(join(directory, 'result-0'), '');
      expect(await waiter.hear()).toEqual({ races: [{ kind: 'overtaken', value: 'seen' }] });
    });

    it('keeps its deadline while somebody holds it', async () => {
      const directory = processes.newDirectory();
      const [holder, waiter] = [processes.start(kind, directory), processes.start(kind, directory)];
      await holder.ask({ op: 'hold' });
      const { kind: outcome, tookMs = 0 } = await waiter.ask({ op: 'try', waitMs: 400 });
      expect(outcome).toBe('busy');
      expect(tookMs).toBeGreaterThanOrEqual(400);
      expect(tookMs).toBeLessThan(17_000); // own-time.ts gives more on an overwhelmed machine
    });

    it('is free again as soon as its holder lets go', async () => {
      const directory = processes.newDirectory();
      const [holder, waiter] = [processes.start(kind, directory), processes.start(kind, directory)];
      await holder.ask({ op: 'hold' });
      waiter.tell({ op: 'try', waitMs: 10_000 });
      expect(await holder.ask({ op: 'release' })).toEqual({ kind: 'held', value: 'kept' });
      expect((await waiter.hear()).kind).toBe('held');
    });
  });

  describe(`the ${kind} lock, inside one process`, () => {
    it('lets one holder in at a time', async () => {
      const lock = lockIn(processes.newDirectory(), kind);
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      };
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => lock.withLock(lockName, { waitMs: 10_000 }, work)));
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(outcomes.map(() => 'held'));
      expect(most).toBe(1);
    });

    it('does not mix up two names', async () => {
      const lock = lockIn(processes.newDirectory(), kind);
      const outer = await lock.withLock('index', { waitMs: 0 }, () => lock.withLock('config', { waitMs: 0 }, async () => 'both'));
      expect(outer).toEqual({ kind: 'held', value: { kind: 'held', value: 'both' } });
    });

    it('hands on what the work throws, and is free afterwards', async () => {
      const lock = lockIn(processes.newDirectory(), kind);
      const failing = lock.withLock(lockName, { waitMs: 0 }, () => Promise.reject(new Error('no such luck')));
      await expect(failing).rejects.toThrow('no such luck');
      expect(await lock.withLock(lockName, { waitMs: 0 }, async () => 'next')).toEqual({ kind: 'held', value: 'next' });
    });

    it('hands on what is thrown while waiting', async () => {
      const lock = lockIn(processes.newDirectory(), kind);
      const meanwhile = (): Promise<undefined> => Promise.reject(new Error('the holder failed'));
      const outer = lock.withLock(lockName, { waitMs: 0 }, () =>
        lock.withLock(lockName, { waitMs: 5_000, meanwhile }, async () => undefined),
      );
      await expect(outer).rejects.toThrow('the holder failed');
    });

    it('ends the wait as busy when the signal is aborted', async () => {
      const lock = lockIn(processes.newDirectory(), kind);
      const stop = new AbortController();
      const meanwhile = async (): Promise<undefined> => {
        stop.abort();
      };
      const inner = await lock.withLock(lockName, { waitMs: 0 }, () =>
        lock.withLock(lockName, { waitMs: 15_000, signal: stop.signal, meanwhile }, async () => 'never'),
      );
      expect(inner).toEqual({ kind: 'held', value: { kind: 'busy' } });
      expect(await lock.withLock(lockName, { waitMs: 0, signal: stop.signal }, async () => 'never')).toEqual({ kind: 'busy' });
    });

    it('makes its directory, also when that vanishes', async () => {
      const directory = join(processes.newDirectory(), 'not', 'yet');
      const lock = lockIn(directory, kind);
      expect((await lock.withLock(lockName, { waitMs: 0 }, async () => 1)).kind).toBe('held');
      rmSync(directory, { recursive: true });
      expect((await lock.withLock(lockName, { waitMs: 1_000 }, async () => 1)).kind).toBe('held');
    });

    it('refuses the place of another user', async () => {
      const directory = processes.newDirectory();
      const owner = { uid: 4_294_967, home: directory };
      const lock = createLock({
        base: directory,
        machine: 'machine',
        owner,
        log: createSilentLog(),
        env: { ROLEKEEPER_LOCK: kind },
      });
      const refused = lock.withLock(lockName, { waitMs: 0 }, async () => 1);
      await expect(refused).rejects.toMatchObject({ code: 'foreign-owner' });
    });

    it('says what stands in the way when there is no place for it', async () => {
      const directory = processes.newDirectory();
      mkdirSync(join(directory, 'machine'));
      writeFileSync(join(directory, 'machine', 'locks'), '');
      const refused = lockIn(directory, kind).withLock(lockName, { waitMs: 0 }, async () => 1);
      await expect(refused).rejects.toMatchObject({ code: 'state-unwritable' });
    });
  });
}
