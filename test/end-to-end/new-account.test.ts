// "Done when" of the background service: a new user on a real user manager of systemd, from install.sh to the last file gone.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StsDouble, startStsDouble } from '../../src/sandbox/sts-double.ts';
import { fileTree } from '../harness/file-tree.ts';
import { type NewAccount, openNewAccount, type Ran, whyNoAccount } from '../harness/new-account.ts';
import { accessKeyId, mfaSerial, roleArn, secretAccessKey, userArn } from '../harness/world.ts';

const minute = 60_000;
const reason = whyNoAccount();

if (reason !== undefined) {
  describe(`a new account: not possible here: ${reason}`, () => {
    it.skip(`a new account: not possible here: ${reason}`);
  });
} else {
  describe('a new account', { timeout: 60_000 }, newAccount);
}

function newAccount(): void {
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
    const program = `${account.home}/.local/bin/rolekeeper`;
    const config = `[profile corp]\nregion = eu-west-1\nendpoint_url = ${sts.url}\nmfa_serial = ${mfaSerial}

[profile dev]\nregion = eu-west-1\nendpoint_url = ${sts.url}\ncredential_process = ${program} get dev

[rolekeeper dev]\nrole_arn = ${roleArn('Dev')}\nsource_profile = corp\n`;
    await done('umask 077; mkdir .aws; cat >.aws/config', config);
    const keys = `[corp]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    await done('umask 077; cat >.aws/credentials', keys);
    before = fileTree(account.homeFromOutside);
  }, 60_000);
  afterAll(async () => {
    await account?.close();
    await sts?.stop();
  }, 30_000);

  /** Throws with what the line said unless it ended with status 0. */
  async function done(line: string, stdin?: string): Promise<Ran> {
    const ran = await account.shell(line, stdin);
    if (ran.status !== 0) throw new Error(`${line}: status ${ran.status}: ${ran.stderr}${ran.stdout}`);
    return ran;
  }

  async function callsAws(): Promise<void> {
    const ran = await done(
      `AWS_EC2_METADATA_DISABLED=true aws --endpoint-url ${sts.url} sts get-caller-identity --profile dev --output json`,
    );
    expect(JSON.parse(ran.stdout)).toMatchObject({ Arn: expect.stringContaining(':assumed-role/Dev/alice') });
    expect(ran.stderr).toBe('');
  }

  const assumed = () => sts.calls().AssumeRole;
  const agentPid = async () => (await done('systemctl --user show --property=MainPID --value rolekeeper.service')).stdout.trim();

  it('install.sh, install, import and login lead to an aws command that works', async () => {
    await done(`sh ${account.archive}/install/install.sh`);
    const { stderr } = await done('rolekeeper install --yes');
    expect(stderr).toContain("an agent that stays, by systemd's user manager");
    expect(stderr).toMatch(/^the agent answers: rolekeeper \S+, process \d+$/m);
    await done('rolekeeper import corp --yes');
    await done(`rolekeeper login corp --code ${sts.totp('alice')}`);
    await callsAws();
    expect(assumed()).toBe(1);
    const { stdout } = await done('rolekeeper status');
    expect(stdout).toMatch(/^Agent: running since .*, keeps 1 fresh, next refresh /m);
    expect(stdout).toMatch(/^Service: systemd agent, running, last refresh [^;]*$/m);
  });

  it('after logging out and in, the next aws command needs nothing: no call, no question', async () => {
    await account.logOut();
    await account.logIn();
    expect((await done('rolekeeper status')).stdout).toContain('Agent: started by the next program that asks');
    await callsAws();
    expect(assumed()).toBe(1);
    expect(Number(await agentPid())).toBeGreaterThan(0);
  });

  it('the agent is killed while callers ask: none of them fails, and systemd has it back', async () => {
    const killed = await agentPid();
    const ask = `rolekeeper get dev >/dev/null || echo "status $?"`;
    const callers = account.shell(`for i in {1..40}; do (${ask}) & sleep 0.02; done; wait`);
    await done(`sleep 0.2; kill -9 ${killed}`);
    expect(await callers).toEqual({ status: 0, stdout: '', stderr: '' });
    await done('for i in {1..100}; do rolekeeper agent status >/dev/null 2>&1 && exit; sleep 0.05; done; exit 1');
    expect(await agentPid()).not.toBe(killed);
    expect(assumed()).toBe(1);
  });

  it('install --timer takes the place of the agent: its service refreshes what is due, in its sandbox', async () => {
    await done('rolekeeper install --timer --yes');
    const active = await account.shell('systemctl --user is-active rolekeeper.socket rolekeeper-refresh.timer');
    expect(active.stdout).toBe('inactive\nactive\n');
    expect((await done('rolekeeper status')).stdout).toMatch(
      /^Agent: not running\nService: systemd timer, running, .*next [^;]*$/m,
    );
    sts.advance(45 * minute);
    await account.shell('rolekeeper login corp --code 000000'); // any call to AWS tells us its time
    await done('systemctl --user start rolekeeper-refresh.service');
    expect(assumed()).toBe(2);
    await done('rolekeeper get dev'); // the clock of aws itself knows nothing of this
    expect(assumed()).toBe(2);
    expect((await account.shell('rolekeeper agent status')).stderr).toContain('no agent');
  });

  it("the timer's warning gets out of its sandbox before systemd ends the service", async () => {
    // The one directory that the service may write to; slower than the service itself.
    const told = `${account.home}/.local/state/rolekeeper/told`;
    await done(`cat >.local/bin/notify-send; chmod 755 .local/bin/notify-send`, `#!/bin/sh\nsleep 0.3\necho "$@" >>${told}\n`);
    await done('systemctl --user set-environment PATH="$PATH"'); // the manager has one of its own
    await done('cat >>.aws/config', '[rolekeeper]\nnotify = always\n');
    sts.advance(10 * 60 * minute + 55 * minute);
    await account.shell('rolekeeper login corp --code 000000');
    await done('systemctl --user start rolekeeper-refresh.service');
    expect((await done(`cat ${told}`)).stdout).toContain('AWS session of "corp" ends in ');
    await done(`rm ${told} .local/bin/notify-send; head -n -2 .aws/config >config && cat config >.aws/config && rm config`);
  });

  it('install again brings the agent back, with what the timer had', async () => {
    const before = assumed();
    await done('rolekeeper install --yes');
    await done('rolekeeper get dev');
    expect(assumed()).toBe(before);
    expect((await done('rolekeeper status')).stdout).toMatch(/^Service: systemd agent, running/m);
  });

  it('uninstall and install.sh --uninstall leave the account as it was', async () => {
    await done('rolekeeper uninstall --purge --delete-keys --yes');
    await done(`sh ${account.archive}/install/install.sh --uninstall`);
    expect(fileTree(account.homeFromOutside)).toEqual(before);
    const units = await done("systemctl --user list-units --all --plain --no-legend 'rolekeeper*'");
    expect(units.stdout).toBe('');
    expect((await done('ls -A "$XDG_RUNTIME_DIR"')).stdout).not.toContain('rolekeeper');
    const { stdout } = await done('readlink /proc/[0-9]*/exe || true');
    expect(stdout.split('\n').filter((path) => /\/(node|rolekeeper)( \(deleted\))?$/.test(path))).toEqual([]);
  });
}
