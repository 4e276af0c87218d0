import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

function locksEverTaken(): number {
  return readdirSync(join(world.home, 'state'), { recursive: true }).filter((path) => String(path).includes('/locks/')).length;
}

describe('logout beside a refresh', () => {
  // The refresh stored its credentials after the logout had gone by.
  it('logout lasts when a slow refresh was under way', async () => {
    world.sts.fault({ kind: 'slow', ms: 3_000, operation: 'AssumeRole' });
    const before = locksEverTaken();
    const refreshing = world.start(['refresh', 'dev', '--force']);
    await until(() => locksEverTaken() > before, 'the lock of the refresh');
    const ran = await world.rolekeeper(['logout', 'corp']);
    expect(ran).toMatchObject({ status: 0, stdout: '' });
    expect(ran.stderr).toMatch(/^waiting for a refresh that is under way\nlogged out of corp, dev, ops: 2 items removed/);
    await refreshing.ended;
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 4, stdout: '' });
  });
});
