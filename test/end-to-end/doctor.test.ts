// doctor from outside: nothing on a sound machine, and each planted fault by itself, with the command that mends it.

import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { startFakeAgent } from '../harness/fake-agent.ts';
import {
  accessKeyId,
  openUsualWorld,
  program,
  type RunOptions,
  roleArn,
  rolePair,
  secretAccessKey,
  succeed,
  type World,
} from '../harness/world.ts';

interface Found {
  readonly check: string;
  readonly what: string;
  readonly why: string;
  readonly mend: string;
  readonly fixable: boolean;
}

let world: World;
beforeEach(async () => {
  world = await openUsualWorld();
});
afterEach(() => world.close());

async function doctor(options: RunOptions = {}, ...args: readonly string[]) {
  const ran = await world.rolekeeper(['doctor', '--json', ...args], options);
  const document: {
    readonly sound: boolean;
    readonly findings: readonly Found[];
    readonly fixed: readonly Found[];
    readonly checks: readonly { readonly name: string; readonly skipped?: boolean; readonly says?: string }[];
  } = JSON.parse(ran.stdout);
  return { ...document, status: ran.status, stderr: ran.stderr, stdout: ran.stdout };
}

/** There is one fault, it is of this check, and the status is 8. */
async function onlyFault(check: string, options: RunOptions = {}): Promise<Found> {
  const { findings, status } = await doctor(options);
  expect(findings.map((finding) => finding.check)).toEqual([check]);
  expect(status).toBe(8);
  const [finding] = findings;
  if (finding === undefined) throw new Error('nothing was found');
  expect(finding.why.length).toBeGreaterThan(20);
  return finding;
}

function addConfig(text: string): void {
  world.writeConfig(world.readConfig() + text);
}

function changeConfig(from: string, to: string): void {
  expect(world.readConfig()).toContain(from);
  world.writeConfig(world.readConfig().replace(from, to));
}

function machineState(): string {
  const state = join(world.home, 'state', 'rolekeeper');
  const [machine = ''] = readdirSync(state).filter((name) => /^[0-9a-f]{16}$/.test(name));
  return join(state, machine);
}

function runtime(): string {
  return world.env['ROLEKEEPER_RUNTIME_DIR'] ?? '';
}

/** As if time had passed. */
function endRecordsOf(kind: string): void {
  for (const name of readdirSync(machineState()).filter((file) => /^[0-9a-f]{32}\.json$/.test(file))) {
    const path = join(machineState(), name);
    const record = JSON.parse(readFileSync(path, 'utf8'));
    if (record.kind === kind) writeFileSync(path, JSON.stringify({ ...record, issuedAt: 1, expiresAt: 2 }));
  }
}

describe('doctor on a sound machine', () => {
  it('doctor finds nothing, in words and as JSON', async () => {
    const { stdout, stderr } = await succeed(world.rolekeeper(['doctor']));
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^store +ok +the age store/m);
    expect(stdout).toMatch(/^process line +ok +3 lines$/m);
    expect(stdout).toMatch(/\nNothing is wrong\.\n$/);
    expect(await doctor()).toMatchObject({ status: 0, sound: true, findings: [], fixed: [] });
  });

  it('doctor finds nothing wrong with an agent that runs', async () => {
    const agent = await startAgent(world);
    try {
      const { sound, checks } = await doctor();
      expect(sound).toBe(true);
      expect(checks.find(({ name }) => name === 'agent')?.says).toMatch(/^running, version \d/);
    } finally {
      await agent.kill();
    }
  });

  it('doctor --online asks STS once for each set of keys', async () => {
    const before = world.sts.calls().GetCallerIdentity;
    const { sound, checks } = await doctor({}, '--online');
    expect(sound).toBe(true);
    expect(checks.at(-1)).toMatchObject({ name: 'sts', says: 'asked for one set of keys' });
    expect(world.sts.calls().GetCallerIdentity).toBe(before + 1);
  });
});

describe('doctor finds', () => {
  it('doctor finds a credential_process whose program is gone', async () => {
    changeConfig(`${program} get ops`, '/nowhere/rolekeeper get ops');
    expect((await onlyFault('process-line')).what).toContain('cannot be started');
  });

  it('doctor finds a credential_process that only works with the right PATH', async () => {
    changeConfig(`${program} get ops`, 'rolekeeper get ops');
    const { what, mend } = await onlyFault('process-line');
    expect(what).toContain('no absolute path');
    expect(mend).toContain(`credential_process = ${program} get ops`);
  });

  it('doctor finds a credential_process that a shell reads in another way', async () => {
    symlinkSync(program, join(world.home, 'rolekeeper'));
    changeConfig(`${program} get ops`, '~/rolekeeper get ops');
    expect((await onlyFault('process-line')).what).toContain('the character ~');
  });

  it('doctor finds a credential_process that takes too long', async () => {
    const slow = join(world.home, 'rolekeeper');
    writeFileSync(slow, '#!/bin/sh\nsleep 30\n', { mode: 0o755 });
    changeConfig(`${program} get ops`, `${slow} get ops`);
    expect((await onlyFault('process-line')).what).toContain('more than 4 s');
  });

  it('doctor finds a credential_process that prints too much, or something else', async () => {
    const odd = join(world.home, 'rolekeeper');
    writeFileSync(odd, '#!/bin/sh\nyes\n', { mode: 0o755 });
    changeConfig(`${program} get ops`, `${odd} get ops`);
    expect((await onlyFault('process-line')).what).toContain('more than 64000 bytes');
    writeFileSync(odd, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    expect((await onlyFault('process-line')).what).toContain('something else than credentials');
  });

  it('doctor finds that a login is needed, with the command', async () => {
    await succeed(world.rolekeeper(['logout', '--all']));
    const { what, mend } = await onlyFault('process-line');
    expect(what).toBe('3 profiles wait for a login: corp, dev, ops');
    expect(mend).toBe('rolekeeper login corp');
  });

  it('doctor finds keys in a file that win over credential_process', async () => {
    world.writeCredentials(`[dev]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
    const { what, mend } = await onlyFault('winning-keys');
    expect(what).toContain(`${world.credentialsPath}:3`);
    expect(mend).toContain('EDITOR');
    expect((await doctor()).stdout).not.toContain(secretAccessKey);
  });

  it('doctor finds keys in the environment that win over every profile', async () => {
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    expect((await onlyFault('winning-keys', { env })).mend).toBe('unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY');
  });

  it('doctor finds plaintext keys of a profile that is not on rolekeeper', async () => {
    world.writeCredentials(`[old]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
    expect((await onlyFault('plaintext')).mend).toBe('rolekeeper import old');
  });

  it('doctor finds role settings beside credential_process', async () => {
    changeConfig('[profile dev]', `[profile dev]\nrole_arn = ${roleArn('Dev')}\nsource_profile = corp`);
    expect((await onlyFault('mixed-profiles')).what).toMatch(/role_arn \(line \d+\), source_profile \(line \d+\)/);
  });

  it.each(['cli', 'sso'])('doctor finds the cache of %s', async (kind) => {
    const cache = join(dirname(world.configPath), kind, 'cache');
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, 'abc.json'), '{}');
    expect((await onlyFault('sdk-caches')).what).toContain('1 file');
  });

  it('doctor finds loose file modes, and --fix closes them', async () => {
    chmodSync(world.configPath, 0o666);
    expect(await onlyFault('file-modes')).toMatchObject({ mend: `chmod 0600 ${world.configPath}`, fixable: true });
    expect((await world.rolekeeper(['doctor'])).stderr).toContain('`rolekeeper doctor --fix` mends 1 of them');
    expect(await doctor({}, '--fix')).toMatchObject({ status: 0, findings: [], fixed: [{ check: 'file-modes' }] });
    expect(statSync(world.configPath).mode & 0o777).toBe(0o600);
  });

  it('doctor finds an ~/.aws that others may write to', async () => {
    chmodSync(dirname(world.configPath), 0o777);
    expect((await onlyFault('file-modes')).mend).toMatch(/^chmod 0755 /);
  });

  it('doctor finds a byte order mark and line ends of Windows', async () => {
    const text = world.readConfig();
    world.writeConfig(`\ufeff${text}`);
    expect((await onlyFault('config-files')).what).toContain('byte order mark');
    world.writeConfig(text.replaceAll('\n', '\r\n'));
    const { mend } = await onlyFault('config-files');
    await succeed(world.run('sh', ['-c', mend]));
    expect(readFileSync(world.configPath, 'utf8')).toBe(text);
  });

  it('doctor finds a config that cannot be read, and skips what needs it', async () => {
    addConfig('[profile open\n');
    const { findings, checks } = await doctor();
    expect(findings.map(({ check }) => check)).toEqual(['config-files']);
    expect(checks.filter(({ skipped }) => skipped).map(({ name }) => name)).toContain('recipes');
  });

  it.each([
    ['a circle', { role_arn: roleArn('Dev'), source_profile: 'bad' }, /circle/],
    [
      'a passkey',
      { role_arn: roleArn('Dev'), source_profile: 'corp', mfa_serial: 'arn:aws:iam::123456789012:u2f/user/alice/key' },
      /passkey/,
    ],
    ['a source that is not there', { role_arn: roleArn('Dev'), source_profile: 'nobody' }, /does not exist/],
  ])('doctor finds a recipe with %s', async (_name, settings, words) => {
    addConfig(rolePair('bad', settings));
    expect((await onlyFault('recipes')).what).toMatch(words);
  });

  it.each([
    ['900', /asks for credentials of 900 s/],
    ['7200', /asks for 7200 s and gets 3600/],
  ])('doctor finds a duration of %s behind another role', async (seconds, words) => {
    addConfig(rolePair('far', { role_arn: roleArn('Far'), source_profile: 'ops', duration_seconds: seconds }));
    expect((await onlyFault('recipes')).what).toMatch(words);
  });

  it('doctor finds a store that does not answer', async () => {
    const env = { ROLEKEEPER_AGE_KEY_FILE: join(world.home, 'gone.txt') };
    expect((await onlyFault('store', { env })).what).toContain('gone.txt');
    expect((await doctor({ env })).checks.find(({ name }) => name === 'unused-items')?.skipped).toBe(true);
  });

  it('doctor finds ended items that no recipe makes, and --fix removes them', async () => {
    await succeed(world.rolekeeper(['get', 'dev']));
    changeConfig(`role_arn = ${roleArn('Dev')}`, `role_arn = ${roleArn('Ops')}`);
    expect((await doctor()).findings).toEqual([]); // it still lives, and ends by itself
    endRecordsOf('role');
    await succeed(world.rolekeeper(['refresh', 'ops']));
    const { what, mend, fixable } = await onlyFault('unused-items');
    expect(what).toMatch(/item role\/[0-9a-f]{32} has ended/);
    expect({ mend, fixable }).toEqual({ mend: 'rolekeeper doctor --fix', fixable: true });
    expect(await doctor({}, '--fix')).toMatchObject({ status: 0, fixed: [{ check: 'unused-items' }] });
    expect((await doctor()).findings).toEqual([]);
  });

  it('doctor finds keys that no profile uses', async () => {
    world.writeConfig('');
    const { what, mend } = await onlyFault('unused-items');
    expect(what).toContain('access keys "corp"');
    await succeed(world.run('sh', ['-c', mend]));
    expect((await doctor()).findings).toEqual([]);
  });

  it('doctor finds an agent of another version', async () => {
    const facts = { uptimeSeconds: 60, socket: 's', callers: 1, cached: 0, refreshing: 0, planned: 2 };
    const body = JSON.stringify({ v: 1, pid: 7, version: '9.9.9', ...facts });
    // Whoever asks for credentials gets no answer, and goes the slow way.
    const other = await startFakeAgent(runtime(), ({ request, end }) =>
      request.fields.includes('status') ? end(`!rolekeeper 1 exit 0 ${body.length}\n${body}`) : end(),
    );
    try {
      expect(await onlyFault('agent')).toMatchObject({
        what: expect.stringContaining('version 9.9.9'),
        mend: 'rolekeeper agent restart',
      });
    } finally {
      await other.close();
    }
  });

  it('doctor finds a socket in a directory that others can enter', async () => {
    const other = await startFakeAgent(runtime(), ({ end }) => end());
    try {
      chmodSync(runtime(), 0o755);
      expect((await onlyFault('agent')).mend).toBe(`chmod 700 ${runtime()} && rolekeeper agent restart`);
    } finally {
      await other.close();
    }
  });

  it('doctor finds a service whose program is gone', async () => {
    const path = join(world.home, 'autostart.desktop');
    writeFileSync(path, 'ours');
    const files = [{ path, texts: ['ours'] }];
    const record = { v: 1, kind: 'xdg-autostart', mode: 'agent', files, directories: [], program: ['/nowhere/rolekeeper'] };
    writeFileSync(join(world.home, 'state', 'rolekeeper', 'service.json'), JSON.stringify(record), { mode: 0o600 });
    expect(await onlyFault('service')).toMatchObject({
      what: expect.stringContaining('/nowhere/rolekeeper, which is gone'),
      mend: 'rolekeeper install',
    });
  });

  it('doctor finds a clock that was off at the last reply of STS', async () => {
    const anchor = { v: 1, wallMs: Date.now(), uptimeMs: uptime() * 1000, awsMs: Date.now() - 600_000 };
    writeFileSync(join(machineState(), 'clock.json'), JSON.stringify(anchor), { mode: 0o600 });
    expect((await onlyFault('clock')).what).toMatch(/(600|599|601) s ahead of AWS/);
  });

  it('doctor --online finds keys that AWS does not know any more', async () => {
    world.sts.fault({
      kind: 'error',
      code: 'InvalidClientTokenId',
      message: 'The security token is invalid',
      status: 403,
      times: 9,
    });
    const { findings } = await doctor({}, '--online');
    expect(findings.map(({ check }) => check)).toContain('sts');
  });
});
