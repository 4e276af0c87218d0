import { chmodSync, linkSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileTree } from '../harness/file-tree.ts';
import { until } from '../harness/session-bus.ts';
import {
  accessKeyId,
  mfaSerial,
  openWorld,
  program,
  secretAccessKey,
  succeed,
  userArn,
  usualConfig,
  usualCredentials,
  type World,
} from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

function start(config = usualConfig, credentials = usualCredentials): void {
  world.writeConfig(config);
  world.writeCredentials(credentials);
}

describe('import', () => {
  it('import moves the keys into the store and leaves the profile working', async () => {
    start(usualConfig, `# work\n${usualCredentials}\n[home]\naws_access_key_id = AKIAHOME\n`);
    const ran = await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(`the keys of ${userArn} are in the age store`);
    expect(ran.stderr).toContain('next: `rolekeeper login corp`');
    expect(world.readCredentials()).toBe('# work\n[corp]\n\n[home]\naws_access_key_id = AKIAHOME\n');
    expect(world.readConfig()).toContain(`credential_process = ${program} get corp\n`);
    expect(world.readConfig()).toContain(`[rolekeeper corp]\nmfa_serial = ${mfaSerial}\n`);
    await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
    const document: unknown = JSON.parse((await succeed(world.rolekeeper(['get', 'dev']))).stdout);
    expect(document).toMatchObject({ Version: 1, AccountId: '222233334444' });
  });

  it('import --dry-run shows both edits without a secret, and changes nothing', async () => {
    start();
    const [config, credentials] = [world.readConfig(), world.readCredentials()];
    const { stdout, stderr } = await succeed(world.rolekeeper(['import', 'corp', '--dry-run']));
    expect(stdout).toContain('-aws_secret_access_key = [secret]');
    expect(stdout).toContain(`+credential_process = ${program} get corp`);
    expect(stdout + stderr).not.toContain(secretAccessKey);
    expect(stderr).toContain('nothing was changed');
    expect([world.readConfig(), world.readCredentials()]).toEqual([config, credentials]);
    expect(world.sts.log()).toEqual([]);
  });

  it('import --dry-run shows nothing of what the store would not take', async () => {
    start();
    const ran = await world.rolekeeper(['import', 'corp', '--dry-run'], { env: { ROLEKEEPER_AGE_KEY_FILE: '/nonexistent' } });
    expect(ran).toMatchObject({ status: 5, stdout: '' });
  });

  it('import --dry-run knows that an age store without a key begins with a passphrase', async () => {
    start();
    const ran = await succeed(world.rolekeeper(['import', 'corp', '--dry-run'], { env: { ROLEKEEPER_AGE_KEY_FILE: '' } }));
    expect(ran.stderr).toContain('(the import has you choose its passphrase) as keys/corp');
  });

  it('import names the profiles that start from these keys outside rolekeeper', async () => {
    start(`${usualConfig}[profile plain]\nrole_arn = arn:aws:iam::222233334444:role/Open\nsource_profile = corp\n`);
    expect((await succeed(world.rolekeeper(['import', 'corp', '--dry-run']))).stderr).toContain(
      '"plain" has source_profile = corp',
    );
  });

  it('import --keep stores the keys and leaves the plaintext, and says what that means', async () => {
    start();
    const { stderr } = await succeed(world.rolekeeper(['import', 'corp', '--keep', '--yes']));
    expect(world.readCredentials()).toBe(usualCredentials);
    expect(stderr).toContain('win over credential_process');
  });

  it('import of a profile without MFA says what its sessions cannot do, and what to set', async () => {
    const config = usualConfig.replace(`mfa_serial = ${mfaSerial}\n`, '');
    start(config);
    const { stderr } = await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      "its sessions are without MFA, and IAM's own API refuses such sessions: set `mfa_serial = arn:aws:iam::123456789012:mfa/DEVICE` in [rolekeeper corp], or `session = none`",
    );
    expect(world.readConfig()).toContain('[rolekeeper corp]\n');
  });

  it('import of a profile without MFA proposes the device that a role of it has', async () => {
    const role = `[profile plain]\nrole_arn = arn:aws:iam::222233334444:role/Open\nsource_profile = corp\nmfa_serial = ${mfaSerial}\n`;
    start(`${usualConfig.replace(`mfa_serial = ${mfaSerial}\n`, '')}${role}`);
    const { stderr } = await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(stderr).toContain(`set \`mfa_serial = ${mfaSerial}\` in [rolekeeper corp]`);
  });

  it('import asks, and without a terminal says what to type instead', async () => {
    start();
    const ran = await world.rolekeeper(['import', 'corp']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain('rolekeeper import corp --yes');
    expect(world.readCredentials()).toBe(usualCredentials);
  });

  it('import keeps the plaintext when AWS does not know the keys', async () => {
    start(usualConfig, usualCredentials.replace(accessKeyId, 'AKIAIOSFODNN7UNKNOWN'));
    const ran = await world.rolekeeper(['import', 'corp', '--yes']);
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(world.readCredentials()).toContain(secretAccessKey);
    expect(world.readConfig()).not.toContain(`get corp`);
  });

  it('import keeps the plaintext when the store does not answer', async () => {
    start();
    const ran = await world.rolekeeper(['import', 'corp', '--yes'], {
      env: { ROLEKEEPER_AGE_KEY_FILE: join(world.home, 'nowhere') },
    });
    expect(ran).toMatchObject({ status: 5, stdout: '' });
    expect(world.readCredentials()).toBe(usualCredentials);
  });

  it("import refuses to put keys over another user's, and proposes a name that works", async () => {
    await world.close();
    const bob = 'arn:aws:iam::123456789012:user/bob';
    world = await openWorld({
      users: [
        { arn: userArn, accessKeyId, secretAccessKey },
        { arn: bob, accessKeyId: 'AKIAI44QH8DHBEXAMPLE', secretAccessKey: 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY' },
      ],
    });
    start();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const others =
      '[corp]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n';
    world.writeCredentials(others);
    const refused = await world.rolekeeper(['import', 'corp', '--yes']);
    expect(refused.status).toBe(3);
    expect(refused.stderr).toContain('rolekeeper import corp --keys corp-bob');
    expect(world.readCredentials()).toBe(others);
    await succeed(world.rolekeeper(['import', 'corp', '--keys', 'corp-bob', '--yes']));
    expect(world.readConfig()).toContain('keys = corp-bob');
  });

  it('import does the same thing once more when new keys of the same user appear in the file', async () => {
    start();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const config = world.readConfig();
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(world.readConfig()).toBe(config);
    expect(world.readCredentials()).toBe('');
  });

  it('import refuses a role, temporary keys and a profile without keys', async () => {
    start();
    expect((await world.rolekeeper(['import', 'dev', '--yes'])).stderr).toContain('rolekeeper import corp');
    world.writeCredentials(`${usualCredentials}aws_session_token = t\n`);
    expect((await world.rolekeeper(['import', 'corp', '--yes'])).stderr).toContain('temporary');
    world.writeCredentials('');
    const none = await world.rolekeeper(['import', 'corp', '--yes']);
    expect(none).toMatchObject({ status: 3, stdout: '' });
    expect(none.stderr).toContain('rolekeeper add corp');
  });

  it('import keeps mode and link of the files', async () => {
    start();
    renameSync(world.credentialsPath, join(world.home, 'real'));
    symlinkSync(join(world.home, 'real'), world.credentialsPath);
    writeFileSync(join(world.home, 'real'), `${usualCredentials}[home]\nregion = x\n`);
    chmodSync(join(world.home, 'real'), 0o640);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(statSync(join(world.home, 'real')).mode & 0o777).toBe(0o640);
    expect(readFileSync(join(world.home, 'real'), 'utf8')).toBe('[home]\nregion = x\n');
  });

  // It said that the plaintext was gone, and the file's other name still had it.
  it.each(['credentials', 'config'])('import refuses a %s file with a hard link, before the store has the keys', async (name) => {
    start();
    linkSync(join(world.home, '.aws', name), join(world.home, 'backup'));
    const before = fileTree(world.home);
    for (const last of ['--yes', '--dry-run']) {
      const ran = await world.rolekeeper(['import', 'corp', last]);
      expect(ran).toMatchObject({ status: 3, stdout: '' });
      expect(ran.stderr).toContain(`could not write ${join(world.home, '.aws', name)}: it has another name, by a hard link`);
    }
    expect(fileTree(world.home)).toEqual(before);
  });
});

describe('import --undo', () => {
  const config = `# mine\r\n${usualConfig}`;
  const credentials = `# work\n${usualCredentials}region = x\n\n[home]\naws_access_key_id = AKIAHOME`;

  // Whoever saw it empty removed it, and was told for ever that another program had changed it.
  it('import --undo makes the emptied credentials file anew where it was removed', async () => {
    start(usualConfig, usualCredentials);
    const before = world.readCredentials();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(world.readCredentials()).toBe('');
    rmSync(world.credentialsPath);
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect(world.readCredentials()).toBe(before);
  });

  it('import --undo gives back every byte of both files, and keeps the keys in the store', async () => {
    start(config, credentials);
    const before = [world.readConfig(), world.readCredentials()];
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(world.readCredentials()).not.toContain(secretAccessKey);
    const shown = await succeed(world.rolekeeper(['import', 'corp', '--undo', '--dry-run']));
    expect(shown.stdout).toContain('+aws_secret_access_key = [secret]');
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect([world.readConfig(), world.readCredentials()]).toEqual(before);
    expect((await world.rolekeeper(['import', 'corp', '--undo', '--yes'])).status).toBe(2);
    expect((await succeed(world.rolekeeper(['import', 'corp', '--yes']))).stderr).toContain('accepted by AWS');
  });

  it('import --undo takes only its own lines out when the files were changed elsewhere since', async () => {
    start(config, credentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const added = '\n[profile new]\nregion = eu-west-1\n';
    writeFileSync(
      world.configPath,
      `# top\n${world.readConfig().replace('[profile dev]\n', '[profile dev]\noutput = json\n')}${added}`,
    );
    writeFileSync(world.credentialsPath, `${world.readCredentials()}2\n[new]\naws_access_key_id = AKIANEW\n`);
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    const before = config.replaceAll('$STS', world.sts.url).replace('[profile dev]\n', '[profile dev]\noutput = json\n');
    expect(world.readConfig()).toBe(`# top\n${before}${added}`);
    expect(world.readCredentials()).toBe(`${credentials}2\n[new]\naws_access_key_id = AKIANEW\n`);
  });

  it('import --undo touches nothing when its own lines were changed since', async () => {
    start(config, credentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    world.writeConfig(world.readConfig().replace(`${program} get corp`, '/opt/other/program'));
    const now = [world.readConfig(), world.readCredentials()];
    const ran = await world.rolekeeper(['import', 'corp', '--undo', '--yes']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('changed since the import');
    expect([world.readConfig(), world.readCredentials()]).toEqual(now);
  });

  it('import refuses to take other keys of the profile out of a file, which nobody would have then', async () => {
    const other = 'aws_access_key_id = AKIAOTHER\naws_secret_access_key = otherSecret\n';
    start(usualConfig.replace('[profile corp]\n', `[profile corp]\n${other}`));
    const now = [world.readConfig(), world.readCredentials()];
    const ran = await world.rolekeeper(['import', 'corp', '--yes']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain(`${world.configPath}:2: `);
    expect(ran.stderr).toContain('move the other to a profile of its own');
    expect([world.readConfig(), world.readCredentials()]).toEqual(now);
    expect(world.sts.log()).toEqual([]);
  });

  it('what is kept for the undo holds no secret', async () => {
    start(config, credentials);
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect((await world.run('grep', ['-rl', secretAccessKey, join(world.home, 'state')])).stdout).toBe('');
  });
});

describe('add', () => {
  it('add takes the secret from stdin and sets the profile up', async () => {
    const args = ['add', 'corp', '--access-key-id', accessKeyId, '--mfa-serial', mfaSerial, '--region', 'eu-west-1', '--yes'];
    const ran = await succeed(
      world.rolekeeper(args, { stdin: `${secretAccessKey}\n`, env: { AWS_ENDPOINT_URL_STS: world.sts.url } }),
    );
    expect(ran.stdout).toBe('');
    expect(world.readConfig()).toBe(
      `[profile corp]\nregion = eu-west-1\ncredential_process = ${program} get corp\n\n[rolekeeper corp]\nmfa_serial = ${mfaSerial}\n`,
    );
    const env = { AWS_ENDPOINT_URL_STS: world.sts.url };
    await succeed(world.rolekeeper(['login', '--code', world.sts.totp('alice')], { env }));
    await succeed(world.rolekeeper(['get', 'corp'], { env }));
  });

  it('add stores nothing when AWS refuses the secret', async () => {
    const env = { AWS_ENDPOINT_URL_STS: world.sts.url };
    const ran = await world.rolekeeper(['add', 'corp', '--access-key-id', accessKeyId, '--yes'], { stdin: 'wrong\n', env });
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(ran.stderr).toContain('secret');
    expect(world.readConfig()).toBe('');
    expect((await world.rolekeeper(['get', 'corp'], { env })).status).toBe(3);
  });

  it('add has no option for the secret, and refuses key ids of temporary credentials', async () => {
    expect((await world.rolekeeper(['add', '--help'])).stdout).not.toMatch(/secret-access-key/);
    expect(
      await world.rolekeeper(['add', 'corp', '--access-key-id', 'ASIAIOSFODNN7EXAMPLE', '--yes'], { stdin: 's\n' }),
    ).toMatchObject({ status: 2 });
  });
});

describe('add --undo', () => {
  const args = ['add', 'corp', '--access-key-id', accessKeyId, '--mfa-serial', mfaSerial, '--region', 'eu-west-1', '--yes'];
  const add = () => world.rolekeeper(args, { stdin: `${secretAccessKey}\n`, env: { AWS_ENDPOINT_URL_STS: world.sts.url } });
  const undo = (...options: readonly string[]) => world.rolekeeper(['add', 'corp', '--undo', ...options]);
  const itemsLeft = async () =>
    (await world.run('sh', ['-c', 'ls "$XDG_STATE_HOME/rolekeeper/age" | grep -c keys'])).stdout.trim();

  it('add --undo takes the keys out of the store and gives back every byte of the file', async () => {
    start();
    const before = world.readConfig();
    expect((await succeed(add())).stderr).toContain('rolekeeper add corp --undo');
    expect(await itemsLeft()).toBe('1');
    const ran = await succeed(undo('--yes'));
    expect(ran.stderr).toContain('without these keys they cannot work any more: dev, ops');
    expect(ran.stderr).toContain('keys/corp is gone from the age store');
    expect(world.readConfig()).toBe(before);
    expect(await itemsLeft()).toBe('0');
    expect(await undo('--yes')).toMatchObject({ status: 2, stdout: '' });
    await succeed(add());
  });

  it('add --undo --dry-run shows what would go, and changes nothing', async () => {
    await succeed(add());
    const config = world.readConfig();
    const { stdout, stderr } = await succeed(undo('--dry-run'));
    expect(stdout).toContain(`-credential_process = ${program} get corp`);
    expect(stderr).toContain('keys/corp would be removed from the age store');
    expect(world.readConfig()).toBe(config);
    expect(await itemsLeft()).toBe('1');
  });

  it('add --undo says that the keys exist nowhere else, and does nothing without a yes', async () => {
    await succeed(add());
    const config = world.readConfig();
    expect((await undo()).stderr).toContain('rolekeeper add corp --undo --yes');
    const { child, ended } = world.startCommand('script', ['-qec', `${world.program} add corp --undo`, '/dev/null']);
    let screen = '';
    child.stdout?.on('data', (chunk: string) => {
      screen += chunk;
    });
    await until(() => screen.includes('They exist nowhere else.'), 'the question');
    child.stdin?.write('n\r');
    expect((await ended).status).toBe(130);
    expect(world.readConfig()).toBe(config);
    expect(await itemsLeft()).toBe('1');
  });

  it('add --undo removes nothing when the lines that it wrote were changed since', async () => {
    await succeed(add());
    world.writeConfig(world.readConfig().replace('[rolekeeper corp]', '[rolekeeper corp]\nsession = none'));
    expect(await undo('--yes')).toMatchObject({ status: 3, stdout: '' });
    expect(await itemsLeft()).toBe('1');
  });

  it('add --undo goes on where it was interrupted, with the keys gone and the file not yet changed', async () => {
    await succeed(add());
    await succeed(world.run('sh', ['-c', 'rm "$XDG_STATE_HOME"/rolekeeper/age/*keys*']));
    await succeed(undo('--yes'));
    expect(world.readConfig()).toBe('');
  });

  it('an add over keys that were there has no undo, and the import before it still has its own', async () => {
    start();
    const before = [world.readConfig(), world.readCredentials()];
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    await succeed(world.rolekeeper(['add', 'corp', '--access-key-id', accessKeyId, '--yes'], { stdin: `${secretAccessKey}\n` }));
    const refused = await undo('--yes');
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('rolekeeper import corp --undo');
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect([world.readConfig(), world.readCredentials()]).toEqual(before);
  });
});
