import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUsualWorld, succeed, type World } from '../harness/world.ts';

let world: World;
beforeAll(async () => {
  world = await openUsualWorld();
  await succeed(world.rolekeeper(['get', 'dev']));
});
afterAll(() => world.close());

describe('a stdout that takes no more', () => {
  // Each was an "unexpected failure" that asked for a report.
  it.each([
    ['status', ['status']],
    ['get', ['get', 'dev']],
  ])('%s says so, and nothing else', async (_verb, args) => {
    const [out, script] = [join(world.home, 'out'), 'ulimit -f 0; out=$1; shift; exec "$@" > "$out"'];
    const ran = await world.run('sh', ['-c', script, 'sh', out, world.program, ...args]);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^rolekeeper: could not write to stdout: the file size limit is reached\nrolekeeper: hint: .*\n$/);
    expect(readFileSync(out, 'utf8')).toBe('');
  });

  it('a full stderr leaves the exit status as it is', async () => {
    const [out, script] = [join(world.home, 'err'), 'ulimit -f 0; out=$1; shift; exec "$@" 2> "$out"'];
    expect((await world.run('sh', ['-c', script, 'sh', out, world.program, 'get', 'nobody'])).status).toBe(3);
  });
});

describe('a working directory that was deleted', () => {
  it.each([
    ['status'],
    ['status', 'dev', '--json'],
    ['get', 'dev'],
    ['refresh', 'dev'],
    ['exec', 'dev', '--', 'true'],
    ['--help'],
  ])('does not keep `%s %s` from its work', async (...args) => {
    const script = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$@"';
    expect(await world.run('sh', ['-c', script, 'sh', world.program, ...args])).toMatchObject({ status: 0 });
  });

  it('has no files of its own, so a relative name finds nothing', async () => {
    const script = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && AWS_CONFIG_FILE=config exec "$@"';
    expect(await world.run('sh', ['-c', script, 'sh', world.program, 'get', 'dev'])).toMatchObject({ status: 3, stdout: '' });
  });
});
