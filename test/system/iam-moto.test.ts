import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIam } from '../../src/system/iam.ts';
import { type MotoServer, startMoto } from '../harness/moto-server.ts';
import { callBy, learningClock } from '../harness/sts-world.ts';

describe('the IAM adapter against moto, which is not ours', () => {
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await startMoto();
  }, 60_000);
  afterAll(() => moto.stop());

  it('a user without the permission is told what to allow, one with it gets a key and is rid of it', async () => {
    const iam = createIam({ clock: learningClock() });
    const context = { profile: 'corp', callerArn: moto.alice.arn, callerKind: 'keys' as const };
    const call = { ...callBy(moto.alice, moto.url), userName: 'alice', context };
    await expect(iam.createAccessKey(call)).rejects.toMatchObject({
      code: 'aws-refused',
      details: { awsCode: 'AccessDenied' },
      hint: expect.stringContaining('iam:CreateAccessKey'),
    });
    await moto.letEverybodyIn();
    const { accessKeyId } = await iam.createAccessKey(call);
    await iam.deactivateAccessKey(accessKeyId, call);
    expect((await iam.listAccessKeys(call)).map((key) => [key.accessKeyId, key.isActive])).toEqual([
      [moto.alice.accessKeyId, true],
      [accessKeyId, false],
    ]);
    await iam.deleteAccessKey(accessKeyId, call);
    await iam.deleteAccessKey(accessKeyId, call);
    expect(await iam.listAccessKeys(call)).toHaveLength(1);
  });
});
