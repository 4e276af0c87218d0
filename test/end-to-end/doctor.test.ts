// doctor from outside: what it says of a sound machine, what --fix does, and what is skipped. Each fault by itself is in doctor-faults.test.ts.

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import {
  accessKeyId,
  machineState,
  openUsualWorld,
  program,
  type RunOptions,
  roleArn,
  secretAccessKey,
  serialOnRoles,
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

/** As if time had passed. */
function endRecordsOf(kind: string): void {
  for (const name of readdirSync(machineState(world)).filter((file) => /^[0-9a-f]{32}\.json$/.test(file))) {
    const path = join(machineState(world), name);
    const record = JSON.parse(readFileSync(path, 'utf8'));
    if (record.kind === kind) writeFileSync(path, JSON.stringify({ ...record, issuedAt: 1, expiresAt: 2 }));
  }
}

describe('doctor where nothing can be written', () => {
  it('doctor says so of the state, though all that is stored can be read', async () => {
    const { stdout, status } = await world.rolekeeper(['doctor'], { env: { XDG_STATE_HOME: '/proc/self' } });
    expect(status).toBe(8);
    expect(stdout).toMatch(/^state +1 fault/m);
    expect(stdout).toMatch(/nothing can be written in \/proc\/self: /);
  });

  it('doctor says so of the directory that the age store is in, wherever that is', async () => {
    const { stdout, status } = await world.rolekeeper(['doctor'], { env: { ROLEKEEPER_AGE_DIR: '/proc/self/task' } });
    expect(status).toBe(8);
    expect(stdout).toMatch(/nothing can be written in \/proc\/self\/task: /);
  });
});

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

describe('doctor and what it finds', () => {
  // These were two faults with two commands, of which one would do.
  it('doctor finds one login that is wanted, where each role names the device of the one session', async () => {
    await succeed(world.rolekeeper(['logout', '--all']));
    world.writeConfig(serialOnRoles(world.readConfig()));
    const { what, mend } = await onlyFault('process-line');
    expect({ what, mend }).toEqual({ what: '2 profiles wait for a login: dev, ops', mend: 'rolekeeper login dev' });
  });

  it('doctor --fix writes a line that cannot work anew, and changes nothing else in the file', async () => {
    addConfig('# the end');
    const before = world.readConfig();
    changeConfig(`${program} get ops`, 'rolekeeper get ops');
    expect(await onlyFault('process-line')).toMatchObject({ mend: 'rolekeeper doctor --fix', fixable: true });
    expect(await doctor({}, '--fix')).toMatchObject({ status: 0, findings: [], fixed: [{ check: 'process-line' }] });
    expect(world.readConfig()).toBe(before);
    expect((await doctor()).findings).toEqual([]);
  });

  it.each([
    ['/gone/rolekeeper get "ops" --interactive', `${program} get "ops" --interactive`],
    ['"/gone/my bin/rolekeeper"  get --interactive ops', `${program}  get --interactive ops`],
    ['node /gone/rolekeeper.js get ops  --debug', `${program} get ops  --debug`],
  ])('doctor --fix changes the program of %j and keeps all else', async (line, mended) => {
    changeConfig(`${program} get ops`, line);
    const before = world.readConfig();
    expect((await doctor({}, '--fix')).fixed).toMatchObject([{ check: 'process-line' }]);
    expect(world.readConfig()).toBe(before.replace(line, mended));
  });

  it.each(['rolekeeper get ops # by hand', '/gone/rolekeeper get ops 2>/dev/null', '"/gone/rolekeeper"get ops'])(
    'doctor leaves the line %j to the person, where more than the program is wrong',
    async (line) => {
      changeConfig(`${program} get ops`, line);
      const before = world.readConfig();
      const { mend, fixable } = await onlyFault('process-line');
      expect({ mend, fixable }).toEqual({
        mend: expect.stringContaining(`credential_process = ${program} get ops`),
        fixable: false,
      });
      await doctor({}, '--fix');
      expect(world.readConfig()).toBe(before);
    },
  );

  it('doctor never repeats a key that it finds', async () => {
    world.writeCredentials(`[dev]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
    const { what, mend } = await onlyFault('winning-keys');
    expect(what).toContain(`${world.credentialsPath}:2`);
    expect(mend).toContain('EDITOR');
    expect((await doctor()).stdout).not.toContain(secretAccessKey);
  });

  it('doctor finds loose file modes, and --fix closes them', async () => {
    chmodSync(world.configPath, 0o666);
    expect(await onlyFault('file-modes')).toMatchObject({ mend: `chmod 0600 ${world.configPath}`, fixable: true });
    expect((await world.rolekeeper(['doctor'])).stderr).toContain('`rolekeeper doctor --fix` mends 1 of them');
    expect(await doctor({}, '--fix')).toMatchObject({ status: 0, findings: [], fixed: [{ check: 'file-modes' }] });
    expect(statSync(world.configPath).mode & 0o777).toBe(0o600);
  });

  it('doctor finds a config that cannot be read, and skips what needs it', async () => {
    addConfig('[profile open\n');
    const { findings, checks } = await doctor();
    expect(findings.map(({ check }) => check)).toEqual(['config-files']);
    expect(checks.filter(({ skipped }) => skipped).map(({ name }) => name)).toContain('recipes');
  });

  it('doctor finds a store that does not answer, and skips what needs it', async () => {
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
    expect(await doctor({}, '--fix')).toMatchObject({ status: 0, findings: [], fixed: [{ check: 'unused-items' }] });
  });
});
