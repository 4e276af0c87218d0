import { describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/credentials/sts-refusal.ts';
import type { Refusal } from '../../src/credentials/sts-refused-call.ts';

const refusal = (more: Partial<Refusal>): Refusal => ({
  operation: 'CreateAccessKey',
  awsCode: 'AccessDenied',
  message: 'User is not authorized',
  region: 'eu-west-1',
  callerKind: 'keys',
  request: {},
  context: { profile: 'dev', loginTarget: 'corp', callerArn: 'arn:aws:iam::123456789012:user/alice' },
  ...more,
});

describe("IAM's refusals", () => {
  it('to keys alone lead to a login, since many policies want MFA', () => {
    const error = explainRefusal(refusal({}));
    expect(error.message).toContain('may not do this with the keys alone (AccessDenied)');
    expect(error.hint).toContain('`rolekeeper login corp`');
    expect(error.hint).toContain('iam:UpdateAccessKey');
  });

  it('to a session lead to the policy', () => {
    const { hint } = explainRefusal(refusal({ callerKind: 'session' }));
    expect(hint).not.toContain('login');
    expect(hint).toContain('iam:DeleteAccessKey on arn:aws:iam::123456789012:user/alice');
  });

  it.each([
    ['LimitExceeded', 'has two access keys already'],
    ['NoSuchEntity', 'no such user or access key'],
    ['InvalidClientTokenId', 'does not know this access key'],
    ['Throttling', 'too many requests'],
  ])('%s is told in words', (awsCode, words) => {
    expect(explainRefusal(refusal({ awsCode })).message).toContain(words);
  });

  it('the same code means in STS what it meant before', () => {
    const error = explainRefusal(refusal({ operation: 'GetCallerIdentity' }));
    expect(error.hint).not.toContain('iam:');
  });
});
