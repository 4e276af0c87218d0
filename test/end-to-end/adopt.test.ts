// adopt and release on the built program: the files, what AWS's own programs then do, and being killed in between.

import { chmodSync, lstatSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultPoint } from '../../src/refresh/fault-point.ts';
import { FaultyProgram } from '../harness/faulty-program.ts';
import { fileTree } from '../harness/file-tree.ts';
import {
  accessKeyId,
  mfaSerial,
  openWorld,
  program,
  roleArn,
  secretAccessKey,
  succeed,
  usualCredentials,
  type World,
  workAccountId,
} from '../harness/world.ts';

let killable: FaultyProgram;
let world: World;
let original: string;
beforeAll(() => {
  killable = new FaultyProgram();
});
afterAll(() => killable.close());
beforeEach(async () => {
  world = await openWorld();
  world.writeConfig(config);
  world.writeCredentials(usualCredentials);
  original = world.readConfig();
});
afterEach(() => world.close());

const config = `# the company
[profile corp]
region = eu-west-1
endpoint_url = $STS

# day to day
[profile dev]
role_arn = ${roleArn('Dev')} 
source_profile = corp
# my telephone
mfa_serial = ${mfaSerial}
region = eu-west-1
endpoint_url = $STS

[profile open]
role_arn = ${roleArn('Open')}
source_profile = corp
region = eu-west-1
endpoint_url = $STS

[profile far]
region = eu-west-1
role_arn = ${roleArn('Far')}
source_profile = open
endpoint_url = $STS

[profile web]
role_arn = ${roleArn('Open')}
web_identity_token_file = nowhere
`;

const adoptAll = () => succeed(world.rolekeeper(['adopt', '--all', '--yes']));
const releaseAll = () => succeed(world.rolekeeper(['release', '--all', '--yes']));

async function callerOf(profile: string): Promise<unknown> {
  const words = ['sts', 'get-caller-identity', '--profile', profile, '--output', 'json'];
  return JSON.parse((await succeed(world.run('aws', words))).stdout);
}

describe('adopt', () => {
  it('adopt --all puts on rolekeeper what can be, lists the rest with line and reason, and says what is next', async () => {
    const { stdout, stderr } = await adoptAll();
    expect(stdout).toBe('');
    expect(stderr).toContain(
      `"web" is left as it is: ${world.configPath}:29: "web": web_identity_token_file: it is not an absolute path`,
    );
    expect(stderr).toContain('on rolekeeper now: dev, open, far');
    expect(stderr).toContain('next: `rolekeeper import corp`');
    expect(world.readConfig()).toContain(`endpoint_url = ${world.sts.url}
credential_process = ${program} get dev

[rolekeeper dev]
role_arn = ${roleArn('Dev')} 
source_profile = corp
# my telephone
mfa_serial = ${mfaSerial}

[profile open]
`);
  });

  it('adopted profiles work for the aws program and for rolekeeper as before: a role, and a role behind it', async () => {
    const before = await callerOf('far');
    await adoptAll();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    expect(await callerOf('open')).toMatchObject({ Account: workAccountId });
    expect(await callerOf('far')).toMatchObject({ Account: workAccountId });
    // The name of the session differs: the SDK makes one up.
    const assumed = `arn:aws:sts::${workAccountId}:assumed-role/Far/`;
    for (const caller of [before, await callerOf('far')]) expect(caller).toMatchObject({ Arn: expect.stringContaining(assumed) });
    const { stdout } = await succeed(world.rolekeeper(['get', 'far']));
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1, AccountId: workAccountId });
  });

  it('an adopted role with a code works after a login', async () => {
    await adoptAll();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    await succeed(world.rolekeeper(['login', 'dev', '--code', world.sts.totp('alice')]));
    expect(await callerOf('dev')).toMatchObject({ Account: workAccountId });
  });

  it('adopt names one login for all roles that name the same device themselves', async () => {
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const role = `role_arn = ${roleArn('Ops')}\nsource_profile = corp\nmfa_serial = ${mfaSerial}\nendpoint_url = ${world.sts.url}\n`;
    world.writeConfig(`${world.readConfig()}\n[profile ops]\nregion = eu-west-1\n${role}`);
    const { stderr } = await succeed(world.rolekeeper(['adopt', 'dev', 'ops', '--yes']));
    expect(stderr.match(/next: .*/g)).toEqual(['next: `rolekeeper login dev`']);
  });

  it('adopt --alias leaves the profile as it is, and adds a twin that works', async () => {
    await succeed(world.rolekeeper(['adopt', 'open', '--alias', 'rk', '--yes']));
    const twin = `\n[profile open-rk]\nregion = eu-west-1\ncredential_process = ${program} get open\n`;
    expect(world.readConfig()).toBe(original.replace('\n[profile far]', `${twin}\n[profile far]`));
    const { stdout } = await succeed(world.rolekeeper(['get', 'open']));
    expect(JSON.parse(stdout)).toMatchObject({ AccountId: workAccountId });
    const released = await succeed(world.rolekeeper(['release', 'open-rk', '--yes']));
    // "as before their adoption" it was called, though it is gone.
    expect(released.stderr).toBe('removed: open-rk\n');
    expect(world.readConfig()).toBe(original);
  });

  it('adopt --dry-run shows a diff without a secret, and changes nothing', async () => {
    world.writeConfig(
      `${config}\n[profile other]\nrole_arn = ${roleArn('Open')}\nsource_profile = corp\n# aws_secret_access_key = ${secretAccessKey}\n`,
    );
    const before = fileTree(world.home);
    const { stdout, stderr } = await succeed(world.rolekeeper(['adopt', '--all', '--dry-run']));
    expect(stdout).toContain(`+++ ${world.configPath}`);
    expect(stdout).toContain(`+credential_process = ${program} get other`);
    expect(stdout + stderr).not.toContain(secretAccessKey);
    expect(stderr).toContain('nothing was changed');
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each([
    [['adopt', 'dev'], 'run `rolekeeper adopt dev --yes`'],
    [['adopt', '--all', '--alias', 'rk'], 'run `rolekeeper adopt --all --alias rk --yes`'],
    [['adopt', 'dev', '--yes', '--alias'], 'for example --alias rk'],
    [['adopt'], 'name them, or say `rolekeeper adopt --all`'],
    [['adopt', 'dev', '--all', '--yes'], 'do not go together'],
    [['release'], 'name them, or say `rolekeeper release --all`'],
  ])('%j without more changes nothing and says what to type', async (args, hint) => {
    const ran = await world.rolekeeper(args);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain(hint);
    expect(world.readConfig()).toBe(original);
  });

  it('adopt of several, of which one cannot be, changes none of them', async () => {
    const ran = await world.rolekeeper(['adopt', 'dev', 'web', '--yes']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('web_identity_token_file: it is not an absolute path');
    expect(world.readConfig()).toBe(original);
    expect((await world.rolekeeper(['adopt', 'nobody', '--yes'])).status).toBe(3);
  });

  it('adopt keeps mode and link of the file, and leaves no other file behind', async () => {
    const real = join(world.home, 'dotfiles-config');
    renameSync(world.configPath, real);
    symlinkSync(real, world.configPath);
    chmodSync(real, 0o640);
    const names = readdirSync(join(world.home, '.aws'));
    await adoptAll();
    expect(lstatSync(world.configPath).isSymbolicLink()).toBe(true);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(world.home, '.aws'))).toEqual(names);
    await releaseAll();
    expect(world.readConfig()).toBe(original);
  });

  it('adopts of several at once all happen, and all go back', async () => {
    const names = ['dev', 'open', 'far'];
    await Promise.all(names.map((name) => succeed(world.rolekeeper(['adopt', name, '--yes']))));
    for (const name of names) expect(world.readConfig()).toContain(`[rolekeeper ${name}]`);
    await Promise.all(names.map((name) => succeed(world.rolekeeper(['release', name, '--yes']))));
    expect(world.readConfig()).toBe(original);
  });
});

describe('release', () => {
  it('release takes back one of several, to the byte, and the others later', async () => {
    await adoptAll();
    const adopted = world.readConfig();
    await succeed(world.rolekeeper(['release', 'dev', '--yes']));
    expect(world.readConfig()).not.toContain('[rolekeeper dev]');
    await succeed(world.rolekeeper(['adopt', 'dev', '--yes']));
    expect(world.readConfig()).toBe(adopted);
    expect((await releaseAll()).stderr).toContain('as before their adoption: dev, open, far');
    expect(world.readConfig()).toBe(original);
  });

  it('release keeps what was changed elsewhere since', async () => {
    await adoptAll();
    writeFileSync(world.configPath, `[profile new]\nregion = x\n\n${world.readConfig()}# the end\n`);
    await releaseAll();
    expect(world.readConfig()).toBe(`[profile new]\nregion = x\n\n${original}# the end\n`);
  });

  it('release without a note puts an ordinary profile together, and says so', async () => {
    await adoptAll();
    const { stderr } = await succeed(
      world.rolekeeper(['release', 'open', '--yes'], { env: { XDG_STATE_HOME: join(world.home, 'other-state') } }),
    );
    expect(stderr).toContain('put together from their two sections, since nothing tells how they were before: open');
    expect(world.readConfig()).not.toContain('[rolekeeper open]');
    expect(await callerOf('open')).toMatchObject({ Account: workAccountId });
  });

  it('release --dry-run shows a diff and changes nothing', async () => {
    await adoptAll();
    const before = fileTree(world.home);
    const { stdout, stderr } = await succeed(world.rolekeeper(['release', '--all', '--dry-run']));
    expect(stdout).toContain('-[rolekeeper dev]');
    expect(stderr).toContain('nothing was changed');
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each([
    ['import first', ['import corp', 'adopt --all']],
    ['adopt first', ['adopt --all', 'import corp']],
  ])('release --all undoes adopt and import, with the keys back in their file: %s', async (_order, commands) => {
    for (const command of commands) await succeed(world.rolekeeper([...command.split(' '), '--yes']));
    expect(world.readCredentials()).not.toContain(secretAccessKey);
    await releaseAll();
    expect([world.readConfig(), world.readCredentials()]).toEqual([original, usualCredentials]);
  });

  // What the import noted fits the file that it left; its last line had no newline before, so that the release of "dev" took its place away.
  it.each([['release dev corp'], ['release corp dev'], ['release --all']])(
    '%s undoes an import after an adoption exactly, in a file without a newline at its end',
    async (command) => {
      world.writeConfig(
        `[profile dev]\nregion = eu-west-1\nrole_arn = ${roleArn('Open')}\nendpoint_url = $STS\nsource_profile = corp`,
      );
      world.writeCredentials(usualCredentials);
      original = world.readConfig();
      await succeed(world.rolekeeper(['adopt', 'dev', '--yes']));
      await succeed(
        world.rolekeeper(['import', 'corp', '--yes'], { env: { AWS_ENDPOINT_URL_STS: world.sts.url, AWS_REGION: 'eu-west-1' } }),
      );
      expect(world.readConfig()).toContain('[rolekeeper corp]');
      await succeed(world.rolekeeper([...command.split(' '), '--yes']));
      expect([world.readConfig(), world.readCredentials()]).toEqual([original, usualCredentials]);
    },
  );

  it('release of several, of which the import cannot be taken back, changes none of them', async () => {
    await adoptAll();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const changed = world.readConfig().replace(`credential_process = ${program} get corp`, '');
    world.writeConfig(changed);
    const ran = await world.rolekeeper(['release', 'dev', 'corp', '--yes']);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(world.readConfig()).toBe(changed);
    expect(world.readCredentials()).not.toContain(secretAccessKey);
  });

  it('release of an import asks, and without a terminal says what to type', async () => {
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const ran = await world.rolekeeper(['release', '--all']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(world.readCredentials()).not.toContain(secretAccessKey);
  });

  it('release --all leaves what it cannot take back, with the reason: keys that were typed in, an alias that a person wrote', async () => {
    world.writeConfig(`${config}\n[profile short]\ncredential_process = ${program} get open\n`);
    const env = { AWS_ENDPOINT_URL_STS: world.sts.url };
    const typed = ['add', 'typed', '--access-key-id', accessKeyId, '--region', 'eu-west-1', '--yes'];
    await succeed(world.rolekeeper(typed, { stdin: `${secretAccessKey}\n`, env }));
    const before = world.readConfig();
    await adoptAll();
    const { stderr } = await releaseAll();
    expect(stderr).toContain('"typed" is left as it is: the keys of "typed" were typed in, and are in the store only');
    expect(stderr).toMatch(/"short" is left as it is: .*:\d+: "short" has no recipe of its own/);
    expect(world.readConfig()).toBe(before);
    expect((await world.rolekeeper(['release', 'typed', '--yes'])).stderr).toContain('`rolekeeper add typed --undo`');
  });

  it('release of an ordinary profile has nothing to do; of one that nobody knows it fails', async () => {
    expect((await succeed(world.rolekeeper(['release', 'dev', '--yes']))).stderr).toContain('not on rolekeeper: dev');
    expect((await world.rolekeeper(['release', 'nobody', '--yes'])).status).toBe(3);
  });

  it('uninstall --purge puts adopted and imported profiles back', async () => {
    const before = fileTree(world.home);
    await adoptAll();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    const { stderr } = await succeed(world.rolekeeper(['uninstall', '--purge', '--delete-keys', '--yes']));
    expect(stderr).toContain('put back "dev" as an ordinary profile');
    expect(fileTree(world.home)).toEqual(before);
  });
});

describe('an adopt or release that was killed', () => {
  const killAt = (step: FaultPoint, ...args: readonly string[]) => killable.killAt(step, args, world);

  it.each(['undo note kept', 'file written'] as const)(
    'adopt killed at "%s" can be run again, and released to the byte',
    async (step) => {
      await killAt(step, 'adopt', '--all', '--yes');
      await adoptAll();
      expect(world.readConfig()).toContain('[rolekeeper dev]');
      await releaseAll();
      expect(world.readConfig()).toBe(original);
    },
  );

  it.each(['undo note kept', 'file written'] as const)('adopt killed at "%s" can be released at once', async (step) => {
    await killAt(step, 'adopt', '--all', '--yes');
    await releaseAll();
    expect(world.readConfig()).toBe(original);
  });

  it('release killed when the file is written can be run again, and adopted again', async () => {
    await adoptAll();
    await killAt('file written', 'release', '--all', '--yes');
    expect(world.readConfig()).toBe(original);
    await releaseAll();
    await adoptAll();
    await releaseAll();
    expect(world.readConfig()).toBe(original);
  });
});
