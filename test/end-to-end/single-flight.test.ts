// One AssumeRole however many processes ask, also when the one that asks is killed, stopped or refused.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SessionBus, startSessionBus, until } from '../harness/session-bus.ts';
import { openUsualWorld, type Ran, type World } from '../harness/world.ts';

let world: World;
afterEach(() => world.close());

function idsOf(all: readonly Ran[]): ReadonlySet<string> {
  return new Set(
    all.map(({ stdout }) => {
      const document: { AccessKeyId: string } = JSON.parse(stdout);
      return document.AccessKeyId;
    }),
  );
}

function many(count: number): Promise<readonly Ran[]> {
  return Promise.all(Array.from({ length: count }, () => world.rolekeeper(['get', 'dev'])));
}

function assumed(): number {
  return world.sts.calls().AssumeRole;
}

describe('single flight on a real keychain', () => {
  let bus: SessionBus;
  beforeEach(async () => {
    bus = await startSessionBus();
    world = await openUsualWorld({ keychainEnv: bus.env });
  });
  afterEach(() => bus.stop());

  // A hundred Node processes starve a small machine, and each other: half a minute of work for two slow processors.
  it('a hundred cold callers get one answer from one AssumeRole', { timeout: 240_000 }, async () => {
    world.sts.fault({ kind: 'slow', ms: 300, operation: 'AssumeRole' });
    const all = await many(100);
    expect(all.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)).toEqual([]);
    expect(all.map(({ stderr }) => stderr).join('')).toBe('');
    expect(idsOf(all).size).toBe(1);
    expect(assumed()).toBe(1);
  });
});

describe.each(['kernel', 'lease'])('single flight with the %s lock', (lock) => {
  const env = { ROLEKEEPER_LOCK: lock };
  const get = () => world.start(['get', 'dev'], { env });
  beforeEach(async () => {
    world = await openUsualWorld();
  });

  it('twenty cold callers get one answer within four seconds', async () => {
    world.sts.fault({ kind: 'slow', ms: 300, operation: 'AssumeRole' });
    const all = await Promise.all(Array.from({ length: 20 }, () => get().ended));
    expect(idsOf(all).size).toBe(1);
    expect(assumed()).toBe(1);
    expect(Math.max(...all.map(({ tookMs }) => tookMs))).toBeLessThan(4_500);
  });

  it('all who wait get the failure of the one that asked', async () => {
    world.sts.fault({ kind: 'slow', ms: 500, operation: 'AssumeRole', times: 1 });
    const waiting = Array.from({ length: 10 }, () => get().ended);
    await until(() => assumed() === 1, 'the first call');
    world.sts.fault({ kind: 'error', code: 'AccessDenied', message: 'no', status: 403, operation: 'AssumeRole' });
    const all = await Promise.all(waiting);
    expect(new Set(all.map(({ status }) => status)).size).toBe(1);
    expect(assumed()).toBe(1);
  });

  it('a refusal is shared: ten callers, one AssumeRole, ten times the same two lines', async () => {
    world.sts.fault({
      kind: 'error',
      code: 'AccessDenied',
      message: 'User is not authorized to perform: sts:AssumeRole',
      status: 403,
      operation: 'AssumeRole',
    });
    const all = await Promise.all(Array.from({ length: 10 }, () => get().ended));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([6]));
    expect(new Set(all.map(({ stderr }) => stderr)).size).toBe(1);
    expect(all.map(({ stdout }) => stdout).join('')).toBe('');
    expect(assumed()).toBe(1);
  });

  it('when the one inside STS is killed, the others are served all the same', async () => {
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole', times: 1 });
    const first = get();
    await until(() => assumed() === 1, 'the first call');
    const others = Array.from({ length: 8 }, () => get().ended);
    first.child.kill('SIGKILL');
    const all = await Promise.all(others);
    expect(all.map(({ status }) => status)).toEqual(Array(8).fill(0));
    // The kernel lock dies with its holder. A lease does not: after two seconds each goes on without it.
    expect(assumed()).toBeLessThanOrEqual(lock === 'kernel' ? 2 : 9);
    expect(idsOf([await get().ended, await get().ended]).size).toBe(1);
  });

  it('a stopped holder delays the others for two seconds and prevents nothing', async () => {
    world.sts.fault({ kind: 'hang', operation: 'AssumeRole', times: 1 });
    const first = get();
    await until(() => assumed() === 1, 'the first call');
    first.child.kill('SIGSTOP');
    const second = await get().ended;
    expect(second.status).toBe(0);
    expect(second.tookMs).toBeGreaterThan(1_900);
    expect(second.tookMs).toBeLessThan(4_000);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(idsOf([second, await get().ended]).size).toBe(1);
  });
});
