import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMfaCode } from '../../src/credentials/mfa-code.ts';
import type { StsDouble } from '../../src/sandbox/sts-double.ts';
import { createSts } from '../../src/system/sts.ts';
import { alice, callBy, learningClock, mfaRole, nextRole, openRole, startWorld } from '../harness/sts-world.ts';

describe('the STS adapter', () => {
  let double: StsDouble;
  beforeEach(async () => {
    double = await startWorld();
  });
  afterEach(() => double.stop());

  const mfa = () => ({ serial: alice.mfa?.serial ?? '', code: parseMfaCode(double.totp('alice')) });

  it('getCallerIdentity names the caller and the account', async () => {
    const sts = createSts({ clock: learningClock() });
    const identity = await sts.getCallerIdentity(callBy(alice, double.url));
    expect(identity).toEqual({ arn: alice.arn, accountId: '123456789012' });
  });

  it('getSessionToken gives a session that assumes a role behind MFA, and that role the next one', async () => {
    const sts = createSts({ clock: learningClock() });
    const call = callBy(alice, double.url);
    const session = await sts.getSessionToken({ durationSeconds: 43_200, mfa: mfa() }, call);
    const role = await sts.assumeRole(
      { roleArn: mfaRole.arn, roleSessionName: 'alice', durationSeconds: 3600 },
      { ...call, caller: session },
    );
    const next = await sts.assumeRole(
      { roleArn: nextRole.arn, roleSessionName: 'alice', durationSeconds: 3600, externalId: 'ext-1', tags: { team: 'a & b' } },
      { ...call, caller: role },
    );
    expect(await sts.getCallerIdentity({ ...call, caller: next })).toEqual({
      arn: 'arn:aws:sts::333344445555:assumed-role/Next/alice',
      accountId: '333344445555',
    });
    expect(session.expiresAt - session.issuedAt).toBeGreaterThan(43_190_000);
    expect(role.accountId).toBe('222233334444');
    expect(double.log().map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('assumeRole sends every parameter that it was given', async () => {
    const sts = createSts({ clock: learningClock() });
    await sts.assumeRole(
      {
        roleArn: openRole.arn,
        roleSessionName: 'alice@example',
        durationSeconds: 900,
        externalId: 'ext:1',
        sourceIdentity: 'alice',
        policy: '{"Version":"2012-10-17","Statement":[]}',
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
        tags: { team: 'a', 'cost center': '42 €' },
        transitiveTagKeys: ['team'],
        mfa: mfa(),
      },
      callBy(alice, double.url),
    );
    expect(double.log().at(-1)?.params).toEqual({
      RoleArn: openRole.arn,
      RoleSessionName: 'alice@example',
      DurationSeconds: '900',
      ExternalId: 'ext:1',
      SourceIdentity: 'alice',
      Policy: '{"Version":"2012-10-17","Statement":[]}',
      'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'a',
      'Tags.member.2.Key': 'cost center',
      'Tags.member.2.Value': '42 €',
      'TransitiveTagKeys.member.1': 'team',
      SerialNumber: alice.mfa?.serial,
    });
  });
});
