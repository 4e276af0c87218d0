// Which way back is whose: several config files, several machines, several sets of keys of one profile.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTree } from '../harness/file-tree.ts';
import { undoNotePaths } from '../harness/undo-notes.ts';
import {
  accessKeyId,
  openWorld,
  roleArn,
  secretAccessKey,
  succeed,
  userArn,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

const bob = { id: 'AKIAI44QH8DHBEXAMPLE', secret: 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY' };
const bobsCredentials = `[corp]\naws_access_key_id = ${bob.id}\naws_secret_access_key = ${bob.secret}\n`;
const purge = ['uninstall', '--purge', '--delete-keys', '--yes'] as const;

let world: World;
beforeEach(async () => {
  world = await openWorld({
    users: [
      { arn: userArn, accessKeyId, secretAccessKey, mayAssume: ['*'] },
      { arn: userArn.replace('alice', 'bob'), accessKeyId: bob.id, secretAccessKey: bob.secret, mayAssume: ['*'] },
    ],
  });
});
afterEach(() => world.close());

const state = () => join(world.home, 'state', 'rolekeeper');
const keysLeft = () => fileTree(world.home).filter((line) => line.includes('keys%2f')).length;

/** Directory and environment of a project with AWS files of its own. */
function project(name: string, credentials: string) {
  const directory = join(world.home, name);
  mkdirSync(directory);
  const config = `# ${name}\n[profile corp]\nregion = eu-west-1\nendpoint_url = ${world.sts.url}\n\n[profile dev]\nrole_arn = ${roleArn('Open')}\n# of ${name}\nsource_profile = corp\nregion = eu-west-1\n`;
  const [configPath, credentialsPath] = [join(directory, 'config'), join(directory, 'credentials')];
  writeFileSync(configPath, config);
  writeFileSync(credentialsPath, credentials, { mode: 0o600 });
  const read = () => [readFileSync(configPath, 'utf8'), readFileSync(credentialsPath, 'utf8')];
  return { env: { AWS_CONFIG_FILE: configPath, AWS_SHARED_CREDENTIALS_FILE: credentialsPath }, configPath, read, before: read() };
}

describe('a home that was copied', () => {
  // The purge put the keys into the files that it was copied from, and deleted its own copy.
  it('is put back by itself, and where it came from stays as it is', async () => {
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
    const before = [world.readConfig(), world.readCredentials()];
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const copy = mkdtempSync(join(tmpdir(), 'rk-copy-'));
    try {
      cpSync(world.home, copy, { recursive: true });
      const tree = fileTree(world.home);
      const ageKey = world.env['ROLEKEEPER_AGE_KEY_FILE']?.replace(world.home, copy) ?? '';
      const env = {
        ...{ HOME: copy, XDG_STATE_HOME: join(copy, 'state'), ROLEKEEPER_RUNTIME_DIR: join(copy, 'run') },
        ROLEKEEPER_AGE_KEY_FILE: ageKey,
      };
      await succeed(world.rolekeeper(purge, { env }));
      expect(['config', 'credentials'].map((name) => readFileSync(join(copy, '.aws', name), 'utf8'))).toEqual(before);
      expect(fileTree(world.home)).toEqual(tree);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

describe('two config files with a profile of the same name', () => {
  // The one was given the other's lines, and its own way back was lost.
  it.each(['import corp', 'adopt dev'])('have each a way back of their own from `%s`', async (command) => {
    const projects = [project('a', usualCredentials), project('b', usualCredentials)];
    for (const { env } of projects) await succeed(world.rolekeeper([...command.split(' '), '--yes'], { env }));
    for (const { env, read, before } of projects) {
      const undo = command === 'import corp' ? ['import', 'corp', '--undo'] : ['release', 'dev'];
      await succeed(world.rolekeeper([...undo, '--yes'], { env }));
      expect(read()).toEqual(before);
    }
    expect(undoNotePaths(world)).toEqual([]);
  });

  it('an undo with the wrong one says where the import was', async () => {
    const { env, configPath } = project('a', usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes'], { env }));
    const ran = await world.rolekeeper(['import', 'corp', '--undo', '--yes']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain(`there is one in ${configPath}: set AWS_CONFIG_FILE to that`);
  });

  // It deleted one of them for good, with status 0.
  it('both have their keys back after a purge with either of them', async () => {
    const [a, b] = [project('a', usualCredentials), project('b', bobsCredentials)];
    await succeed(world.rolekeeper(['import', 'corp', '--yes'], { env: a.env }));
    await succeed(world.rolekeeper(['import', 'corp', '--keys', 'corp-bob', '--yes'], { env: b.env }));
    const { stderr } = await succeed(world.rolekeeper(purge, { env: a.env }));
    expect(stderr).toContain(`put back the files as they were before \`import corp\`, its keys in plaintext (${b.configPath})`);
    expect(stderr).not.toContain('FOR GOOD');
    expect([a.read(), b.read()]).toEqual([a.before, b.before]);
    expect(fileTree(world.home).filter((line) => line.includes('state'))).toEqual([]);
  });

  it('a purge refuses where the import into the other cannot be undone', async () => {
    const [a, b] = [project('a', usualCredentials), project('b', bobsCredentials)];
    await succeed(world.rolekeeper(['import', 'corp', '--keys', 'corp-bob', '--yes'], { env: b.env }));
    writeFileSync(b.configPath, '# something else\n');
    writeFileSync(b.env.AWS_SHARED_CREDENTIALS_FILE, '[corp]\nregion = x\n# a remark\n');
    const ran = await world.rolekeeper(purge, { env: a.env });
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('keys/corp-bob: the import cannot be undone');
    expect(ran.stderr).toContain(`with AWS_CONFIG_FILE=${b.configPath}`);
    expect(keysLeft()).toBe(1);
  });
});

describe('keys that come over those of an import', () => {
  beforeEach(async () => {
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
  });
  const atFirst = () => [usualConfig.replaceAll('$STS', world.sts.url), usualCredentials];
  const now = () => [world.readConfig(), world.readCredentials()];

  // `add --undo` forgot the import's way back.
  it('added under another name, give way to them again, and those go back into their file', async () => {
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const add = ['add', 'corp', '--keys', 'corp-bob', '--access-key-id', bob.id, '--yes'];
    await succeed(world.rolekeeper(add, { stdin: `${bob.secret}\n` }));
    await succeed(world.rolekeeper(['add', 'corp', '--undo', '--yes']));
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect(now()).toEqual(atFirst());
  });

  it('added under another name, leave those to a purge to put back', async () => {
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const add = ['add', 'corp', '--keys', 'corp-bob', '--access-key-id', bob.id, '--yes'];
    await succeed(world.rolekeeper(add, { stdin: `${bob.secret}\n` }));
    const { stderr } = await succeed(world.rolekeeper(purge));
    expect(stderr).toContain('delete   keys/corp-bob FOR GOOD');
    expect(stderr).not.toContain('keys/corp FOR GOOD');
    expect(now()).toEqual(atFirst());
  });

  it('imported under another name, are no reason to forget them: a purge puts both back, or refuses', async () => {
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    world.writeCredentials(bobsCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--keys', 'corp-bob', '--yes']));
    const ran = await world.rolekeeper(purge);
    expect(ran, ran.stderr).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('keys/corp: the import cannot be undone');
    expect(keysLeft()).toBe(2);
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect(world.readCredentials()).toBe(bobsCredentials);
  });
});

describe('a home that two machines share', () => {
  beforeEach(async () => {
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    renameSync(join(state(), machine()), join(state(), '0123456789abcdef'));
  });
  const machine = () => readdirSync(state()).find((name) => /^[0-9a-f]{16}$/.test(name)) ?? '';
  const atFirst = () => [usualConfig.replaceAll('$STS', world.sts.url), usualCredentials];
  const now = () => [world.readConfig(), world.readCredentials()];

  it.each(['import corp --undo', 'release corp'])('has one way back: `%s` works on the other', async (command) => {
    await succeed(world.rolekeeper([...command.split(' '), '--yes']));
    expect(now()).toEqual(atFirst());
  });

  // It deleted the only copy of the keys.
  it('has its keys put back by a purge on the other, which leaves that machine its state', async () => {
    const { stderr } = await succeed(world.rolekeeper(purge));
    expect(stderr).not.toContain('FOR GOOD');
    expect(now()).toEqual(atFirst());
    expect(readdirSync(state())).toEqual(['0123456789abcdef']);
  });

  it('loses no keys to a purge that finds no note of them, until that is said as well', async () => {
    for (const path of undoNotePaths(world)) renameSync(path, join(state(), '0123456789abcdef', 'undo-0000000000000000.json'));
    const ran = await world.rolekeeper(purge);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('keys/corp: "corp" uses them, no file has them, and no note tells how they came here');
    expect(keysLeft()).toBe(1);
    const lost = await succeed(world.rolekeeper([...purge, '--lose-keys']));
    expect(lost.stderr).toContain('delete   keys/corp FOR GOOD');
  });
});
