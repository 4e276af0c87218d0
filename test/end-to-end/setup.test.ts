// `setup` on the built program, with a person at a terminal or without one: what it leads to, and that nothing is left of what fails.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/sts-double-faults.ts';
import { type Answer, controlC, converse, down, enter, hangUp } from '../harness/dialogue.ts';
import { fileTree } from '../harness/file-tree.ts';
import { until } from '../harness/session-bus.ts';
import {
  accessKeyId,
  mfaSerial,
  openWorld,
  program,
  roleArn,
  secretAccessKey,
  succeed,
  userArn,
  usualCredentials,
  type World,
} from '../harness/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const role = (name: string, more = '') =>
  `[profile ${name.toLowerCase()}]\nregion = eu-west-1\nendpoint_url = $STS\nrole_arn = ${roleArn(name)}\nsource_profile = corp\n${more}\n`;
const corp = `[profile corp]\nregion = eu-west-1\nendpoint_url = $STS\n`;
const config = `# mine\r\n${corp}mfa_serial = ${mfaSerial}\n\n${role('Dev')}${role('Ops')}`;
const credentials = `# work\n${usualCredentials}`;
const code = () => world.sts.totp('alice');

function start(text = config): readonly string[] {
  world.writeConfig(text);
  world.writeCredentials(credentials);
  return fileTree(world.home);
}

/** The questions of a first run, and how to answer them. */
function firstRun(): readonly Answer[] {
  return [
    ['shall be tried', enter],
    ['Shall it be done', enter],
    [`MFA code of ${mfaSerial}`, code() + enter],
  ];
}

const works = `it works: "dev" is arn:aws:sts::222233334444:assumed-role/Dev/alice, in account 222233334444`;

describe('setup at a terminal', { timeout: 60_000 }, () => {
  it('leads from plaintext keys and role profiles to a profile that works, and back to the same bytes', async () => {
    const before = [start() && world.readConfig(), world.readCredentials()];
    const ran = await converse(world, ['setup'], firstRun());
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain(works);
    expect(ran.stdout).toContain(`move     the keys of "corp", ${userArn}, into the store`);
    expect(ran.stdout).not.toContain(secretAccessKey);
    expect(world.readCredentials()).toBe('# work\n[corp]\n');
    expect(world.readConfig()).toContain(`credential_process = ${program} get ops\n`);
    expect(JSON.parse((await succeed(world.rolekeeper(['get', 'ops']))).stdout)).toMatchObject({ AccountId: '222233334444' });
    await succeed(world.rolekeeper(['release', '--all', '--yes']));
    expect([world.readConfig(), world.readCredentials()]).toEqual(before);
  });

  it('shows the changes when it is asked for them, without a secret, before it makes any', async () => {
    const before = start();
    const ran = await converse(
      world,
      ['setup', '--prove', 'ops'],
      [
        ['Shall it be done', down + enter],
        ['\\+credential_process = .* get dev(?s:.*)Shall it be done', controlC],
      ],
    );
    expect(ran.status).toBe(130);
    expect(ran.stdout).toContain('-aws_secret_access_key = [secret]');
    expect(ran.stdout).not.toContain(secretAccessKey);
    expect(fileTree(world.home)).toEqual(before);
  });

  it('asks for keys and makes the profile where there is no ~/.aws at all', async () => {
    rmSync(join(world.home, '.aws'), { recursive: true });
    const ran = await converse(world, ['setup'], bareRun(), { AWS_ENDPOINT_URL: world.sts.url });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain(`it works: "default" is ${userArn}, in account 123456789012`);
    expect(world.readConfig()).toBe(
      `[default]\nregion = eu-west-1\ncredential_process = ${program} get default\n\n[rolekeeper default]\nmfa_serial = ${mfaSerial}\n`,
    );
  });

  it('asks for the keys of a copied config, whose device it knows', async () => {
    world.writeConfig(config);
    const ran = await converse(
      world,
      ['setup', '--prove', 'dev'],
      [
        ['Access key id', accessKeyId + enter],
        ['Secret access key', secretAccessKey + enter],
        ['Shall it be done', enter],
        ['MFA code', code() + enter],
      ],
    );
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('The keys of "corp" are neither in a file nor in the store');
    expect(ran.stdout).toContain(works);
  });

  it('asks for the device of keys for which no file names one', async () => {
    start(`${corp}\n${role('Dev')}`);
    const ran = await converse(
      world,
      ['setup'],
      [
        ['have an MFA device', `y${enter}`],
        ['Its ARN', `nonsense${enter}`],
        ['Its ARN', enter],
        ['Shall it be done', enter],
        ['MFA code', code() + enter],
      ],
    );
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain(works);
    expect(world.readConfig()).toContain(`[rolekeeper corp]\nmfa_serial = ${mfaSerial}\n`);
  });

  it('offers encrypted files where there is no keychain, and writes which store it is', async () => {
    start();
    const env = { ROLEKEEPER_STORE: undefined, ROLEKEEPER_AGE_KEY_FILE: undefined };
    const ran = await converse(world, ['setup', '--prove', 'dev'], [['keys go instead', enter], ...firstRun().slice(1)], env);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain(works);
    expect(world.readConfig()).toContain('[rolekeeper]\nstore = age\nage_key_file = ~/.config/rolekeeper/age.key\n');
    await succeed(world.rolekeeper(['get', 'ops'], { env }));
  });
});

describe('setup with a passphrase', { timeout: 120_000 }, () => {
  const env = { ROLEKEEPER_STORE: undefined, ROLEKEEPER_AGE_KEY_FILE: undefined, ROLEKEEPER_AUTOSTART: '1' };
  const chosen: readonly Answer[] = [
    ['keys go instead', down + enter],
    ['Choose a passphrase', `correct horse battery${enter}`],
    ['The same once more', `correct horse battery${enter}`],
  ];

  it('asks for it once, and hands the store over to the agent, so that programs get their credentials', async () => {
    start();
    const ran = await converse(world, ['setup', '--prove', 'dev'], [...chosen, ...firstRun().slice(1)], env);
    try {
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      expect(ran.stdout).toContain(works);
      expect(world.readConfig()).toContain('[rolekeeper]\nstore = age\n');
      await succeed(world.rolekeeper(['get', 'ops'], { env }));
    } finally {
      await world.rolekeeper(['agent', 'stop'], { env });
    }
  });

  it.each([1, 2, 3])('leaves every byte as it was after Ctrl-C at question %i', async (index) => {
    const before = start();
    const answers = [...chosen, ...firstRun().slice(1)];
    expect((await converse(world, ['setup', '--prove', 'dev'], interruptedAt(answers, index), env)).status).toBe(130);
    expect(fileTree(world.home)).toEqual(before);
  });
});

function bareRun(): readonly Answer[] {
  return [
    ['profile be called', enter],
    ['Which region', `eu-west-1${enter}`],
    ['Access key id', accessKeyId + enter],
    ['Secret access key', secretAccessKey + enter],
    ['have an MFA device', `y${enter}`],
    ['Its ARN', enter],
    ['Shall it be done', enter],
    ['MFA code', code() + enter],
  ];
}

/** The first questions as they are, and Ctrl-C at the one after. */
function interruptedAt(answers: readonly Answer[], index: number): readonly Answer[] {
  return answers.slice(0, index + 1).map(([pattern, keys], at) => [pattern, at === index ? controlC : keys]);
}

describe('Ctrl-C', { timeout: 60_000 }, () => {
  it.each([0, 1, 2])('at question %i of a first run leaves every byte as it was', async (index) => {
    const before = start();
    const ran = await converse(world, ['setup'], interruptedAt(firstRun(), index));
    expect(ran.status).toBe(130);
    expect(ran.stdout).toContain('everything is as it was before');
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('at question %i of a run without ~/.aws leaves every byte as it was', async (index) => {
    rmSync(join(world.home, '.aws'), { recursive: true });
    const before = fileTree(world.home);
    const ran = await converse(world, ['setup'], interruptedAt(bareRun(), index), { AWS_ENDPOINT_URL: world.sts.url });
    expect(ran.status).toBe(130);
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each([0, 1, 2, 3])('at question %i without a keychain leaves every byte as it was', async (index) => {
    const before = start();
    const env = { ROLEKEEPER_STORE: undefined, ROLEKEEPER_AGE_KEY_FILE: undefined };
    const answers: readonly Answer[] = [['keys go instead', enter], ...firstRun()];
    const ran = await converse(world, ['setup'], interruptedAt(answers, index), env);
    expect(ran.status).toBe(130);
    expect(fileTree(world.home)).toEqual(before);
  });

  it('a terminal that is closed at the question for the secret leaves every byte as it was', async () => {
    rmSync(join(world.home, '.aws'), { recursive: true });
    const before = fileTree(world.home);
    const closed = [...bareRun().slice(0, 3), ['Secret access key', hangUp] as const];
    await converse(world, ['setup'], closed, { AWS_ENDPOINT_URL: world.sts.url });
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each([1, 2])('a terminal that is closed at question %i leaves every byte as it was', async (index) => {
    const before = start();
    const answers = firstRun().slice(0, index + 1);
    const closed = answers.map(([pattern, keys], at): Answer => [pattern, at === index ? hangUp : keys]);
    await converse(world, ['setup'], closed); // Node itself aborts at its end, when it cannot reset that terminal
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s in the middle of a step lets it end, and takes all back',
    async (signal) => {
      const before = start();
      world.sts.fault({ kind: 'slow', ms: 1_500, operation: 'GetSessionToken' });
      const { child, ended } = world.start(['setup', '--yes', '--code', code()]);
      await until(() => world.sts.calls().GetSessionToken > 0, 'the login');
      child.kill(signal);
      expect(await ended).toMatchObject({ status: 130, stderr: expect.stringContaining('everything is as it was before') });
      expect(fileTree(world.home)).toEqual(before);
    },
  );
});

describe('setup without a terminal', { timeout: 60_000 }, () => {
  it('fails at once, and names the options', async () => {
    const before = start();
    const ran = await world.rolekeeper(['setup']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toMatch(/hint: run `rolekeeper setup --yes`, .*--code.*--profile.*--no-install.*--dry-run/);
    expect(fileTree(world.home)).toEqual(before);
  });

  it('fails before any change where a code will be needed and none is given', async () => {
    const before = start();
    const ran = await world.rolekeeper(['setup', '--yes']);
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining(`give the code of ${mfaSerial}: --code 123456`) });
    expect(fileTree(world.home)).toEqual(before);
  });

  it('does the same by options alone, and the second time only proves it', async () => {
    start();
    expect((await succeed(world.rolekeeper(['setup', '--yes', '--code', code()]))).stderr).toContain(works);
    const after = [world.readConfig(), world.readCredentials()];
    const { stderr } = await succeed(world.rolekeeper(['setup', '--yes']));
    expect(stderr).toContain('everything is set up already; what is left is the proof');
    expect(stderr).toContain(works);
    expect([world.readConfig(), world.readCredentials()]).toEqual(after);
  });

  it('takes the secret of typed keys from stdin', async () => {
    rmSync(join(world.home, '.aws'), { recursive: true });
    const args = ['setup', '--yes', '--profile', 'corp', '--region', 'eu-west-1', '--access-key-id', accessKeyId];
    const given = ['--mfa-serial', mfaSerial, '--code', code()];
    const env = { AWS_ENDPOINT_URL: world.sts.url };
    const { stderr } = await succeed(world.rolekeeper([...args, ...given], { env, stdin: `${secretAccessKey}\n` }));
    expect(stderr).toContain(`it works: "corp" is ${userArn}`);
  });

  it('makes the key file of the age store that is asked for', async () => {
    start();
    const env = { ROLEKEEPER_STORE: undefined, ROLEKEEPER_AGE_KEY_FILE: undefined };
    const args = ['setup', '--yes', '--store', 'age', '--age-key-file', 'keys/my.key', '--code', code()];
    await succeed(world.rolekeeper(args, { env }));
    expect(world.readConfig()).toContain(`age_key_file = ${join(world.home, 'keys/my.key')}\n`);
  });

  it('--profile sets up one role and its keys, and nothing else', async () => {
    start();
    await succeed(world.rolekeeper(['setup', '--yes', '--profile', 'ops', '--code', code()]));
    expect(world.readConfig()).toContain(role('Dev').replace('$STS', world.sts.url));
    expect(world.readConfig()).toContain(`get ops\n`);
  });

  it('--dry-run shows what a run changes, and changes nothing', async () => {
    const before = start();
    const dry = await succeed(world.rolekeeper(['setup', '--dry-run']));
    expect(dry.stderr).toContain('move     the keys of "corp" into the store');
    expect(dry.stderr).toMatch(/ adopt .*\n +then +log in .* try a profile/);
    expect(dry.stdout).toContain('-aws_secret_access_key = [secret]');
    expect(fileTree(world.home)).toEqual(before);
    expect(world.sts.log()).toEqual([]);
    await succeed(world.rolekeeper(['setup', '--yes', '--code', code()]));
    const added = dry.stdout.split('\n').flatMap((line) => (/^\+[^+]/.test(line) ? [line.slice(1)] : []));
    expect(added.length).toBeGreaterThan(4);
    for (const line of added) expect(world.readConfig()).toContain(line);
  });

  it('leaves keys alone that AWS does not know, and the roles that start from them', async () => {
    const old = `[profile old]\nendpoint_url = $STS\nregion = eu-west-1\n\n[profile oldrole]\nrole_arn = ${roleArn('Dev')}\nsource_profile = old\n`;
    start(config + old);
    const dead = `[old]\naws_access_key_id = AKIAIOSFODNN7UNKNOWN\naws_secret_access_key = x\n`;
    world.writeCredentials(`${credentials}\n${dead}`);
    const { stderr } = await succeed(world.rolekeeper(['setup', '--yes', '--code', code()]));
    expect(stderr).toMatch(/^"old" is left as it is: AWS refused /m);
    expect(world.readCredentials()).toContain(dead);
    expect(world.readConfig()).toContain(old.replace('$STS', world.sts.url));
  });
});

describe('a failure', { timeout: 60_000 }, () => {
  const run = () => world.rolekeeper(['setup', '--yes', '--code', code()]);
  const refusal = (operation: Fault['operation']): Fault => ({
    kind: 'error',
    code: 'AccessDenied',
    message: 'no',
    status: 403,
    ...(operation === undefined ? {} : { operation }),
  });

  it.each([
    ['the first question to AWS', refusal('GetCallerIdentity'), 6],
    ['the login', refusal('GetSessionToken'), 6],
    ['the role of the proof', refusal('AssumeRole'), 1],
  ] as const)('of %s leaves every byte as it was', async (_what, fault, status) => {
    const before = start();
    world.sts.fault(fault);
    expect(await run()).toMatchObject({ status, stderr: expect.stringContaining('everything is as it was before') });
    expect(fileTree(world.home)).toEqual(before);
  });

  it('of a wrong code leaves every byte as it was', async () => {
    const before = start();
    expect(await world.rolekeeper(['setup', '--yes', '--code', '000000'])).toMatchObject({ status: 6 });
    expect(fileTree(world.home)).toEqual(before);
  });

  it.each(['config', 'credentials'] as const)('to write the %s file leaves every byte as it was', async (name) => {
    const filler = `# ${'x'.repeat(99)}\n`.repeat(3_000);
    start();
    if (name === 'config') world.writeConfig(filler + config);
    else world.writeCredentials(filler + credentials);
    const before = fileTree(world.home);
    const limited = ['--fsize=200000:200000', program, 'setup', '--yes', '--code', code()];
    const ran = await world.run('prlimit', limited);
    expect(ran).toMatchObject({ status: 3, stderr: expect.stringContaining('everything is as it was before') });
    expect(fileTree(world.home)).toEqual(before);
  });

  it('of the store leaves every byte as it was', async () => {
    const before = start();
    const ran = await world.rolekeeper(['setup', '--yes', '--code', code()], {
      env: { ROLEKEEPER_AGE_KEY_FILE: '/nonexistent' },
    });
    expect(ran.status).toBe(5);
    expect(fileTree(world.home)).toEqual(before);
  });

  it('after the agent was started ends that agent too', async () => {
    const before = start();
    world.sts.fault(refusal('AssumeRole'));
    const ran = await world.rolekeeper(['setup', '--yes', '--code', code()], { env: { ROLEKEEPER_AUTOSTART: '1' } });
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('the agent answers') });
    expect(fileTree(world.home)).toEqual(before);
  });

  it('leaves an agent that was there before running', async () => {
    const env = { ROLEKEEPER_AUTOSTART: '1' };
    start();
    await succeed(world.rolekeeper(['agent', 'start'], { env }));
    try {
      const pid = async () => /process (\d+)/.exec((await succeed(world.rolekeeper(['agent', 'status'], { env }))).stdout)?.[1];
      const agent = await pid();
      const before = [world.readConfig(), world.readCredentials()];
      world.sts.fault(refusal('AssumeRole'));
      expect((await world.rolekeeper(['setup', '--yes', '--code', code()], { env })).status).toBe(1);
      expect([world.readConfig(), world.readCredentials()]).toEqual(before);
      world.sts.clearFaults();
      expect((await succeed(world.rolekeeper(['setup', '--yes', '--code', code()], { env }))).stderr).toContain(works);
      expect(await pid()).toBe(agent);
    } finally {
      await world.rolekeeper(['agent', 'stop'], { env });
    }
  });

  it('leaves the items of earlier days as they were', async () => {
    start();
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    await succeed(world.rolekeeper(['login', 'corp', '--code', code()]));
    const before = [world.readConfig(), world.readCredentials()];
    world.sts.fault(refusal('AssumeRole'));
    expect((await world.rolekeeper(['setup', '--yes'])).status).toBe(1);
    expect([world.readConfig(), world.readCredentials()]).toEqual(before);
    world.sts.clearFaults();
    await succeed(world.rolekeeper(['get', 'corp']));
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect(world.readCredentials()).toBe(credentials);
  });
});
