import { describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/credentials/sts-refusal.ts';
import { isProviderSilent } from '../../src/credentials/sts-refusal-identity.ts';
import type { Refusal } from '../../src/credentials/sts-refused-call.ts';
import { isAppError } from '../../src/errors.ts';

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
    const error = explain('AccessDenied');
    const more = isAppError(error, 'aws-refused') ? error.details.more?.join('\n') : '';
    expect(more).toContain('"Action": "sts:AssumeRoleWithWebIdentity"');
  });

  it('only a provider that cannot be reached goes away by itself', () => {
    expect(isProviderSilent(explain('IDPCommunicationError'))).toBe(true);
    expect(explain('IDPCommunicationError').isTransient).toBe(true);
    expect(isProviderSilent(explain('IDPRejectedClaim'))).toBe(false);
    expect(isProviderSilent(new Error('x'))).toBe(false);
  });

  it('what means the same everywhere is explained as everywhere', () => {
    expect(explain('Throttling').message).toContain('too many requests');
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
});
