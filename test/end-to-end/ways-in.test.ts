// The ways in that need no keys of ours, where something is missing or wrong, and in the agent.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/credentials/digest.ts';
import { type RunningAgent, startAgent, statusOf } from '../harness/agent.ts';
import { fileTree } from '../harness/file-tree.ts';
import { MovedClock } from '../harness/moved-clock.ts';
import { until } from '../harness/session-bus.ts';
import { openWaysWorld, type WaysWorld } from '../harness/ways-world.ts';
import { type Ran, roleArn, rolePair, succeed } from '../harness/world.ts';

let world: WaysWorld;
beforeEach(async () => {
  world = await openWaysWorld();
});
afterEach(() => world.close());

function get(profile: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return world.rolekeeper(['get', profile], { env: { ...world.callerEnv, ...more } });
}

describe('what can go wrong', () => {
  const failure = async (profile: string, more: Readonly<Record<string, string>> = {}) => {
    const { status, stdout, stderr } = await get(profile, more);
    expect(stdout).toBe('');
    return { status, stderr };
  };

  it('a laptop has no instance metadata: a failure at once, with the place', async () => {
    await world.machine.stop();
    const hint = 'check that this is an EC2 instance, and that a role is attached to it';
    const problem = `the instance metadata service at ${world.machine.url} gave no credentials: nothing listens there`;
    expect(await failure('instance')).toEqual({ status: 7, stderr: `rolekeeper: ${problem}\nrolekeeper: hint: ${hint}\n` });
  });

  it('instance metadata is not asked where AWS_EC2_METADATA_DISABLED says so', async () => {
    expect((await failure('instance', { AWS_EC2_METADATA_DISABLED: 'true' })).stderr).toContain('forbids to ask');
    expect(world.machine.log).toEqual([]);
  });

  it('version 1 of the metadata is taken only where the person allows it', async () => {
    world.machine.isOld = true;
    expect((await failure('instance')).stderr).toContain('ec2_metadata_v1_disabled = false');
    await succeed(get('instance', { AWS_EC2_METADATA_V1_DISABLED: 'false' }));
  });

  it('an expired token says so, and where a new one must come from', async () => {
    world.setToken(world.provider.token({ exp: Math.floor(world.sts.now() / 1000) - 1 }));
    const { status, stderr } = await failure('pod');
    expect(status).toBe(6);
    expect(stderr).toMatch(
      /the web identity token has expired; it is issued by .*\(ExpiredTokenException\)\n.*web_identity_token_file, \S+token;/,
    );
  });

  it('a token file that is gone is named, by the role behind it too', async () => {
    world.setToken(undefined);
    expect(await failure('behind-pod')).toEqual({ status: 3, stderr: expect.stringContaining('token: there is no such file') });
  });

  it('an identity provider that AWS cannot reach for a moment is no failure', async () => {
    world.sts.fault({ kind: 'error', code: 'IDPCommunicationError', operation: 'AssumeRoleWithWebIdentity', times: 2 });
    await succeed(get('pod'));
    expect(world.sts.calls().AssumeRoleWithWebIdentity).toBe(3);
  });

  it('an assertion for another role says which it allows', async () => {
    world.setAssertion({ roles: [roleArn('Other')] });
    expect((await failure('office')).stderr).toContain(
      `it does not allow ${roleArn('Office')}; it allows ${roleArn('Other')} by ${world.provider.saml.arn}`,
    );
  });

  it('an old assertion says that it is old', async () => {
    world.setAssertion({ issuedAt: world.sts.now() - 6 * 60_000 });
    expect((await failure('office')).stderr).toContain('the SAML assertion is too old: AWS takes it for 5 minutes');
  });

  it("a variable of the caller's that is not there is named", async () => {
    expect((await failure('job', { AWS_ACCESS_KEY_ID: '' })).stderr).toContain(
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set',
    );
    expect((await failure('job', { AWS_ACCESS_KEY_ID: 'ASIAUNKNOWN000000000' })).stderr).toContain('anew in that environment');
    const { stdout } = await succeed(world.rolekeeper(['explain', 'job']));
    expect(stdout).toContain('fails at once: profile "job" starts from the keys of its caller');
    expect((await failure('task', { AWS_CONTAINER_CREDENTIALS_FULL_URI: '' })).stderr).toContain(
      'nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
    );
  });
});

describe('two projects, each with a config file of its own', () => {
  const projects = ['ann', 'bob'];

  // The second was given the credentials of the first: the words are the same, and so is the role.
  it.each(['saml_process', 'web_identity_token_process'])('have each their own program in `%s = ./give`', async (setting) => {
    const role_arn = roleArn(setting === 'saml_process' ? 'Office' : 'Pod');
    const keyIds: string[] = [];
    for (const name of projects) {
      const directory = join(world.home, name);
      const config = join(directory, 'config');
      mkdirSync(directory);
      const { provider } = world;
      const word = setting === 'saml_process' ? provider.assertion({ roles: [role_arn] }) : provider.token({ sub: name });
      writeFileSync(join(directory, 'give'), `#!/bin/sh\necho '${word}'\ntouch ${directory}/given\n`, { mode: 0o755 });
      writeFileSync(config, rolePair('dev', { role_arn, [setting]: './give' }).replaceAll('$STS', world.sts.url));
      const { stdout } = await succeed(world.rolekeeper(['get', 'dev'], { cwd: directory, env: { AWS_CONFIG_FILE: config } }));
      keyIds.push(JSON.parse(stdout).AccessKeyId);
    }
    expect(projects.filter((name) => existsSync(join(world.home, name, 'given')))).toEqual(projects);
    expect(keyIds[1]).not.toBe(keyIds[0]);
  });
});

describe('two callers with temporary keys of one role and session name in their environment', () => {
  // Their source identity or session tags may differ, and the ARN does not tell: the second was given the credentials of the first.
  it('have credentials of their own', async () => {
    const [ann, bob] = ['ann', 'bob'].map(() => {
      const keys = world.sts.issue(roleArn('Machine'), 'deploy');
      return {
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_SESSION_TOKEN: keys.sessionToken,
      };
    });
    const keyIdFor = async (env = {}) => JSON.parse((await succeed(get('job', env))).stdout).AccessKeyId;
    const first = await keyIdFor(ann);
    expect(await keyIdFor(bob)).not.toBe(first);
    expect(await keyIdFor(ann)).toBe(first);
  });

  it('are called by their ARN', async () => {
    await succeed(get('job'));
    const env = world.callerEnv;
    const arn = `${roleArn('Machine').replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/job`;
    const { stdout: explained } = await succeed(world.rolekeeper(['explain', 'job', '--json'], { env }));
    const { stdout: listed } = await succeed(world.rolekeeper(['status', 'job', '--json'], { env }));
    expect([JSON.parse(explained).keys.principal, JSON.parse(listed).profiles[0].principal]).toEqual([arn, arn]);
  });
});

describe('a refresh in the background', () => {
  const env = { ROLEKEEPER_AUTOSTART: '1' };
  /** `get` notes whom it has started a refresh for. */
  const isStarted = (profile: string) => {
    const note = `started-${sha256Hex(`refresh ${profile}`).slice(0, 16)}`;
    return fileTree(world.home).some((path) => path.includes(note));
  };

  it.each(['job', 'task'])("is not begun for %s, which starts from its caller's environment", async (profile) => {
    for (const one of ['pod', profile]) await succeed(get(one));
    world.sts.advance(43 * 60_000);
    await succeed(get('behind-pod')); // any reply of AWS tells us its time
    for (const one of ['pod', profile]) await succeed(get(one, env));
    expect([isStarted('pod'), isStarted(profile)]).toEqual([true, false]);
  });

  it('is not begun either where a caller with such an environment could not wait for AWS', { timeout: 90_000 }, async () => {
    world.sts.fault({ kind: 'slow', ms: 30_000 });
    const [pod, job] = [await get('pod', env), await get('job', env)];
    expect([pod.status, job.status]).toEqual([7, 7]);
    // On a machine so slow that they had more time, the call of AWS has ended before them: nothing is left to be done behind.
    expect(isStarted('pod')).toBe(pod.stderr.includes('getting credentials for'));
    expect(isStarted('job')).toBe(false);
  });
});

describe('the agent', () => {
  let clock: MovedClock;
  let agent: RunningAgent | undefined;
  beforeEach(() => {
    clock = new MovedClock();
  });
  afterEach(async () => {
    await agent?.kill();
    agent = undefined;
    clock.close();
  });

  it('keeps fresh what starts from a token file or an instance, and reads the token anew', { timeout: 90_000 }, async () => {
    agent = await startAgent(world, { env: clock.env });
    for (const profile of ['pod', 'instance']) await succeed(get(profile, clock.env));
    expect(await statusOf(world)).toMatchObject({ cached: 2, planned: 2 });
    world.sts.advance(45 * 60_000);
    clock.move(45 * 60_000);
    world.setToken(world.provider.token({ sub: 'pod:later' }));
    const renewed = () => world.sts.calls().AssumeRoleWithWebIdentity === 2 && world.sts.calls().AssumeRole === 2;
    await until(async () => renewed(), 'the agent refreshed by itself', 40_000);
  });

  it("leaves what only a caller's environment holds to the caller's own process", { timeout: 60_000 }, async () => {
    agent = await startAgent(world);
    for (const profile of ['task', 'job']) await succeed(get(profile));
    expect(await statusOf(world)).toMatchObject({ cached: 0 });
    const { stdout } = await succeed(world.rolekeeper(['status', 'job', '--json'], { env: world.callerEnv }));
    const [job] = JSON.parse(stdout).profiles;
    // It promised a refresh in the background, and keys in the store.
    expect(job).toMatchObject({ secondsLeft: expect.any(Number), next: 'refreshed at a request that has its variables' });
    expect(job).not.toHaveProperty('keys');
  });
});
