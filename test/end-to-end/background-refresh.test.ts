import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

function rolesGiven(): number {
  return world.sts.log().filter(({ operation, outcome }) => operation === 'AssumeRole' && outcome === 'ok').length;
}

describe('the refresh in the background', () => {
  // It runs in `/` with few of the caller's variables, and took these paths for files that are not there.
  it.each(['elsewhere', '$PLACE', '~/elsewhere'])('finds the config file of a caller that says %s/config', async (directory) => {
    mkdirSync(join(world.home, 'elsewhere'));
    renameSync(world.configPath, join(world.home, 'elsewhere', 'config'));
    const env = {
      AWS_CONFIG_FILE: `${directory}/config`,
      AWS_SHARED_CREDENTIALS_FILE: `${directory}/credentials`,
      PLACE: 'elsewhere',
      ROLEKEEPER_AUTOSTART: '1',
    };
    await succeed(world.rolekeeper(['refresh', 'dev'], { env }));
    world.sts.advance(43 * 60_000);
    // Any call to AWS tells us its time.
    await succeed(world.rolekeeper(['refresh', 'ops'], { env }));
    const before = rolesGiven();
    await succeed(world.rolekeeper(['get', 'dev'], { env }));
    await expect.poll(rolesGiven, { timeout: 10_000 }).toBe(before + 1);
  });

  // Node closes only the lower ones of a caller's files for its children.
  it('lets go of a file that the caller left open, long before it is done', async () => {
    const env = { ROLEKEEPER_AUTOSTART: '1' };
    await succeed(world.rolekeeper(['refresh', 'dev'], { env }));
    world.sts.advance(43 * 60_000);
    await succeed(world.rolekeeper(['refresh', 'ops'], { env }));
    const before = rolesGiven();
    world.sts.fault({ kind: 'slow', ms: 6_000, operation: 'AssumeRole' });
    await succeed(world.run('bash', ['-c', 'exec 40>&1 >/dev/null; "$0" get dev', world.program], { env }));
    expect(rolesGiven()).toBe(before); // the pipe at 40 has no writer any more
    await expect.poll(rolesGiven, { timeout: 20_000 }).toBe(before + 1);
  });
});
