// The two operations that nobody signs, by our adapter: at the double, and at moto, which is not ours.

import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/credentials/secret.ts';
import type { UnsignedCall } from '../../src/ports/sts.ts';
import { type StsDouble, startStsDouble } from '../../src/sandbox/sts-double.ts';
import { createSts } from '../../src/system/sts.ts';
import { openIdentityProvider } from '../harness/identity-provider.ts';
import { type MotoServer, startMoto } from '../harness/moto-server.ts';
import { learningClock } from '../harness/sts-world.ts';

const provider = openIdentityProvider();
const podRole = 'arn:aws:iam::222233334444:role/Pod';
const officeRole = 'arn:aws:iam::222233334444:role/Office';
const sts = createSts({ clock: learningClock() });

function callTo(url: string): UnsignedCall {
  return { endpoint: { region: 'eu-west-1', url, useFips: false, useDualstack: false, useGlobal: false }, network: {} };
}

describe('at the double', () => {
  let double: StsDouble;
  beforeAll(async () => {
    double = await startStsDouble({
      users: [],
      providers: [provider.oidc, provider.saml],
      roles: [
        { arn: podRole, trust: [{ principals: [provider.oidc.arn], actions: ['sts:AssumeRoleWithWebIdentity'] }] },
        { arn: officeRole, trust: [{ principals: [provider.saml.arn], actions: ['sts:AssumeRoleWithSAML'] }] },
      ],
    });
  });
  afterAll(() => double.stop());

  const policies = { policy: '{"Version":"2012-10-17","Statement":[]}', policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] };
  const shared = {
    DurationSeconds: '900',
    Policy: policies.policy,
    'PolicyArns.member.1.arn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
  };
  const pod = () => ({ roleArn: podRole, roleSessionName: 'pod', durationSeconds: 900, token: new Secret(provider.token()) });

  it('assumeRoleWithWebIdentity sends what it was given, unsigned, and the credentials work', async () => {
    const credentials = await sts.assumeRoleWithWebIdentity({ ...pod(), ...policies }, callTo(double.url));
    expect(credentials.accountId).toBe('222233334444');
    const call = double.log().at(-1);
    expect(call).toMatchObject({ outcome: 'ok', params: { RoleArn: podRole, RoleSessionName: 'pod', ...shared } });
    expect([call?.region, call?.callerArn]).toEqual([undefined, undefined]);
    const { arn } = await sts.getCallerIdentity({ ...callTo(double.url), caller: credentials });
    expect(arn).toBe('arn:aws:sts::222233334444:assumed-role/Pod/pod');
  });

  it('assumeRoleWithSaml sends what it was given, unsigned, and the credentials work', async () => {
    const assertion = new Secret(provider.assertion({ roles: [officeRole] }));
    const request = { roleArn: officeRole, principalArn: provider.saml.arn, durationSeconds: 900, assertion, ...policies };
    const credentials = await sts.assumeRoleWithSaml(request, callTo(double.url));
    const call = double.log().at(-1);
    expect(call).toMatchObject({ outcome: 'ok', params: { RoleArn: officeRole, PrincipalArn: provider.saml.arn, ...shared } });
    expect(call?.region).toBeUndefined();
    const { arn } = await sts.getCallerIdentity({ ...callTo(double.url), caller: credentials });
    expect(arn).toBe('arn:aws:sts::222233334444:assumed-role/Office/alice@office.example');
  });

  it('keys in the environment sign nothing', async () => {
    const before = { id: process.env['AWS_ACCESS_KEY_ID'], secret: process.env['AWS_SECRET_ACCESS_KEY'] };
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIAFOREIGN';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'foreign';
    try {
      await sts.assumeRoleWithWebIdentity(pod(), callTo(double.url));
      expect(double.log().at(-1)?.region).toBeUndefined();
    } finally {
      restore('AWS_ACCESS_KEY_ID', before.id);
      restore('AWS_SECRET_ACCESS_KEY', before.secret);
    }
  });

  it('a refusal is in words, with what the context knows, and without the token', async () => {
    const token = provider.token({ aud: 'somebody' });
    const context = { profile: 'dev', identity: { from: 'web_identity_token_file, /t', says: 'issued by x' } };
    const asking = sts.assumeRoleWithWebIdentity({ ...pod(), token: new Secret(token) }, { ...callTo(double.url), context });
    const error = await asking.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'aws-refused',
      message: `AWS refused AssumeRoleWithWebIdentity for ${podRole}: it does not take this web identity token: Incorrect token audience; it is issued by x (InvalidIdentityToken)`,
    });
    expect(JSON.stringify(error)).not.toContain(token);
  });

  it('a refusal that says the token or the assertion back shows neither', async () => {
    const assertion = new Secret(provider.assertion({ roles: [officeRole] }));
    const office = { roleArn: officeRole, principalArn: provider.saml.arn, durationSeconds: 900, assertion };
    const asked = pod();
    for (const [secret, ask] of [
      [asked.token, () => sts.assumeRoleWithWebIdentity(asked, callTo(double.url))],
      [assertion, () => sts.assumeRoleWithSaml(office, callTo(double.url))],
    ] as const) {
      double.fault({ kind: 'error', code: 'InvalidIdentityToken', message: `what is ${secret.reveal()}?`, times: 1 });
      const error = await ask().catch((thrown: unknown) => thrown);
      expect(String(error)).toContain('what is [secret]?');
      expect(JSON.stringify(error)).not.toContain(secret.reveal().slice(0, 40));
    }
  });
});

describe('at moto', () => {
  let moto: MotoServer;
  beforeAll(async () => {
    moto = await startMoto();
    // Nothing signs these, and its checks are of signatures.
    await moto.letEverybodyIn();
  }, 60_000);
  afterAll(() => moto.stop());

  it('assumeRoleWithWebIdentity is understood, and the credentials are whole', async () => {
    const request = { roleArn: moto.roleArn, roleSessionName: 'pod', durationSeconds: 900, token: new Secret(provider.token()) };
    const credentials = await sts.assumeRoleWithWebIdentity(request, callTo(moto.url));
    expect(Math.round((credentials.expiresAt - credentials.issuedAt) / 60_000)).toBe(15);
  });

  it('assumeRoleWithSaml is understood, and the credentials are whole', async () => {
    const assertion = new Secret(provider.assertion({ roles: [moto.roleArn], sessionSeconds: 900 }));
    const request = { roleArn: moto.roleArn, principalArn: provider.saml.arn, durationSeconds: 900, assertion };
    const credentials = await sts.assumeRoleWithSaml(request, callTo(moto.url));
    expect(Math.round((credentials.expiresAt - credentials.issuedAt) / 60_000)).toBe(15);
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
