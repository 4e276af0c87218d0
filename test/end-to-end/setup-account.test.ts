// `setup` for a new user on a real user manager of systemd: the service is there when it works, and gone when it fails.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StsDouble, startStsDouble } from '../../src/sandbox/sts-double.ts';
import { fileTree } from '../harness/file-tree.ts';
import { type NewAccount, openNewAccount, type Ran, whyNoAccount } from '../harness/new-account.ts';
import { accessKeyId, mfaSerial, roleArn, secretAccessKey, userArn } from '../harness/world.ts';

const reason = whyNoAccount();

if (reason !== undefined) {
  describe(`setup with a service: not possible here: ${reason}`, () => {
    it.skip(`setup with a service: not possible here: ${reason}`);
  });
} else {
  describe('setup with a service', { timeout: 120_000 }, withService);
}

function withService(): void {
  let sts: StsDouble;
  let account: NewAccount;
  let before: readonly string[];

  beforeAll(async () => {
    sts = await startStsDouble({
      users: [
        { arn: userArn, accessKeyId, secretAccessKey, mfa: { serial: mfaSerial, seed: 'JBSWY3DPEHPK3PXP' }, mayAssume: ['*'] },
      ],
      roles: [{ arn: roleArn('Dev'), trust: [{ principals: [userArn], needsMfa: true }] }],
    });
    account = await openNewAccount();
    await account.logIn();
    await done(`sh ${account.archive}/install/install.sh`);
  }, 120_000);
  afterAll(async () => {
    await account?.close();
    await sts?.stop();
  }, 30_000);

  beforeEach(async () => {
    const place = `region = eu-west-1\nendpoint_url = ${sts.url}\n`;
    const role = `role_arn = ${roleArn('Dev')}\nsource_profile = corp\n`;
    await done(
      'umask 077; mkdir -p .aws; cat >.aws/config',
      `[profile corp]\n${place}mfa_serial = ${mfaSerial}\n\n[profile dev]\n${place}${role}`,
    );
    const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    await done('umask 077; cat >.aws/credentials', `[corp]\n${keys}`);
    before = fileTree(account.homeFromOutside);
  });
  afterEach(() => {
    sts.clearFaults();
    sts.advance(60_000); // a code works once
  });

  /** Throws with what the line said unless it ended with status 0. */
  async function done(line: string, stdin?: string): Promise<Ran> {
    const ran = await account.shell(line, stdin);
    if (ran.status !== 0) throw new Error(`${line}: status ${ran.status}: ${ran.stderr}${ran.stdout}`);
    return ran;
  }

  const setup = () => account.shell(`rolekeeper setup --yes --code ${sts.totp('alice')}`);

  it('a failure of the proof takes the service, the items of the keychain and every file back', async () => {
    sts.fault({ kind: 'error', code: 'AccessDenied', message: 'no', status: 403, operation: 'AssumeRole' });
    const ran = await setup();
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('the background service is installed') });
    expect(ran.stderr).toContain('everything is as it was before');
    expect(fileTree(account.homeFromOutside)).toEqual(before);
    expect((await account.shell('systemctl --user is-active rolekeeper.socket rolekeeper.service')).stdout).toBe(
      'inactive\ninactive\n',
    );
    const found = await account.shell(
      "gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets --method org.freedesktop.Secret.Service.SearchItems \"{'service': 'rolekeeper'}\"",
    );
    expect(found.stdout).toBe('(@ao [], @ao [])\n');
  });

  it('a service that cannot start takes all back', async () => {
    await done(
      'mkdir -p .config/systemd/user/rolekeeper.socket.d; printf "[Socket]\\nListenStream=/nonexistent/place\\n" >.config/systemd/user/rolekeeper.socket.d/wrong.conf',
    );
    const spoilt = fileTree(account.homeFromOutside);
    const ran = await setup();
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('everything is as it was before') });
    expect(fileTree(account.homeFromOutside)).toEqual(spoilt);
    await done(
      'rm -r .config/systemd/user/rolekeeper.socket.d; rmdir -p .config/systemd/user || true; systemctl --user daemon-reload',
    );
  });

  it('leads to a service and an aws command that works', async () => {
    const ran = await setup();
    expect(ran).toMatchObject({ status: 0, stderr: expect.stringContaining('the background service is installed') });
    expect(ran.stderr).toContain('it works: "dev" is arn:aws:sts::222233334444:assumed-role/Dev/alice, in account 222233334444');
    const line = `AWS_EC2_METADATA_DISABLED=true aws --endpoint-url ${sts.url} sts get-caller-identity --profile dev --output json`;
    expect(JSON.parse((await done(line)).stdout)).toMatchObject({ Account: '222233334444' });
    expect((await done('rolekeeper setup --yes')).stderr).toContain('everything is set up already');
    await done('rolekeeper release --all --yes; rolekeeper uninstall --yes');
  });
}
