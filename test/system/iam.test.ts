// The IAM adapter against the double, whose signatures and rules are AWS's.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import { Secret } from '../../src/credentials/secret.ts';
import type { IamCall } from '../../src/ports/iam.ts';
import type { StsEndpoint } from '../../src/ports/sts.ts';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import type { FaultKind } from '../../src/sandbox/sts-double-faults.ts';
import { createIam } from '../../src/system/iam.ts';
import { createSts } from '../../src/system/sts.ts';
import { alice, callBy, learningClock, startWorld } from '../harness/sts-world.ts';
import { type ProxyDouble, startProxy, startTlsFront, type TlsFront } from '../harness/tls-front.ts';

const iam = () => createIam({ clock: learningClock(), deadlineMs: 2_000 });
const callOf = (user: typeof alice, url: string, more: Partial<IamCall> = {}): IamCall => ({
  ...callBy(user, url),
  userName: user.arn.split('/').at(-1) ?? '',
  ...more,
});

describe('the IAM adapter', () => {
  let double: StsDouble;
  beforeAll(async () => {
    double = await startWorld();
  });
  afterAll(() => double.stop());
  afterEach(() => double.clearFaults());
  const call = (more: Partial<IamCall> = {}) => callOf(alice, double.url, more);

  it('a key is made, works, is listed, made inactive and deleted', async () => {
    const created = await iam().createAccessKey(call());
    expect(created.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(String(created.secretAccessKey)).toBe('[secret]');
    const byNew = { ...callBy(alice, double.url), caller: created };
    await expect(createSts({ clock: learningClock() }).getCallerIdentity(byNew)).resolves.toMatchObject({ arn: alice.arn });
    const [old, fresh] = await iam().listAccessKeys(call());
    expect(old).toEqual({ accessKeyId: alice.accessKeyId, isActive: true, createdAt: 0 });
    expect(fresh).toMatchObject({ accessKeyId: created.accessKeyId, isActive: true });
    expect(Math.abs((fresh?.createdAt ?? 0) - Date.now())).toBeLessThan(60_000);
    await iam().deactivateAccessKey(created.accessKeyId, call());
    await expect(createSts({ clock: learningClock() }).getCallerIdentity(byNew)).rejects.toMatchObject({
      details: { awsCode: 'InvalidClientTokenId' },
    });
    await iam().deleteAccessKey(created.accessKeyId, call());
    await iam().deleteAccessKey(created.accessKeyId, call());
    expect(double.accessKeys('alice')).toHaveLength(1);
  });

  it('a third key is refused in words', async () => {
    const { accessKeyId } = await iam().createAccessKey(call());
    await expect(iam().createAccessKey(call())).rejects.toMatchObject({
      code: 'aws-refused',
      message: expect.stringContaining('has two access keys already (LimitExceeded'),
    });
    await iam().deleteAccessKey(accessKeyId, call());
  });

  it('a session with MFA signs as well, one without is not known to IAM', async () => {
    const sts = createSts({ clock: learningClock() });
    const session = await sts.getSessionToken({ durationSeconds: 900 }, callBy(alice, double.url));
    await expect(iam().listAccessKeys(call({ caller: session, context: { callerKind: 'session' } }))).rejects.toMatchObject({
      details: { awsCode: 'InvalidClientTokenId' },
    });
    const mfa = { serial: alice.mfa?.serial ?? '', code: parseMfaCode(double.totp('alice')) };
    const withMfa = await sts.getSessionToken({ durationSeconds: 900, mfa }, callBy(alice, double.url));
    await expect(iam().listAccessKeys(call({ caller: withMfa }))).resolves.toHaveLength(1);
  });

  it('a clock that is off is learnt from the reply, and the call made once more', async () => {
    const clock = learningClock(-3_600_000);
    await createIam({ clock }).listAccessKeys(call());
    expect(Math.abs(clock.now() - double.now())).toBeLessThan(3_000);
  });

  it.each<[FaultKind, object]>([
    [{ kind: 'html' }, { code: 'network', message: expect.stringContaining('a web page that is no reply of IAM') }],
    [{ kind: 'truncated' }, { code: 'network' }],
    [{ kind: 'reset' }, { code: 'network' }],
    [{ kind: 'hang' }, { code: 'deadline', message: expect.stringContaining('CreateAccessKey at 127.0.0.1:') }],
    [{ kind: 'gateway-timeout' }, { code: 'aws-refused', isTransient: true }],
    [{ kind: 'throttle' }, { code: 'aws-refused', isTransient: true }],
    [
      { kind: 'unavailable', status: 503 },
      { code: 'aws-refused', isTransient: true },
    ],
  ])('a fault on the way is told: %j', async (fault, failure) => {
    double.fault({ ...fault, operation: 'CreateAccessKey', times: 1 });
    await expect(iam().createAccessKey(call())).rejects.toMatchObject(failure);
    for (const { accessKeyId } of double.accessKeys('alice').slice(1)) double.revoke(accessKeyId);
  });
});

describe('the IAM adapter on its way', () => {
  let double: StsDouble;
  let front: TlsFront;
  let refusing: ProxyDouble;
  beforeAll(async () => {
    double = await startWorld();
    [front, refusing] = await Promise.all([startTlsFront(double.url), startProxy({ status: 403 })]);
  });
  afterAll(() => Promise.all([double.stop(), front.stop(), refusing.stop()]));

  it('a CA bundle makes a private endpoint trusted', async () => {
    await expect(iam().listAccessKeys(callOf(alice, front.url))).rejects.toMatchObject({ code: 'network' });
    const call = callOf(alice, front.url, { network: { caBundle: front.caPath } });
    await expect(iam().listAccessKeys(call)).resolves.toHaveLength(1);
  });

  // The refusing proxy learns which host the SDK would have gone to. IAM is one for each partition.
  it.each<[string, Partial<StsEndpoint>, string]>([
    ['a region', { region: 'eu-west-1' }, 'iam.amazonaws.com:443'],
    ['a region of China', { region: 'cn-north-1' }, 'iam.cn-north-1.amazonaws.com.cn:443'],
    ['a region of GovCloud', { region: 'us-gov-west-1' }, 'iam.us-gov.amazonaws.com:443'],
    ['a region of the European Sovereign Cloud', { region: 'eusc-de-east-1' }, 'iam.eusc-de-east-1.amazonaws.eu:443'],
  ])("%s has its partition's host", async (_what, endpoint, host) => {
    const { url: _url, ...plain } = callBy(alice, '').endpoint;
    const network = { httpsProxy: new Secret(`http://127.0.0.1:${refusing.port}`) };
    const call = callOf(alice, '', { endpoint: { ...plain, ...endpoint }, network });
    await expect(iam().listAccessKeys(call)).rejects.toMatchObject({ code: 'network' });
    expect(refusing.tunnels.at(-1)?.target).toBe(host);
  });
});
