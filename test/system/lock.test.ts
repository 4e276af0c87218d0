import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/ports/environment.ts';
import type { Lock } from '../../src/ports/lock.ts';
import { canLockIn } from '../../src/system/kernel-lock.ts';
import { createLock } from '../../src/system/lock.ts';
import { createDebugLog } from '../../src/system/log.ts';
import type { NativeLocking } from '../../src/system/native-locking.ts';

let base: string;
let events: string[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'rk-choose-'));
  events = [];
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function open(env: Environment = {}, load?: () => NativeLocking): Lock {
  const owner = { uid: process.getuid?.(), home: base };
  const log = createDebugLog((line) => events.push(line));
  const native = load === undefined ? {} : { load: () => ({ kind: 'loaded', native: load() }) as const };
  return createLock({ base, machine: 'machine', owner, log, env, ...native });
}

/** What lies in the lock directory while the lock is held. */
async function filesOf(lock: Lock): Promise<readonly string[]> {
  const outcome = await lock.withLock('index', { waitMs: 0 }, async () => readdirSync(join(base, 'machine', 'locks')).sort());
  return outcome.kind === 'held' ? outcome.value : [outcome.kind];
}

function failing(code: string): NativeLocking {
  const fail = (): never => {
    throw Object.assign(new Error(code), { code });
  };
  return { tryLock: fail, unlock: fail };
}

describe('createLock', () => {
  it('takes the kernel lock where there is one, and says nothing', async () => {
    expect(await filesOf(open())).toEqual(['index.lock', 'probe.lock']);
    expect(events).toEqual([]);
  });

  it.each(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOLCK', 'EINVAL'])(
    'takes the lease where the file system answers %s',
    async (code) => {
      expect(await filesOf(open({}, () => failing(code)))).toEqual(['index.lease', 'probe.lock']);
      expect(events.join()).toContain('lock.lease reason="the file system of');
    },
  );

  it('takes the lease when told to', async () => {
    expect(await filesOf(open({ ROLEKEEPER_LOCK: 'lease' }))).toEqual(['index.lease']);
    expect(events).toEqual(['rolekeeper: lock.lease reason=ROLEKEEPER_LOCK=lease\n']);
  });

  it('refuses when told to take a kernel lock that is not there', async () => {
    const lock = open({ ROLEKEEPER_LOCK: 'kernel' }, () => failing('ENOLCK'));
    await expect(filesOf(lock)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('there is no kernel lock here'),
    });
  });

  it('hands on an error that is no answer', async () => {
    await expect(filesOf(open({}, () => failing('EIO')))).rejects.toMatchObject({ code: 'EIO' });
  });

  it('makes and loads nothing before the first lock', () => {
    open({}, () => {
      throw new Error('too early');
    });
    expect(readdirSync(base)).toEqual([]);
  });

  it('finds a held probe no reason against the kernel lock', () => {
    expect(canLockIn(base, failing('EAGAIN'))).toBe(true);
  });
});
