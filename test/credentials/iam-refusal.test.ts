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

  const twoKeys = [
    'the user has two access keys already',
    'see them: `aws iam list-access-keys`, and delete the one nobody uses',
  ] as const;
  const noSuch = ['there is no such user or access key any more', 'look into IAM: `aws iam list-access-keys`'] as const;

  it.each([
    ['LimitExceeded', ...twoKeys],
    ['LimitExceededException', ...twoKeys],
    ['NoSuchEntity', ...noSuch],
    ['NoSuchEntityException', ...noSuch],
  ])('%s is told in words: %s', (awsCode, words, hint) => {
    const error = explainRefusal(refusal({ awsCode, operation: 'ListAccessKeys' }));
    expect([error.message, error.hint]).toEqual([`AWS refused ListAccessKeys: ${words} (${awsCode})`, hint]);
    expect(error.isTransient).toBe(false);
  });

  it.each(['AccessDenied', 'AccessDeniedException'])('%s needs no names around it to be told in words', (awsCode) => {
    const error = explainRefusal(refusal({ awsCode, context: {} }));
    expect(error.message).toContain('the caller may not do this with the keys alone');
    expect(error.hint).toContain('`rolekeeper login PROFILE`');
    expect(explainRefusal(refusal({ awsCode, context: {}, callerKind: 'session' })).message).toBe(
      `AWS refused CreateAccessKey: the caller may not do this (${awsCode})`,
    );
  });

  it.each([
    ['InvalidClientTokenId', 'does not know this access key'],
    ['Throttling', 'too many requests'],
    ['EntityTemporarilyUnmodifiable', 'User is not authorized'],
  ])('%s means what it means everywhere', (awsCode, words) => {
    expect(explainRefusal(refusal({ awsCode })).message).toContain(words);
  });

  it('the same code means in STS what it meant before', () => {
    const error = explainRefusal(refusal({ operation: 'GetCallerIdentity' }));
    expect(error.hint).not.toContain('iam:');
  });
});
