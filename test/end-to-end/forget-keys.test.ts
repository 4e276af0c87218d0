// `forget-keys` from outside, with the built program: what goes, what stays, and what is said before.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTree } from '../harness/file-tree.ts';
import {
  accessKeyId,
  mfaSerial,
  openUsualWorld,
  type Ran,
  roleArn,
  rolePair,
  secretAccessKey,
  succeed,
  userArn,
  usualCredentials,
  type World,
} from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

const forgetKeys = (...args: readonly string[]): Promise<Ran> => world.rolekeeper(['forget-keys', ...args]);

describe('forget-keys', { timeout: 60_000 }, () => {
  it('says what stops working and what is lost, then removes the keys and what began with them, and leaves the files alone', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    const config = world.readConfig();
    const { stdout, stderr } = await succeed(forgetKeys('corp', '--yes'));
    expect(stdout).toBe('');
    expect(stderr).toContain(`keys/corp (${accessKeyId} of ${userArn}) leaves the age store`);
    expect(stderr).toContain('profiles that stop working: corp, dev, ops');
    expect(stderr).toContain('lost for good: no AWS file here has these keys');
    expect(stderr).toContain('first: `rolekeeper import corp --undo`');
    expect(stderr).toContain(`aws iam delete-access-key --access-key-id ${accessKeyId}`);
    expect(stderr).not.toContain(secretAccessKey);
    expect(await world.rolekeeper(['get', 'dev'])).toMatchObject({ status: 3, stdout: '' });
    expect((await world.rolekeeper(['logout', '--all'])).stderr).toContain('nothing to forget');
    expect(world.readConfig()).toBe(config);
    const again = await forgetKeys('corp', '--yes');
    expect(again).toMatchObject({ status: 2, stdout: '' });
    expect(again.stderr).toContain('has no keys "corp"');
  });

  it('without a yes, and with --dry-run, removes nothing', async () => {
    const before = fileTree(world.home);
    const asked = await forgetKeys('corp');
    expect(asked).toMatchObject({ status: 2, stdout: '' });
    expect(asked.stderr).toContain('run `rolekeeper forget-keys corp --yes`');
    expect((await succeed(forgetKeys('corp', '--dry-run'))).stderr).toContain('nothing was changed');
    expect(fileTree(world.home)).toEqual(before);
    const other = await forgetKeys('other', '--yes');
    expect(other).toMatchObject({ status: 2, stdout: '' });
    expect(other.stderr).toContain('it has: corp');
    await succeed(world.rolekeeper(['get', 'dev']));
  });

  it('says where a file has the keys as well', async () => {
    world.writeCredentials(usualCredentials);
    const { stderr } = await succeed(forgetKeys('corp', '--dry-run'));
    expect(stderr).toContain(`not lost: ${world.credentialsPath}:2 has them in plaintext`);
    expect(stderr).not.toContain('lost for good');
  });

  // It named all three as profiles that stop working, and said two lines further that nothing is lost.
  it('stops no profile that can take the keys from its file, as after a release', async () => {
    await succeed(world.rolekeeper(['release', '--all', '--yes']));
    const { stderr } = await succeed(forgetKeys('corp', '--dry-run'));
    expect(stderr).toContain('no profile stops working: corp, dev, ops can take them from their file');
    expect(stderr).not.toContain('that stop working');
  });

  it('leaves alone what begins with other keys of the same user', async () => {
    const twin = rolePair('twin', { source_profile: 'second', mfa_serial: mfaSerial, role_arn: roleArn('Ops') });
    world.writeConfig(`${world.readConfig()}\n[profile second]\nregion = eu-west-1\nendpoint_url = $STS\n\n${twin}`);
    const typed = ['add', 'second', '--access-key-id', accessKeyId, '--mfa-serial', mfaSerial, '--yes'];
    await succeed(world.rolekeeper(typed, { stdin: `${secretAccessKey}\n` }));
    await succeed(forgetKeys('corp', '--yes'));
    // The session is that of the user, whichever name the keys have.
    await succeed(world.rolekeeper(['get', 'twin']));
    expect((await world.rolekeeper(['get', 'dev'])).status).toBe(3);
  });

  it('refuses while a rotation of them is under way, unless told', async () => {
    await succeed(world.rolekeeper(['rotate', 'corp', '--yes']));
    const refused = await forgetKeys('corp', '--yes');
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toContain('keys/corp: a rotation of them is under way');
    expect(refused.stderr).toContain('`rolekeeper rotate corp --finish`');
    await succeed(world.rolekeeper(['get', 'dev']));
    const { stderr } = await succeed(forgetKeys('corp', '--abandon-rotation', '--yes'));
    for (const key of world.sts.accessKeys('alice')) expect(stderr).toContain(`--access-key-id ${key.accessKeyId}`);
    world.writeConfig('');
    expect((await succeed(world.rolekeeper(['uninstall', '--purge', '--yes']))).stderr).toMatch(/delete {3}0 items/);
  });
});
