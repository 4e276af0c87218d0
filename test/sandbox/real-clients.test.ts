import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import { runProgram } from '../harness/run-program.ts';
import { alice, mfaRole, nextRole, openRole, startWorld } from '../harness/sts-world.ts';

describe('the STS double, seen by real clients', () => {
  let double: StsDouble;
  let home: string;
  beforeAll(async () => {
    double = await startWorld();
    home = mkdtempSync(join(tmpdir(), 'rolekeeper-clients-'));
  });
  afterAll(async () => {
    await double.stop();
    rmSync(home, { recursive: true });
  });

  const credentials = {
    AWS_ACCESS_KEY_ID: alice.accessKeyId,
    AWS_SECRET_ACCESS_KEY: alice.secretAccessKey,
    AWS_DEFAULT_REGION: 'eu-west-1',
  };

  it('boto3 signs, logs in, chains roles and reads the refusals', async () => {
    const script = new URL('real-clients.py', import.meta.url).pathname;
    const code = double.totp('alice');
    const args = [
      script,
      double.url,
      JSON.stringify(alice),
      JSON.stringify({ hub: mfaRole.arn, next: nextRole.arn }),
      JSON.stringify([code]),
    ];
    const { stdout, stderr } = await runProgram('python3', args, { env: { HOME: home }, install: 'python3 with boto3' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      user: alice.arn,
      session: alice.arn,
      last: 'arn:aws:sts::333344445555:assumed-role/Next/boto',
      sessionSeconds: 3600,
      reused: ['AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code. '],
      denied: ['AccessDenied', `User: ${alice.arn} is not authorized to perform: sts:AssumeRole on resource: ${mfaRole.arn}`],
      wrongSecret: ['SignatureDoesNotMatch', expect.stringContaining('does not match the signature you provided')],
    });
  });

  it('the aws program assumes a role', async () => {
    const args = ['sts', 'assume-role', '--role-arn', openRole.arn, '--role-session-name', 'cli', '--endpoint-url', double.url];
    const { status, stdout, stderr } = await runProgram('aws', [...args, '--output', 'json'], {
      env: { HOME: home, ...credentials },
      install: 'awscli',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      Credentials: { AccessKeyId: expect.stringMatching(/^ASIA/), Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      AssumedRoleUser: { Arn: 'arn:aws:sts::222233334444:assumed-role/Open/cli' },
    });
  });
});
