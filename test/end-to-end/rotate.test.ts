// `rotate` from outside, with the built program: what IAM has, what the store gives, and what is said, before and after.

import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { startSessionBus, until } from '../harness/session-bus.ts';
import {
  accessKeyId,
  mfaSerial,
  openUsualWorld,
  openWorld,
  program,
  secretAccessKey,
  succeed,
  userArn,
  usualConfig,
  usualCredentials,
  type World,
  type WorldOptions,
} from '../harness/world.ts';

let world: World;
afterEach(() => world.close());

const oldKey = (isActive: boolean) => ({ accessKeyId, isActive });
const rotate = (...options: readonly string[]) => world.rolekeeper(['rotate', 'corp', ...options]);
const countOf = (operation: string) => world.sts.log().filter((call) => call.operation === operation).length;

/** The keys themselves, through a profile without a session. */
async function keyInStore(): Promise<unknown> {
  const { stdout } = await succeed(world.rolekeeper(['get', 'bare']));
  const parsed: unknown = JSON.parse(stdout);
  return typeof parsed === 'object' && parsed !== null && 'AccessKeyId' in parsed ? parsed.AccessKeyId : undefined;
}

const bare = `
[profile bare]
region = eu-west-1
endpoint_url = $STS
credential_process = ${program} get bare

[rolekeeper bare]
keys = corp
session = none
`;

async function openImported(options: WorldOptions = {}): Promise<void> {
  world = await openWorld(options);
  world.writeConfig(usualConfig + bare);
  world.writeCredentials(usualCredentials);
  await succeed(world.rolekeeper(['import', 'corp', '--yes']));
}

async function logIn(): Promise<void> {
  await succeed(world.rolekeeper(['login', 'corp', '--code', world.sts.totp('alice')]));
}

describe('rotate', () => {
  it('rotate puts a new key into the store, makes the old one inactive and logs nobody out', async () => {
    await openImported();
    await logIn();
    await succeed(world.rolekeeper(['get', 'dev']));
    const ran = await succeed(rotate('--yes'));
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('accepted by AWS');
    expect(ran.stderr).toContain('rolekeeper rotate corp --finish');
    const [old, fresh] = world.sts.accessKeys('alice');
    expect(old).toEqual(oldKey(false));
    expect(fresh?.isActive).toBe(true);
    expect(await keyInStore()).toBe(fresh?.accessKeyId);
    const before = world.sts.calls();
    await succeed(world.rolekeeper(['get', 'dev']));
    await succeed(world.rolekeeper(['get', 'ops']));
    expect(world.sts.calls()).toEqual({ ...before, AssumeRole: before.AssumeRole + 1 });
    world.sts.advance(30_000);
    await logIn();
  });

  it('rotate asks IAM with the MFA session where there is one, since many policies want that', async () => {
    const mfa = { serial: mfaSerial, seed: 'JBSWY3DPEHPK3PXP' };
    await openImported({ users: [{ arn: userArn, accessKeyId, secretAccessKey, mfa, iamNeedsMfa: true }] });
    const refused = await rotate('--yes');
    expect(refused).toMatchObject({ status: 6, stdout: '' });
    expect(refused.stderr).toContain('rolekeeper login corp');
    expect(world.sts.accessKeys('alice')).toEqual([oldKey(true)]);
    await logIn();
    await succeed(rotate('--yes'));
    expect(world.sts.accessKeys('alice')[0]).toEqual(oldKey(false));
  });

  it('rotate --dry-run says what would be done, and changes nothing', async () => {
    await openImported();
    const ran = await succeed(rotate('--dry-run'));
    expect(ran.stderr).toContain(`take the place of ${accessKeyId}`);
    expect(ran.stderr).toContain('nothing was changed');
    expect((await succeed(world.rolekeeper(['rotate', 'dev', '--dry-run']))).stderr).toBe(ran.stderr);
    expect(world.sts.accessKeys('alice')).toEqual([oldKey(true)]);
    expect(countOf('CreateAccessKey')).toBe(0);
  });

  it('rotate does nothing without a yes', async () => {
    await openImported();
    const ran = await rotate();
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain('rolekeeper rotate corp --yes');
    expect(world.sts.accessKeys('alice')).toEqual([oldKey(true)]);
  });

  it('rotate --delete leaves one key in IAM and one item in the store', async () => {
    await openImported();
    await succeed(rotate('--delete', '--yes'));
    const [fresh, ...others] = world.sts.accessKeys('alice');
    expect(others).toEqual([]);
    expect(fresh?.accessKeyId).not.toBe(accessKeyId);
    expect(await keyInStore()).toBe(fresh?.accessKeyId);
    expect(await itemsOfKeys()).toEqual(['keys']);
  });

  it('rotate names both keys when the user has two, and makes none', async () => {
    await openImported();
    const other = world.sts.createAccessKey('alice');
    const ran = await rotate('--yes');
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(`${accessKeyId} (active, in the store)`);
    expect(ran.stderr).toContain(`${other} (active)`);
    expect(ran.stderr).toContain(`--access-key-id ${other}`);
    expect(countOf('CreateAccessKey')).toBe(0);
  });

  it('rotate does not have the key deleted that another machine, with a store of its own, rotated to', async () => {
    await openImported();
    await logIn();
    const other = world.sts.createAccessKey('alice');
    world.sts.setAccessKey(accessKeyId, false);
    const ran = await rotate('--yes');
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr).toContain(`${accessKeyId}, the key in use, is deleted or inactive in IAM`);
    expect(ran.stderr).toContain('rolekeeper add corp');
    expect(ran.stderr).not.toContain(other);
  });

  it('rotate waits until a new key has come everywhere', async () => {
    await openImported({ newKeyDelayMs: 1_500 });
    await succeed(rotate('--yes'));
    expect(world.sts.accessKeys('alice').map(({ isActive }) => isActive)).toEqual([false, true]);
    expect(world.sts.log().some(({ outcome }) => outcome === 'InvalidClientTokenId')).toBe(true);
  });

  it('rotate deletes a key that AWS made and answered with a fault, and makes another', async () => {
    await openImported();
    world.sts.fault({ kind: 'gateway-timeout', operation: 'CreateAccessKey', times: 1 });
    const ran = await rotate('--yes');
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(ran.stderr).toContain('`rolekeeper rotate corp` goes on from here');
    const orphan = world.sts.accessKeys('alice')[1]?.accessKeyId ?? 'none';
    expect((await succeed(rotate('--yes'))).stderr).toContain(`left the key ${orphan}`);
    expect(world.sts.accessKeys('alice').map((key) => key.accessKeyId)).not.toContain(orphan);
  });

  it('two rotations at once make one new key', async () => {
    await openImported();
    // Long enough for the other to have begun, on a busy machine too.
    world.sts.fault({ kind: 'slow', ms: 6_000, operation: 'CreateAccessKey', times: 1 });
    const both = await Promise.all([succeed(rotate('--yes')), succeed(rotate('--yes'))]);
    expect(countOf('CreateAccessKey')).toBe(1);
    const fresh = world.sts.accessKeys('alice').find(({ isActive }) => isActive);
    expect(await keyInStore()).toBe(fresh?.accessKeyId);
    expect(both.filter(({ stderr }) => stderr.includes('meanwhile'))).toHaveLength(1);
  });

  it('rotate puts no secret into the state', async () => {
    await openImported();
    const { stdout } = await succeed(world.rolekeeper(['get', 'bare']));
    expect(stdout).toContain(secretAccessKey);
    await succeed(rotate('--yes'));
    const fresh = await succeed(world.rolekeeper(['get', 'bare']));
    const secret = /"SecretAccessKey":"([^"]+)"/.exec(fresh.stdout)?.[1] ?? 'none';
    expect(secret).not.toBe(secretAccessKey);
    for (const text of [secretAccessKey, secret]) {
      expect((await world.run('grep', ['-rlF', '--', text, join(world.home, 'state')])).stdout).toBe('');
    }
  });

  it('rotate refuses keys that are not in the store', async () => {
    world = await openWorld();
    world.writeConfig(usualConfig);
    world.writeCredentials(usualCredentials);
    const ran = await rotate('--yes');
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('rolekeeper import corp');
  });

  it('rotate goes to the IAM that AWS_ENDPOINT_URL_IAM names', async () => {
    world = await openUsualWorld();
    const env = { AWS_ENDPOINT_URL_IAM: 'http://127.0.0.1:1' };
    const ran = await world.rolekeeper(['rotate', 'corp', '--yes'], { env });
    expect(ran).toMatchObject({ status: 7, stdout: '' });
    expect(ran.stderr).toContain('127.0.0.1:1');
  });
});

describe('what comes after a rotation', () => {
  it('import --undo puts the new key into the file', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    const fresh = world.sts.accessKeys('alice')[1]?.accessKeyId ?? 'none';
    await succeed(world.rolekeeper(['import', 'corp', '--undo', '--yes']));
    expect(world.readCredentials()).toContain(`aws_access_key_id = ${fresh}`);
    expect(world.readCredentials()).not.toContain(accessKeyId);
  });

  it('uninstall --purge leaves nothing of it', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    expect((await world.rolekeeper(['uninstall', '--purge', '--yes'])).status).toBe(2);
    await succeed(world.rolekeeper(['uninstall', '--purge', '--delete-keys', '--yes']));
    expect((await world.run('sh', ['-c', 'ls "$XDG_STATE_HOME"/rolekeeper 2>/dev/null'])).stdout).toBe('');
  });

  it('rotate says before what else will miss the old key', async () => {
    world = await openWorld();
    world.writeConfig(usualConfig + bare);
    world.writeCredentials(usualCredentials);
    await succeed(world.rolekeeper(['import', 'corp', '--keep', '--yes']));
    expect((await succeed(rotate('--dry-run'))).stderr).toContain(`in plaintext in ${world.credentialsPath}:2`);
    expect((await succeed(world.rolekeeper(['rotate', 'bare', '--dry-run']))).stderr).toContain('must be started again');
  });

  it('an old key that somebody made active again is made inactive by the next rotate', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    world.sts.setAccessKey(accessKeyId, true);
    expect((await succeed(rotate('--yes'))).stderr).toContain(`the old key ${accessKeyId} is active`);
    expect(world.sts.accessKeys('alice').map(({ isActive }) => isActive)).toEqual([false, true]);
  });

  it('a rotation that somebody took back in IAM is taken back in the store', async () => {
    await openImported();
    await logIn();
    await succeed(rotate('--yes'));
    const fresh = world.sts.accessKeys('alice')[1]?.accessKeyId ?? 'none';
    world.sts.setAccessKey(accessKeyId, true);
    world.sts.setAccessKey(fresh, false);
    expect((await succeed(rotate('--yes'))).stderr).toContain(`${accessKeyId} is in use again`);
    expect(await keyInStore()).toBe(accessKeyId);
  });

  it('rotate asks on a terminal, and takes no for an answer', async () => {
    await openImported();
    const { child, ended } = world.startCommand('script', ['-qec', `${program} rotate corp`, '/dev/null']);
    let screen = '';
    child.stdout?.on('data', (chunk: string) => {
      screen += chunk;
    });
    await until(() => screen.includes('Go on?'), 'the question');
    child.stdin?.write('n\r');
    expect((await ended).status).toBe(130);
    expect(countOf('CreateAccessKey')).toBe(0);
  });
});

describe('rotate with a keychain', () => {
  it('rotate does the same in the Secret Service', async () => {
    const bus = await startSessionBus();
    try {
      await openImported({ keychainEnv: bus.env });
      await logIn();
      await succeed(rotate('--yes'));
      const fresh = world.sts.accessKeys('alice')[1];
      expect(fresh?.isActive).toBe(true);
      expect(await keyInStore()).toBe(fresh?.accessKeyId);
      await succeed(world.rolekeeper(['get', 'dev']));
      await succeed(rotate('--finish', '--delete', '--yes'));
      expect(world.sts.accessKeys('alice')).toEqual([fresh]);
    } finally {
      await bus.stop();
    }
  });

  it('rotate does nothing when the keychain is locked', async () => {
    const bus = await startSessionBus();
    try {
      await openImported({ keychainEnv: bus.env });
      bus.lock();
      expect((await rotate('--yes')).status).toBe(5);
      expect(world.sts.accessKeys('alice')).toEqual([oldKey(true)]);
    } finally {
      await bus.stop();
    }
  });
});

describe('rotate --finish', () => {
  it('rotate --finish deletes the old key when its time is over, and not before', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    const early = await rotate('--finish', '--yes');
    expect(early).toMatchObject({ status: 1, stdout: '' });
    expect(early.stderr).toContain('--finish --delete');
    world.sts.advance(7 * 24 * 3_600_000 + 60_000);
    expect((await succeed(rotate('--finish', '--yes'))).stderr).toContain(`${accessKeyId} is deleted`);
    expect(world.sts.accessKeys('alice')).toHaveLength(1);
    expect(await itemsOfKeys()).toEqual(['keys']);
    expect(await rotate('--finish', '--yes')).toMatchObject({ status: 2, stdout: '' });
  });

  it('rotate --finish --delete does not wait', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    await succeed(rotate('--finish', '--delete', '--yes'));
    expect(world.sts.accessKeys('alice')).toHaveLength(1);
  });

  it('the next rotate deletes the old key first', async () => {
    await openImported();
    await succeed(rotate('--delete-after', '0', '--yes'));
    const second = world.sts.accessKeys('alice')[1];
    await succeed(rotate('--yes'));
    const keys = world.sts.accessKeys('alice');
    expect(keys).toHaveLength(2);
    expect(keys[0]).toEqual({ accessKeyId: second?.accessKeyId, isActive: false });
    expect(await keyInStore()).toBe(keys[1]?.accessKeyId);
  });

  it.each(['-1', '1.5', 'soon', '366'])('rotate takes no --delete-after %s', async (days) => {
    await openImported();
    expect(await rotate(`--delete-after=${days}`, '--yes')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('the end of a rotation by itself', () => {
  const idsInIam = () => world.sts.accessKeys('alice').map(({ accessKeyId: id }) => id);

  it('refresh, as the timer runs it, deletes an old key whose time is over', async () => {
    await openImported();
    await succeed(rotate('--delete-after', '0', '--yes'));
    await succeed(world.rolekeeper(['refresh']));
    expect(idsInIam()).toEqual([await keyInStore()]);
    expect(await itemsOfKeys()).toEqual(['keys']);
  });

  it('the agent does so too', async () => {
    await openImported();
    await succeed(rotate('--delete-after', '0', '--yes'));
    const agent = await startAgent(world);
    try {
      await expect.poll(() => idsInIam().length, { timeout: 20_000 }).toBe(1);
      expect(idsInIam()).toEqual([await keyInStore()]);
    } finally {
      await agent.kill();
    }
  });

  it('nothing is deleted, and IAM is not even asked, before the time is over', async () => {
    await openImported();
    await succeed(rotate('--yes'));
    const asked = countOf('ListAccessKeys');
    await succeed(world.rolekeeper(['refresh']));
    expect(world.sts.accessKeys('alice')).toMatchObject([oldKey(false), { isActive: true }]);
    expect(countOf('ListAccessKeys')).toBe(asked);
  });

  it('an old key that somebody made active again is left to a person', async () => {
    await openImported();
    await succeed(rotate('--delete-after', '0', '--yes'));
    world.sts.setAccessKey(accessKeyId, true);
    await succeed(world.rolekeeper(['refresh']));
    expect(idsInIam()).toHaveLength(2);
  });

  it('what AWS refuses is no failure of the refresh, and is not tried again at once', async () => {
    await openImported();
    await succeed(rotate('--delete-after', '0', '--yes'));
    world.sts.fault({ kind: 'error', code: 'AccessDenied', status: 403, operation: 'DeleteAccessKey' });
    await succeed(world.rolekeeper(['refresh']));
    expect(countOf('DeleteAccessKey')).toBe(1);
    await succeed(world.rolekeeper(['refresh']));
    expect(countOf('DeleteAccessKey')).toBe(1);
    expect(await keyInStore()).toBe(idsInIam()[1]);
  });

  it('status shows the old key, at each profile of the keys alone, until it is deleted', async () => {
    await openImported();
    const shown = async () => JSON.parse((await succeed(world.rolekeeper(['status', '--json']))).stdout).profiles;
    await succeed(rotate('--delete-after', '1', '--yes'));
    const deleteAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    const withOldKey = (await shown()).filter((profile: object) => 'oldKey' in profile);
    expect(withOldKey).toMatchObject(['corp', 'bare'].map((profile) => ({ profile, oldKey: { accessKeyId, deleteAt } })));
    expect((await succeed(world.rolekeeper(['status']))).stdout).toContain(
      `corp: note: the old key ${accessKeyId} is inactive, and deleted after `,
    );
    await succeed(rotate('--finish', '--delete', '--yes'));
    expect((await shown()).filter((profile: object) => 'oldKey' in profile)).toEqual([]);
  });
});

/** Which kinds of items about corp the age store has. */
async function itemsOfKeys(): Promise<readonly string[]> {
  const { stdout } = await world.run('sh', ['-c', 'ls "$XDG_STATE_HOME/rolekeeper/age"']);
  return [...stdout.matchAll(/^(keys(?:-new|-old)?)%2f/gm)].map(([, kind = '']) => kind);
}
