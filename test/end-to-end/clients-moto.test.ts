// The callers and rolekeeper against moto: an STS and an S3 that are not ours. Signatures, tokens and policies are checked there; MFA is not
// known, so the last part takes its credentials from the double.

import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, statusOf } from '../harness/agent.ts';
import { LongClient } from '../harness/long-client.ts';
import { type MotoServer, startMoto } from '../harness/moto-server.ts';
import { findAws, findPython } from '../harness/programs.ts';
import { createTerraformProject } from '../harness/terraform.ts';
import { openUsualWorld, openWorld, program, roleArn, rolePair, succeed, type World } from '../harness/world.ts';

const devArn = 'arn:aws:sts::123456789012:assumed-role/Dev/alice';
let moto: MotoServer;
beforeAll(async () => {
  moto = await startMoto();
}, 60_000);
afterAll(() => moto.stop());

describe.each(['no agent', 'the agent'])('with %s, against moto, which checks signatures and policies', (who) => {
  let world: World;
  let agent: RunningAgent | undefined;
  beforeAll(async () => {
    world = await openWorld();
    const profile = (name: string) => `[profile ${name}]\nregion = eu-west-1\nendpoint_url = ${moto.url}\n`;
    const { roleArn: role, alice } = moto;
    world.writeConfig(
      `${profile('corp')}\n${profile('dev')}credential_process = ${program} get dev\n\n` +
        `[rolekeeper dev]\nrole_arn = ${role}\nsource_profile = corp\nexternal_id = ext-1\n`,
    );
    world.writeCredentials(
      `[corp]\naws_access_key_id = ${alice.accessKeyId}\naws_secret_access_key = ${alice.secretAccessKey}\n`,
    );
    await succeed(world.rolekeeper(['import', 'corp', '--yes']));
    agent = who === 'the agent' ? await startAgent(world) : undefined;
  });
  afterAll(async () => {
    if (agent !== undefined) expect(await statusOf(world)).toMatchObject({ cached: 1 });
    await agent?.kill();
    await world.close();
  });

  it.each([1, 2] as const)('aws %i acts as the role', async (generation) => {
    const args = ['sts', 'get-caller-identity', '--profile', 'dev', '--output', 'json', '--endpoint-url', moto.url];
    const { stdout } = await succeed(world.run(findAws(generation), args));
    expect(JSON.parse(stdout)).toMatchObject({ Arn: devArn });
  });

  it('boto3 writes into a bucket that only the role may use', async () => {
    const script = new URL('../clients/boto3-bucket.py', import.meta.url).pathname;
    const { stdout } = await succeed(world.run(findPython(), [script, 'dev', 'state', 'from-boto3']));
    expect(JSON.parse(stdout)).toContain('from-boto3');
  });

  it('the AWS SDK for JavaScript acts as the role', async () => {
    const env = { ...world.env, AWS_ENDPOINT_URL_STS: moto.url };
    const script = new URL('../clients/sdk-steps.mjs', import.meta.url).pathname;
    const sdk = new LongClient(process.execPath, [script], { home: world.home, env });
    try {
      expect(await sdk.ask('default dev')).toMatchObject({ arn: devArn, accountId: '123456789012' });
    } finally {
      sdk.close();
    }
  });

  it('Terraform keeps its state in the bucket', async () => {
    const project = createTerraformProject('checked', { s3: moto.url, sts: moto.url }, world);
    expect(await project.init('dev')).toMatchObject({ status: 0, stderr: '' });
    expect(await project.run('apply', '-auto-approve', '-input=false', '-var=greeting=hello')).toMatchObject({
      status: 0,
      stderr: '',
    });
    const { stdout } = await succeed(project.run('state', 'pull'));
    expect(JSON.parse(stdout)).toMatchObject({ serial: 1, outputs: { greeting: { value: 'hello' } } });
  });
});

describe('Terraform behind MFA: an S3 backend in moto, credentials and their check by the double', () => {
  let world: World;
  beforeAll(() => moto.letEverybodyIn());
  // The name with spaces is that of the recipe: for Terraform it is only a word in the line.
  beforeEach(async () => {
    world = await openUsualWorld();
    const spaced = rolePair('spaced', { role_arn: roleArn('Dev'), source_profile: 'corp', endpoint_url: '$STS' });
    world.writeConfig(
      world.readConfig() +
        spaced.replace('get spaced', 'get "name with spaces"').replace('[rolekeeper spaced]', '[rolekeeper "name with spaces"]'),
    );
  });
  afterEach(() => world.close());

  it.each(['dev', 'spaced'])('init, apply and output work with the profile %s, by one AssumeRole', async (profile) => {
    const project = createTerraformProject('project', { s3: moto.url, sts: world.sts.url }, world);
    expect(await project.init(profile)).toMatchObject({ status: 0, stderr: '' });
    const apply = ['apply', '-auto-approve', '-input=false', `-var=greeting=hello ${profile}`] as const;
    expect(await project.run(...apply)).toMatchObject({ status: 0, stderr: '' });
    expect(await project.run('output', '-raw', 'greeting')).toMatchObject({ status: 0, stdout: `hello ${profile}` });
    const seen = world.sts.log().filter(({ userAgent }) => userAgent?.includes('Terraform') === true);
    expect(new Set(seen.map(({ operation, callerArn }) => `${operation} ${callerArn}`))).toEqual(
      new Set(['GetCallerIdentity arn:aws:sts::222233334444:assumed-role/Dev/alice']),
    );
    expect(world.sts.calls().AssumeRole).toBe(1);
  });

  it('init shows our two lines when a login is needed', async () => {
    await succeed(world.rolekeeper(['logout', 'corp']));
    const { stderr: ours } = await world.rolekeeper(['get', 'dev']);
    const ran = await createTerraformProject('project', { s3: moto.url, sts: world.sts.url }, world).init('dev');
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('rolekeeper: hint: run `rolekeeper login corp`');
    expect(ran.stderr).toContain(ours.split('\n')[0]);
  });
});
