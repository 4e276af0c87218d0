// uninstall --purge on the built program, a real store, an STS double; and that no word of it costs anybody their keys.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { fileTree } from '../harness/file-tree.ts';
import { accessKeyId, openWorld, secretAccessKey, succeed, usualConfig, usualCredentials, type World } from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(usualConfig);
  world.writeCredentials(usualCredentials);
});
afterEach(() => world.close());

async function importAndLogin(): Promise<void> {
  await succeed(world.rolekeeper(['import', 'corp', '--yes']));
  await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
  await succeed(world.rolekeeper(['get', 'dev']));
}

const purge = ['uninstall', '--purge', '--yes'] as const;
const all = [...purge, '--delete-keys'] as const;

describe('uninstall --purge', () => {
  it('uninstall --purge refuses while the store holds long-term keys, and removes nothing', async () => {
    await importAndLogin();
    const before = fileTree(world.home);
    const ran = await world.rolekeeper(purge);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain('holds long-term keys (corp); nothing was removed');
    expect(ran.stderr).toContain('`rolekeeper import corp --undo`');
    expect(fileTree(world.home)).toEqual(before);
  });

  it('uninstall --purge --delete-keys leaves the home as it was before the import', async () => {
    const before = fileTree(world.home);
    await importAndLogin();
    const { stderr } = await succeed(world.rolekeeper(all));
    expect(stderr).toContain('put back the files as they were before `import corp`');
    expect(stderr).not.toContain('FOR GOOD');
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each(['running', 'killed'])('uninstall --purge leaves nothing of an agent that is %s, nor of what it told', async (how) => {
    mkdirSync(join(world.home, 'bin'));
    writeFileSync(join(world.home, 'bin', 'notify-send'), '#!/bin/sh\n', { mode: 0o755 });
    const before = fileTree(world.home);
    await importAndLogin();
    const agent = await startAgent(world);
    world.sts.advance(11 * 3_600_000 + 45 * 60_000);
    await world.rolekeeper(['login', 'corp', '--code', '000000']); // any call to AWS tells us its time
    const desktop = { PATH: `${join(world.home, 'bin')}:${world.env['PATH']}`, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/none' };
    await succeed(world.rolekeeper(['refresh'], { env: { ...desktop, ROLEKEEPER_NOTIFY: 'always' } }));
    // As it lies there on Windows.
    writeFileSync(join(world.home, 'state', 'rolekeeper', 'pipe-token'), 'token', { mode: 0o600 });
    if (how === 'killed') await agent.kill();
    const names = fileTree(world.home).join('\n');
    for (const left of ['/told-', '.asked ', 'run/agent.sock', '/pipe-token']) expect(names).toContain(left);
    await succeed(world.rolekeeper(all));
    await agent.running.ended;
    expect(fileTree(world.home)).toEqual(before);
  });

  it('uninstall --purge undoes several imports in whatever order they were made', async () => {
    const keys = (name: string) => `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    world.writeConfig(`${usualConfig}[profile home]\nregion = eu-west-1\nendpoint_url = $STS\n`);
    world.writeCredentials(keys('home') + keys('corp'));
    const before = fileTree(world.home);
    for (const name of ['corp', 'home']) await succeed(world.rolekeeper(['import', name, '--yes']));
    await succeed(world.rolekeeper(all));
    expect(fileTree(world.home)).toEqual(before);
  });

  it('uninstall --purge --delete-keys --dry-run shows what comes back, without a secret, and changes nothing', async () => {
    await importAndLogin();
    const before = fileTree(world.home);
    const ran = await succeed(world.rolekeeper(['uninstall', '--purge', '--delete-keys', '--dry-run']));
    expect(ran.stdout).toContain('+aws_secret_access_key = [secret]');
    expect(ran.stdout + ran.stderr).not.toContain(secretAccessKey);
    expect(fileTree(world.home)).toEqual(before);
  });

  it('uninstall --purge keeps what was changed elsewhere since the import', async () => {
    await importAndLogin();
    writeFileSync(world.configPath, `${world.readConfig()}# a remark\n`);
    const ran = await succeed(world.rolekeeper(all));
    expect(ran.stderr).not.toContain('FOR GOOD');
    expect(world.readConfig()).toContain('# a remark');
    expect(world.readCredentials()).toBe(usualCredentials);
  });

  it('uninstall --purge takes an `add` out of the config again, and names its keys: no file has them', async () => {
    world.writeCredentials('');
    const before = world.readConfig();
    const args = ['add', 'typed', '--access-key-id', accessKeyId, '--region', 'eu-west-1', '--yes'];
    const endpoint = { AWS_ENDPOINT_URL_STS: world.sts.url };
    await succeed(world.rolekeeper(args, { stdin: `${secretAccessKey}\n`, env: endpoint }));
    expect(world.readConfig()).not.toBe(before);
    const ran = await succeed(world.rolekeeper(all));
    expect(ran.stderr).toContain('put back the files as they were before `add typed`');
    expect(ran.stderr).toContain('delete   keys/typed FOR GOOD');
    expect(world.readConfig()).toBe(before);
  });

  // It deleted the keys for good.
  it('uninstall --purge undoes an import of which somebody moved the section', async () => {
    const before = [world.readConfig(), world.readCredentials()];
    await importAndLogin();
    const config = world.readConfig();
    const [section = ''] = /\n\[rolekeeper corp\]\n[^[]*/.exec(config) ?? [];
    const moved = `${section.trim()}\n\n${config.replace(section, '')}`;
    expect(moved).not.toBe(config);
    writeFileSync(world.configPath, moved);
    const ran = await succeed(world.rolekeeper(all));
    expect(ran.stderr).not.toContain('FOR GOOD');
    expect(world.readCredentials()).toBe(before[1]);
    expect(world.readConfig().trim().replace(/\n+/g, '\n')).toBe(before[0]?.trim().replace(/\n+/g, '\n'));
  });

  it.each([
    [
      'its own lines were changed',
      (config: string) => config.replace(/credential_process = .*/, 'credential_process = /opt/other').concat('# a remark\n'),
    ],
    ['its sections are gone', () => '# a remark\n'],
    ['its section for rolekeeper is gone', (config: string) => config.replace(/\n\[rolekeeper corp\]\n[^[]*/, '')],
  ])('uninstall --purge puts the keys of an import back of which %s, and says what is left', async (_how, change) => {
    await importAndLogin();
    const changed = change(world.readConfig());
    writeFileSync(world.configPath, changed);
    const ran = await succeed(world.rolekeeper(all));
    expect(ran.stderr).not.toContain('FOR GOOD');
    expect(ran.stderr).toMatch(
      /put back the keys of "corp" in plaintext; the rest of its import stays, since \S+config:\d+ was changed/,
    );
    expect(world.readConfig()).toBe(changed);
    expect(world.readCredentials()).toBe(usualCredentials);
  });

  it('uninstall --purge --delete-keys refuses where the keys would be lost, until that is said as well', async () => {
    await importAndLogin();
    writeFileSync(world.configPath, world.readConfig().replace('get corp\n', 'get corp --debug\n'));
    writeFileSync(world.credentialsPath, '[corp]\nregion = x\n# a remark\n');
    const before = fileTree(world.home);
    const ran = await world.rolekeeper(all);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toMatch(/keys\/corp: the import cannot be undone \(\S+:\d+ was changed\); its keys would be lost/);
    expect(fileTree(world.home)).toEqual(before);
    const lost = await succeed(world.rolekeeper([...all, '--lose-keys']));
    expect(lost.stderr).toContain('delete   keys/corp FOR GOOD');
    expect(lost.stderr).toContain('still set up for rolekeeper');
  });

  it('uninstall --purge does not call keys lost that a file has', async () => {
    await importAndLogin();
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    const before = [world.readConfig(), world.readCredentials()];
    const ran = await succeed(world.rolekeeper(all));
    expect(ran.stderr).not.toContain('FOR GOOD');
    expect([world.readConfig(), world.readCredentials()]).toEqual(before);
  });

  it('uninstall --purge names the key that a rotation has not deleted yet, and how to delete it at AWS', async () => {
    await importAndLogin();
    await succeed(world.rolekeeper(['rotate', 'corp', '--yes']));
    const deletes = `\`aws iam delete-access-key --user-name alice --access-key-id ${accessKeyId}\``;
    expect((await succeed(world.rolekeeper([...all, '--dry-run']))).stderr).toContain(deletes);
    const { stderr } = await succeed(world.rolekeeper(all));
    expect(stderr).toContain(deletes);
    expect(stderr.match(/delete-access-key/g)).toHaveLength(1);
  });

  it('uninstall --purge without keys needs no second word, and says what still names rolekeeper', async () => {
    const ran = await succeed(world.rolekeeper(purge));
    expect(ran.stderr).toContain('still set up for rolekeeper in');
    expect(ran.stderr).toContain('dev, ops');
  });

  it('uninstall --purge asks, and without a terminal says what to type', async () => {
    const ran = await world.rolekeeper(['uninstall', '--purge']);
    expect(ran.status).toBe(2);
    expect(ran.stderr).toContain('say --yes as well');
  });

  it('uninstall --purge leaves what is not ours in the state directory, and says so', async () => {
    const state = join(world.home, 'state', 'rolekeeper');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'diary.txt'), 'mine');
    const ran = await succeed(world.rolekeeper(purge));
    expect(ran.stderr).toContain(`left, since it is not ours or holds keys: ${join(state, 'diary.txt')}`);
    expect(readFileSync(join(state, 'diary.txt'), 'utf8')).toBe('mine');
  });
});
