import { AssumeRoleWithSAMLCommand, AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StsDouble, startStsDouble } from '../../src/sandbox/sts-double.ts';
import { openIdentityProvider } from '../harness/identity-provider.ts';

const provider = openIdentityProvider();
const stranger = openIdentityProvider();
const podRole = 'arn:aws:iam::222233334444:role/Pod';
const officeRole = 'arn:aws:iam::222233334444:role/Office';
const otherRole = 'arn:aws:iam::222233334444:role/Other';

let double: StsDouble;
let client: STSClient;
beforeAll(async () => {
  double = await startStsDouble({
    users: [],
    providers: [provider.oidc, provider.saml],
    roles: [
      {
        arn: podRole,
        trust: [{ principals: [provider.oidc.arn], actions: ['sts:AssumeRoleWithWebIdentity'], subject: 'pod:one' }],
      },
      { arn: officeRole, trust: [{ principals: [provider.saml.arn], actions: ['sts:AssumeRoleWithSAML'] }] },
      { arn: otherRole, trust: [{ principals: [provider.oidc.arn, provider.saml.arn] }] },
    ],
  });
  client = new STSClient({ region: 'eu-west-1', endpoint: double.url, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await double.stop();
});

describe('AssumeRoleWithWebIdentity', () => {
  const ask = (token: string, RoleArn = podRole, more = {}) =>
    client.send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'one', WebIdentityToken: token, ...more }));

  it('takes a token of a provider that the role trusts, without a signature', async () => {
    const reply = await ask(provider.token());
    expect(reply).toMatchObject({
      Credentials: { AccessKeyId: expect.stringMatching(/^ASIA/) },
      AssumedRoleUser: { Arn: 'arn:aws:sts::222233334444:assumed-role/Pod/one' },
      SubjectFromWebIdentityToken: 'pod:one',
      Audience: 'sts.amazonaws.com',
    });
    const call = double.log().at(-1);
    expect(call).toMatchObject({ operation: 'AssumeRoleWithWebIdentity', outcome: 'ok' });
    expect(call?.region).toBeUndefined();
    expect(Object.keys(call?.params ?? {})).not.toContain('WebIdentityToken');
  });

  const past = Math.floor(Date.now() / 1000) - 10;
  it.each([
    ['an expired token', () => provider.token({ exp: past }), 'ExpiredTokenException'],
    ['another audience', () => provider.token({ aud: 'somebody' }), 'InvalidIdentityTokenException'],
    ['an unknown issuer', () => provider.token({ iss: 'https://other.example' }), 'InvalidIdentityTokenException'],
    ["a stranger's signature", () => stranger.token(), 'InvalidIdentityTokenException'],
    ['no token', () => 'nothing', 'InvalidIdentityTokenException'],
    ['another subject', () => provider.token({ sub: 'pod:two' }), 'AccessDenied'],
  ])('refuses %s', async (_what, token, name) => {
    await expect(ask(token())).rejects.toMatchObject({ name });
  });

  it('refuses a role whose trust does not name the operation, and one that lives too long', async () => {
    await expect(ask(provider.token(), otherRole)).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(ask(provider.token(), podRole, { DurationSeconds: 7200 })).rejects.toThrow('MaxSessionDuration');
  });

  it('refuses a token that was changed after it was signed', async () => {
    const [head, body = '', signature] = provider.token({ sub: 'pod:two' }).split('.');
    const claims = Buffer.from(body, 'base64url').toString().replace('pod:two', 'pod:one');
    await expect(ask([head, Buffer.from(claims).toString('base64url'), signature].join('.'))).rejects.toMatchObject({
      name: 'InvalidIdentityTokenException',
    });
  });
});

describe('AssumeRoleWithSAML', () => {
  const ask = (assertion: string, RoleArn = officeRole, PrincipalArn = provider.saml.arn) =>
    client.send(new AssumeRoleWithSAMLCommand({ RoleArn, PrincipalArn, SAMLAssertion: assertion }));

  it.each(['saml:', 'saml2:', ''])('takes an assertion whose elements begin with "%s"', async (prefix) => {
    expect(await ask(provider.assertion({ roles: [officeRole], prefix }))).toMatchObject({
      Credentials: { AccessKeyId: expect.stringMatching(/^ASIA/) },
      AssumedRoleUser: { Arn: 'arn:aws:sts::222233334444:assumed-role/Office/alice@office.example' },
      Issuer: 'https://office.example/saml',
      Subject: 'alice',
    });
  });

  const old = Date.now() - 6 * 60_000;
  it.each([
    ['an old assertion', () => provider.assertion({ roles: [officeRole], issuedAt: old }), 'ExpiredTokenException'],
    ['another audience', () => provider.assertion({ roles: [officeRole], audience: 'x' }), 'InvalidIdentityTokenException'],
    ["a stranger's signature", () => stranger.assertion({ roles: [officeRole] }), 'InvalidIdentityTokenException'],
    [
      'a session without a name',
      () => provider.assertion({ roles: [officeRole], sessionName: '' }),
      'InvalidIdentityTokenException',
    ],
    ['another role', () => provider.assertion({ roles: [otherRole] }), 'AccessDenied'],
    ['no assertion', () => 'bm90aGluZw==', 'InvalidIdentityTokenException'],
  ])('refuses %s', async (_what, assertion, name) => {
    await expect(ask(assertion())).rejects.toMatchObject({ name });
  });

  it('refuses another provider, and a role that does not trust this one', async () => {
    const assertion = provider.assertion({ roles: [officeRole, otherRole] });
    await expect(ask(assertion, officeRole, `${provider.saml.arn}-2`)).rejects.toThrow("Specified provider doesn't exist");
    await expect(ask(assertion, otherRole)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
