import { describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/credentials/sts-refusal.ts';
import { isProviderSilent } from '../../src/credentials/sts-refusal-identity.ts';
import type { Refusal } from '../../src/credentials/sts-refused-call.ts';
import { type AppError, isAppError } from '../../src/errors.ts';

const roleArn = 'arn:aws:iam::222233334444:role/Pod';

function explain(awsCode: string, message = '', more: Partial<Refusal> = {}) {
  return explainRefusal({
    operation: 'AssumeRoleWithWebIdentity',
    awsCode,
    message,
    region: 'eu-west-1',
    callerKind: 'keys',
    request: { roleArn, durationSeconds: 3600 },
    context: { profile: 'dev', identity: { from: 'web_identity_token_file, /t', says: 'issued by https://i' } },
    ...more,
  });
}

/** The trust policy that stands ready to paste. */
function policyIn(error: AppError): unknown {
  const [heading, ...lines] = isAppError(error, 'aws-refused') ? (error.details.more ?? []) : [];
  expect(heading).toBe("the role's trust policy:");
  expect(lines.length).toBeGreaterThan(5);
  return JSON.parse(lines.join('\n'));
}

const trusts = (statement: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
const again = 'a new one must come from web_identity_token_file, /t; then run `rolekeeper refresh dev`';
const signIn =
  'sign in again at the identity provider, so that a new one comes from web_identity_token_file, /t; then run `rolekeeper refresh dev`';
const reach =
  "try again; if it lasts, AWS must be able to fetch the provider's public keys: see its issuer URL in IAM, Identity providers";
const compare = (list: string, from: string) =>
  `compare it with the identity provider in IAM (\`${list}\`): issuer, audience, keys; it came from ${from}`;
const trust = (operation: string) =>
  `the trust policy of ${roleArn} must allow sts:${operation} for this provider, and its conditions must fit`;

describe('a refused web identity token', () => {
  it.each([
    ['ExpiredToken', 'Token expired', 'the web identity token has expired; it is issued by https://i (ExpiredToken)'],
    ['ExpiredTokenException', '', 'the web identity token has expired'],
    ['InvalidIdentityToken', 'Incorrect token audience', 'it does not take this web identity token: Incorrect token audience'],
    ['IDPRejectedClaim', 'revoked', 'the identity provider takes back this web identity token: revoked'],
    ['IDPCommunicationError', '', 'it could not reach the identity provider'],
    [
      'AccessDenied',
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
      'the role does not trust this web identity token',
    ],
  ])('%s is explained, with the place it came from or what to do', (code, message, words) => {
    const error = explain(code, message);
    expect(error.message).toContain(`AWS refused AssumeRoleWithWebIdentity for ${roleArn}: ${words}`);
    expect(error.hint).toBeTruthy();
    expect(error.exitStatus).toBe(6);
  });

  it('the hint of an expired one names the file that must be written anew', () => {
    expect(explain('ExpiredToken').hint).toBe(
      'a new one must come from web_identity_token_file, /t; then run `rolekeeper refresh dev`',
    );
  });

  it('a denied one has the statement that the trust policy needs', () => {
    expect(policyIn(explain('AccessDenied'))).toEqual(
      trusts({
        Principal: { Federated: 'arn:aws:iam::ACCOUNT:oidc-provider/ISSUER' },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'ISSUER:aud': 'AUDIENCE', 'ISSUER:sub': 'SUBJECT' } },
      }),
    );
  });

  it.each([
    ['ExpiredToken', again],
    ['ExpiredTokenException', again],
    ['InvalidIdentityToken', compare('aws iam list-open-id-connect-providers', 'web_identity_token_file, /t')],
    ['InvalidIdentityTokenException', compare('aws iam list-open-id-connect-providers', 'web_identity_token_file, /t')],
    ['IDPRejectedClaim', signIn],
    ['IDPRejectedClaimException', signIn],
    ['AccessDenied', trust('AssumeRoleWithWebIdentity')],
    ['AccessDeniedException', trust('AssumeRoleWithWebIdentity')],
    ['IDPCommunicationErrorException', reach],
  ])('the hint of %s is %j', (code, hint) => {
    const error = explain(code);
    expect(error.hint).toBe(hint);
    expect(error.isTransient).toBe(hint === reach);
    expect(isAppError(error, 'aws-refused') && 'more' in error.details).toBe(code.startsWith('AccessDenied'));
  });

  it('is explained as well where nothing is known around it', () => {
    const bare = { request: {}, context: {} };
    const start = 'AWS refused AssumeRoleWithWebIdentity for the role:';
    const expired = explain('ExpiredToken', '', bare);
    expect(expired.message).toBe(`${start} the web identity token has expired (ExpiredToken)`);
    expect(expired.hint).toBe('a new one must come from the configuration; then run `rolekeeper refresh PROFILE`');
    expect(explain('AccessDenied', '', bare).hint).toContain('the trust policy of the role must allow');
    expect(explain('InvalidIdentityToken', '', { context: { identity: { from: 'f' } } }).message).not.toContain('; it is');
  });

  it.each([
    [' ', 'it gives no reason'],
    [' no ', 'no'],
    ['m'.repeat(300), 'm'.repeat(300)],
    ['m'.repeat(301), `${'m'.repeat(300)}…`],
  ])('repeats what AWS says, cut to a bound: %j', (message, words) => {
    expect(explain('InvalidIdentityToken', message).message).toContain(`take this web identity token: ${words}; it is`);
  });

  it('only a provider that cannot be reached goes away by itself', () => {
    expect(isProviderSilent(explain('IDPCommunicationError'))).toBe(true);
    expect(explain('IDPCommunicationError').isTransient).toBe(true);
    expect(isProviderSilent(explain('IDPRejectedClaim'))).toBe(false);
    expect(isProviderSilent(new Error('x'))).toBe(false);
  });

  it('what means the same everywhere is explained as everywhere', () => {
    for (const operation of ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'] as const) {
      expect(explain('Throttling', '', { operation }).message).toBe(
        `AWS refused ${operation} for ${roleArn}: too many requests from this account just now (Throttling)`,
      );
    }
    expect(
      explain('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.').message,
    ).toContain('more than the role allows');
  });
});

describe('a refused SAML assertion', () => {
  const saml: Partial<Refusal> = {
    operation: 'AssumeRoleWithSAML',
    context: { profile: 'dev', identity: { from: 'the command of saml_process' } },
  };

  it.each([
    [
      'ExpiredTokenException',
      'Token must be redeemed within 5 minutes of issuance',
      'the SAML assertion is too old: AWS takes it for 5 minutes',
    ],
    ['InvalidIdentityToken', 'Response signature invalid', 'it does not take this SAML assertion: Response signature invalid'],
    ['AccessDenied', '', 'the role does not trust this SAML assertion'],
  ])('%s is explained', (code, message, words) => {
    expect(explain(code, message, saml).message).toContain(words);
  });

  it('has the statement that the trust policy needs, and the list of providers to compare with', () => {
    expect(policyIn(explain('AccessDenied', '', saml))).toEqual(
      trusts({
        Principal: { Federated: 'arn:aws:iam::ACCOUNT:saml-provider/NAME' },
        Action: 'sts:AssumeRoleWithSAML',
        Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
      }),
    );
    expect(explain('InvalidIdentityToken', '', saml).hint).toBe(
      compare('aws iam list-saml-providers', 'the command of saml_process'),
    );
  });
});
