import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSts } from '../../src/system/sts.ts';
import { type MotoServer, startMoto } from '../harness/moto-server.ts';
import { callBy, learningClock } from '../harness/sts-world.ts';

describe('the STS adapter against moto, which is not ours', () => {
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await startMoto();
  }, 60_000);
  afterAll(() => moto.stop());

  const sts = () => createSts({ clock: learningClock() });
  const role = () => ({ roleArn: moto.roleArn, roleSessionName: 'alice', durationSeconds: 3600, externalId: 'ext-1' });

  it('assumeRole gives credentials that moto knows, with an end in microseconds read', async () => {
    const call = callBy(moto.alice, moto.url);
    const credentials = await sts().assumeRole(role(), call);
    expect(Math.round((credentials.expiresAt - credentials.issuedAt) / 60_000)).toBe(60);
    const { arn } = await sts().getCallerIdentity({ ...call, caller: credentials });
    expect(arn).toMatch(/^arn:aws:sts::\d{12}:assumed-role\/Dev\/alice$/);
  });

  it('getSessionToken gives a session', async () => {
    const session = await sts().getSessionToken({ durationSeconds: 900 }, callBy(moto.alice, moto.url));
    expect(Math.round((session.expiresAt - session.issuedAt) / 60_000)).toBe(15);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a wrong secret key',
      () => sts().getCallerIdentity(callBy({ ...moto.alice, secretAccessKey: 'wrong' }, moto.url)),
      /the secret access key does not belong to this access key id \(SignatureDoesNotMatch\)$/,
    ],
    [
      'an unknown access key',
      () => sts().getCallerIdentity(callBy({ ...moto.alice, accessKeyId: 'AKIAUNKNOWN000000000' }, moto.url)),
      /it does not know this access key: .* \(InvalidClientTokenId\)$/,
    ],
    [
      'a caller without a policy',
      () => sts().assumeRole(role(), callBy(moto.bob, moto.url)),
      /user\/bob is not allowed to assume .* \(AccessDenied\)$/,
    ],
    [
      'a wrong external id',
      () => sts().assumeRole({ ...role(), externalId: 'other' }, callBy(moto.alice, moto.url)),
      /is not allowed to assume .* \(AccessDenied\)$/,
    ],
  ])('%s is told in the same words as by AWS', async (_what, call, message) => {
    await expect(call()).rejects.toMatchObject({ code: 'aws-refused', message: expect.stringMatching(message) });
  });
});
