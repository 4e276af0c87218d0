// Roles by a certificate, from outside: the built program, IAM Roles Anywhere's double, real callers, and files that change under it.

import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAgent } from '../harness/agent.ts';
import { type AnywhereWorld, openAnywhereWorld, profileArn, roleArn, trustAnchorArn } from '../harness/anywhere-world.ts';
import { encryptKey, type Issued, issue, makePkcs12 } from '../harness/certificates.ts';
import { findAws, findPython } from '../harness/programs.ts';
import { openWorld, program, type RunOptions, succeed, type World } from '../harness/world.ts';

const passphrase = 'a-marker-passphrase';
let anywhere: AnywhereWorld;
let alice: Issued;
let renewed: Issued;
let bob: Issued;
let world: World;

beforeAll(async () => {
  anywhere = await openAnywhereWorld();
  alice = issue(anywhere.directory, 'alice', anywhere.authority);
  renewed = issue(anywhere.directory, 'renewed', anywhere.authority, { subject: '/CN=alice' });
  bob = issue(anywhere.directory, 'bob', anywhere.authority);
});
afterAll(() => anywhere.close());

beforeEach(async () => {
  world = await openWorld();
  place(alice);
  useFiles({ certificate: here('client.pem'), private_key: here('client.key') });
});
afterEach(() => world.close());

function here(name: string): string {
  return join(world.home, name);
}

/** As the person's certificate and key. */
function place(issued: Issued): void {
  copyFileSync(issued.certificate, here('client.pem'));
  copyFileSync(issued.key, here('client.key'));
}

function useFiles(files: Readonly<Record<string, string>>): void {
  const arns = { trust_anchor_arn: trustAnchorArn, profile_arn: profileArn, role_arn: roleArn };
  const lines = Object.entries({ ...files, ...arns }).map(([key, value]) => `${key} = ${value}\n`);
  world.writeConfig(
    `[profile dev]\nregion = us-west-2\nendpoint_url = ${anywhere.aws.url}\ncredential_process = ${program} get dev\n\n[rolekeeper dev]\n${lines.join('')}`,
  );
}

interface Printed {
  readonly AccessKeyId: string;
  readonly AccountId: string;
}

async function got(options: RunOptions = {}): Promise<Printed> {
  const { stdout, stderr } = await succeed(world.rolekeeper(['get', 'dev'], options));
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

function calls(): number {
  return anywhere.aws.log().length;
}

describe('a role by a certificate', () => {
  it('is printed, and then cached; the trust anchor says which region is asked', async () => {
    const before = calls();
    const first = await got();
    expect(first.AccountId).toBe('123456789012');
    expect(await got()).toEqual(first);
    expect(calls() - before).toBe(1);
    expect(anywhere.aws.log().at(-1)).toMatchObject({ outcome: 'ok', subject: 'CN=alice' });
  });

  // It was refused: "it has no access keys".
  it('is explained before anybody has asked for it', async () => {
    const { stdout } = await succeed(world.rolekeeper(['explain', 'dev']));
    expect(stdout).toContain(`whose certificate ${here('client.pem')} is, nobody has looked yet`);
    expect(stdout).toContain(`AWS is called: CreateSession ${roleArn}.`);
  });

  it('reaches aws', async () => {
    const expected = (await got()).AccessKeyId.slice(-4);
    const { stdout } = await succeed(world.run(findAws(1), ['configure', 'list', '--profile', 'dev']));
    expect(stdout).toMatch(new RegExp(`access_key[ :]+\\*+${expected}[ :]+custom-process`));
  });

  it('reaches boto3', async () => {
    const expected = (await got()).AccessKeyId;
    const python = 'import boto3; print(boto3.Session(profile_name="dev").get_credentials().get_frozen_credentials().access_key)';
    expect((await succeed(world.run(findPython(), ['-c', python]))).stdout.trim()).toBe(expected);
  });

  it('reaches the SDK for JavaScript', async () => {
    const expected = (await got()).AccessKeyId;
    const providers = import.meta.resolve('@aws-sdk/credential-providers');
    const script = `import { fromIni } from '${providers}'; console.log((await fromIni({ profile: 'dev' })()).accessKeyId);`;
    const { stdout } = await succeed(world.run(process.execPath, ['--input-type=module', '-e', script]));
    expect(stdout.trim()).toBe(expected);
  });

  it('comes from memory through the agent, which refreshes it by itself', async () => {
    const agent = await startAgent(world);
    try {
      const first = await got();
      const before = calls();
      expect(await got()).toEqual(first);
      expect(calls()).toBe(before);
    } finally {
      await agent.end();
    }
  });

  it('stays what it is when the certificate is renewed, and is never given to another one', async () => {
    const first = await got();
    const before = calls();
    place(renewed);
    expect(await got()).toEqual(first);
    expect(await got()).toEqual(first);
    expect(calls()).toBe(before);
    place(bob);
    const others = await got();
    expect(others.AccessKeyId).not.toBe(first.AccessKeyId);
    expect(anywhere.aws.log().at(-1)?.subject).toBe('CN=bob');
    place(alice);
    expect(await got()).toEqual(first);
  });

  it('does so through the agent as well', async () => {
    const agent = await startAgent(world);
    try {
      const first = await got();
      place(renewed);
      expect(await got()).toEqual(first);
      place(bob);
      expect((await got()).AccessKeyId).not.toBe(first.AccessKeyId);
      place(alice);
      expect(await got()).toEqual(first);
    } finally {
      await agent.end();
    }
  });

  it.each([
    ['is not there', () => rmSync(here('client.pem'))],
    ['is half written', () => truncateSync(here('client.pem'), 100)],
  ])('is still printed from the cache while the certificate %s', async (_what, spoil) => {
    const first = await got();
    spoil();
    expect(await got()).toEqual(first);
  });

  it('fails with the file and the reason where there is nothing to fall back on', async () => {
    rmSync(here('client.pem'));
    const ran = await world.rolekeeper(['get', 'dev']);
    expect(ran).toMatchObject({ stdout: '', status: 3 });
    expect(ran.stderr).toContain(`could not read ${here('client.pem')}: there is no such file`);
  });

  it('is refused with a key that others may read; doctor finds that and mends it', async () => {
    chmodSync(here('client.key'), 0o644);
    const ran = await world.rolekeeper(['get', 'dev']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain(`hint: run \`chmod 600 ${here('client.key')}\``);
    expect((await succeed(world.rolekeeper(['doctor', '--fix']))).stdout).toContain(
      `mended: other users may read ${here('client.key')} (mode 0644)`,
    );
    expect(statSync(here('client.key')).mode & 0o777).toBe(0o600);
    await got();
  });

  it('is explained hop by hop', async () => {
    await got();
    const { stdout } = await succeed(world.rolekeeper(['explain', 'dev']));
    expect(stdout).toContain(`${roleArn} by IAM Roles Anywhere`);
    expect(stdout).toContain(trustAnchorArn);
    const status = JSON.parse((await succeed(world.rolekeeper(['status', 'dev', '--json']))).stdout);
    expect(JSON.stringify(status)).toContain(roleArn);
  });
});

const putIn = () => succeed(world.rolekeeper(['passphrase', 'dev'], { stdin: `${passphrase}\n` }));

describe('the passphrase of a private key', () => {
  beforeEach(() => {
    copyFileSync(encryptKey(alice.key, passphrase), here('client.key'));
  });

  it('is asked for by name, put in once, and kept in the store alone', async () => {
    const without = await world.rolekeeper(['get', 'dev']);
    expect(without).toMatchObject({ stdout: '', status: 3 });
    expect(without.stderr).toContain('hint: run `rolekeeper passphrase dev`');
    const wrong = await world.rolekeeper(['passphrase', 'dev'], { stdin: 'wrong\n' });
    expect(wrong.status).toBe(3);
    expect(wrong.stderr).toContain('the passphrase does not open it');
    expect((await world.rolekeeper(['get', 'dev'])).status).toBe(3);
    const right = await putIn();
    expect(right.stderr).toContain('it opens the key of CN=alice');
    await got();
    const everything = [right.stderr, right.stdout, ...readAll(world.home).map(({ text }) => text)].join('\n');
    expect(everything).not.toContain(passphrase);
  });

  it('serves PKCS#12 too, and tells a person without a terminal what to do', async () => {
    copyFileSync(makePkcs12(alice, { passphrase, isLegacy: true }), here('client.p12'));
    useFiles({ certificate: here('client.p12') });
    const nothing = await world.rolekeeper(['passphrase', 'dev'], { stdin: '' });
    expect(nothing.status).toBe(2);
    expect(nothing.stderr).toContain('write the passphrase to its stdin');
    await putIn();
    const first = await got();
    copyFileSync(makePkcs12(renewed, { passphrase }), here('client.p12'));
    expect(await got()).toEqual(first);
  });

  it('is kept by logout, and forgotten on request', async () => {
    await putIn();
    await got();
    await succeed(world.rolekeeper(['logout', '--all']));
    await got();
    await succeed(world.rolekeeper(['passphrase', 'dev', '--forget']));
    await succeed(world.rolekeeper(['logout', '--all']));
    expect((await world.rolekeeper(['get', 'dev'])).stderr).toContain('rolekeeper passphrase dev');
    expect((await succeed(world.rolekeeper(['passphrase', 'dev', '--forget']))).stderr).toContain('has no passphrase of');
  });

  it('is named by doctor, and removed, when no profile uses it any more', async () => {
    await putIn();
    copyFileSync(alice.key, here('other.key'));
    useFiles({ certificate: here('client.pem'), private_key: here('other.key') });
    await got();
    const fixed = await world.rolekeeper(['doctor', '--fix']);
    expect(fixed.stdout).toMatch(
      /mended: the store's item passphrase\/[0-9a-f]{32} is the passphrase of a private key that no profile uses/,
    );
    useFiles({ certificate: here('client.pem'), private_key: here('client.key') });
    await succeed(world.rolekeeper(['logout', '--all']));
    expect((await world.rolekeeper(['get', 'dev'])).stderr).toContain('the store has no passphrase for it');
  });

  it('goes with a purge', async () => {
    await putIn();
    const { stdout, stderr } = await succeed(world.rolekeeper(['uninstall', '--purge', '--yes']));
    expect(stdout + stderr).toMatch(/delete +1 item from/);
    expect((await world.rolekeeper(['get', 'dev'])).stderr).toContain('the store has no passphrase for it');
  });

  it('is nothing to keep where the key has none, and where there is no certificate', async () => {
    copyFileSync(alice.key, here('client.key'));
    expect((await succeed(world.rolekeeper(['passphrase', 'dev']))).stderr).toContain('nothing to keep');
    world.writeConfig('[profile corp]\nregion = eu-west-1\n');
    const ran = await world.rolekeeper(['passphrase', 'corp']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain('does not start from a certificate');
  });
});

function readAll(directory: string): readonly { readonly text: string }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ text: readFileSync(join(entry.parentPath, entry.name), 'latin1') }));
}

it('the marker would be found', () => {
  writeFileSync(here('planted'), passphrase);
  expect(readAll(world.home).some(({ text }) => text.includes(passphrase))).toBe(true);
});
