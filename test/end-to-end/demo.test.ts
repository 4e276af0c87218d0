import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness/session-bus.ts';
import { openWorld, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe('demo, interrupted', () => {
  // It left its directory, with keys in it, behind.
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('demo leaves nothing behind after %s', async (signal) => {
    const temporary = join(world.home, 'tmp');
    mkdirSync(temporary);
    const { child, ended } = world.start(['demo'], { env: { TMPDIR: temporary } });
    await until(() => readdirSync(temporary).some((name) => existsSync(join(temporary, name, '.aws'))), 'the sandbox');
    child.kill(signal);
    expect(await ended).toMatchObject({ status: 130, stderr: 'rolekeeper: interrupted\n' });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('demo leaves nothing behind when it is interrupted while a program of its runs', async () => {
    const temporary = join(world.home, 'tmp');
    mkdirSync(temporary);
    const { child, ended } = world.start(['demo', '--fast'], { env: { TMPDIR: temporary } });
    let seen = '';
    child.stdout?.on('data', (chunk: string) => {
      seen += chunk;
    });
    await until(() => seen.includes('rolekeeper login'), 'the first program');
    child.kill('SIGTERM');
    expect((await ended).status).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
