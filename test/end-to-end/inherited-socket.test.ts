// An agent that is promised a socket (LISTEN_FDS) and is given something else.

import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUsualWorld, type World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await openUsualWorld();
});
afterAll(() => world.close());

describe('a promised socket', () => {
  it.each([
    ['nothing', '3<&-'],
    ['a file', '3<"$1"'],
    ['/dev/null', '3</dev/null'],
    ['a pipe', '3<&0'],
  ])('that is %s is said, and is no unexpected failure', async (_what, redirect) => {
    const script = `: | sh -c 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$1" agent run ${redirect}' "$0" "$1"`;
    const { status, stdout, stderr } = await world.run('sh', ['-c', script, process.execPath, `${world.program}.js`]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('LISTEN_FDS promises a socket as file 3, and nobody can listen there');
  });
});
