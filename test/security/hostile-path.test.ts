// Programs that somebody has put first in PATH, under the names of those that are run in the background or asked for secrets elsewhere.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness/session-bus.ts';
import { openUsualWorld, secretAccessKey, succeed, type World } from '../harness/world.ts';
import { searchFor } from './markers.ts';

/** Asked for secrets by other tools, or started by this one somewhere. */
const planted = [
  ...['node', 'sh', 'bash', 'env', 'rolekeeper', 'age', 'aws', 'python3'],
  ...['dbus-launch', 'dbus-send', 'gdbus', 'secret-tool', 'gnome-keyring-daemon', 'pinentry', 'gpg'],
  ...['systemctl', 'systemd-run', 'notify-send', 'xdg-open', 'uname', 'hostname', 'id', 'ps', 'stat'],
];

let world: World;
let env: Readonly<Record<string, string>>;
beforeEach(async () => {
  world = await openUsualWorld();
  const [directory, record] = [join(world.home, 'planted'), join(world.home, 'planted-ran')];
  mkdirSync(directory);
  // Notes its name, all that it was told and what it reads, as a thief would.
  const thief = `#!/bin/sh\n{ echo "ran \${0##*/}"; echo "$@"; /usr/bin/env; /usr/bin/timeout 1 /usr/bin/cat; } >>${record}\n`;
  for (const name of planted) writeFileSync(join(directory, name), thief, { mode: 0o755 });
  env = { PATH: `${directory}:${world.env['PATH']}` };
});
afterEach(async () => {
  await world.rolekeeper(['agent', 'stop']);
  await world.close();
});

function record(): string {
  const path = join(world.home, 'planted-ran');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const ranNames = () => [...new Set([...record().matchAll(/^ran (.*)$/gm)].map(([, name = '']) => name))];
const run = (...args: readonly string[]) => world.rolekeeper(args, { env });

describe('a hostile PATH', () => {
  it('changes nothing of what callers get: none of its programs is run', async () => {
    await succeed(run('get', 'dev'));
    await succeed(run('refresh', 'dev', '--force'));
    for (const name of ['status', 'explain', 'env']) await succeed(run(name, 'dev'));
    await succeed(run('agent', 'start'));
    await succeed(run('get', 'dev'));
    await succeed(run('agent', 'stop'));
    await run('get', 'nobody');
    expect(ranNames()).toEqual([]);
  });

  it('reaches the agent that a caller starts, which runs none of its programs either', async () => {
    await succeed(world.rolekeeper(['get', 'dev'], { env: { ...env, ROLEKEEPER_AUTOSTART: '1' } }));
    await until(async () => (await world.rolekeeper(['agent', 'status'])).status === 0, 'the agent answered');
    await succeed(world.rolekeeper(['get', 'ops']));
    expect(ranNames()).toEqual([]);
  });

  // Not defended: whoever can write there runs programs as this user. But what is run for the user's sake is told nothing.
  it('has its systemctl run where a unit is installed, and tells it no secret', async () => {
    const units = join(world.home, '.config', 'systemd', 'user');
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, 'rolekeeper.service'), '');
    const secrets = { HTTPS_PROXY: `http://u:${'marker'.repeat(4)}@127.0.0.1:9`, NO_PROXY: '*' };
    const { stdout } = await succeed(
      world.rolekeeper(['get', 'dev'], { env: { ...env, ...secrets, ROLEKEEPER_AUTOSTART: '1' } }),
    );
    await until(() => record().includes('rolekeeper.socket'), 'systemctl was run');
    expect(ranNames()).toEqual(['systemctl']);
    const { SecretAccessKey = '', SessionToken = '' }: Record<string, string> = JSON.parse(stdout);
    const sought = [secretAccessKey, SecretAccessKey, SessionToken, 'marker'.repeat(4)];
    expect(searchFor(sought.map((secret) => ({ name: 'a secret', secret }))).find(Buffer.from(record()))).toEqual([]);
  });

  it('is what `exec` goes by: there it is the point', async () => {
    await succeed(world.rolekeeper(['exec', 'dev', '--', 'secret-tool'], { env }));
    expect(ranNames()).toEqual(['secret-tool']);
    expect(record()).toContain('AWS_SESSION_TOKEN=');
  });
});

describe('variables of the loader and of Node', () => {
  it('NODE_OPTIONS cannot load code into a get', async () => {
    const script = join(world.home, 'planted.cjs');
    writeFileSync(script, "require('node:fs').writeFileSync(process.env.PLANTED, process.argv.join(' '))");
    const planting = { NODE_OPTIONS: `--require=${script}`, NODE_PATH: world.home, PLANTED: join(world.home, 'planted-ran') };
    await succeed(world.rolekeeper(['get', 'dev'], { env: planting }));
    expect(record()).toBe('');
    // Other commands hand it on to programs of the person's own.
    await succeed(world.rolekeeper(['status'], { env: planting }));
    expect(record()).toContain('status');
  });

  it('none of them reaches the agent that a caller starts', async () => {
    const planting = { LD_LIBRARY_PATH: '/nonexistent', NODE_OPTIONS: '--title=x', NODE_DEBUG: '', ROLEKEEPER_AUTOSTART: '1' };
    await succeed(world.rolekeeper(['get', 'dev'], { env: planting }));
    const status = () => world.rolekeeper(['agent', 'status', '--json']);
    await until(async () => (await status()).status === 0, 'the agent answered');
    const { pid }: { pid: number } = JSON.parse((await status()).stdout);
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((entry) => entry.split('=')[0] ?? '');
    expect(names).toContain('HOME');
    expect(names.filter((name) => /^(LD_|NODE_|AWS_.*(KEY|TOKEN))/.test(name))).toEqual([]);
  });
});
