import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainRefusal, isClockRefusal } from '../../src/credentials/sts-refusal.ts';
import type { Refusal } from '../../src/credentials/sts-refused-call.ts';
import { isAppError, recallError } from '../../src/errors.ts';

const roleArn = 'arn:aws:iam::222233334444:role/apps/Dev';
const aliceArn = 'arn:aws:iam::123456789012:user/team/alice';

const base: Refusal = {
  operation: 'AssumeRole',
  awsCode: 'AccessDenied',
  message: `User: ${aliceArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  httpStatus: 403,
  region: 'eu-west-1',
  callerKind: 'keys',
  request: { roleArn, durationSeconds: 3600 },
  context: { profile: 'dev', loginTarget: 'corp', callerArn: aliceArn },
};

const signatureExpired = 'Signature expired: 20260102T030000Z is now earlier than 20260102T033000Z (20260102T034500Z - 15 min.)';
const notYetCurrent =
  'Signature not yet current: 20260102T060000Z is still later than 20260102T031500Z (20260102T030000Z + 15 min.)';
const wrongSecret =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key.';

// Its hint was to store another key, which nobody would have looked at.
const ofCaller = { profile: 'job', areKeysOfCaller: true } as const;
const setAnew = 'set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary keys, AWS_SESSION_TOKEN anew in that environment';
const setTheClock = 'set the clock (`sudo timedatectl set-ntp true` on Linux), then try again';

// What AWS says → text and hint, whole.
const table: readonly [string, Partial<Refusal>, { readonly code?: string; readonly text: string; readonly hint: string }][] = [
  [
    'a wrong or used MFA code',
    {
      operation: 'GetSessionToken',
      message: 'MultiFactorAuthentication failed with invalid MFA one time pass code. ',
      request: { mfaSerial: 'arn:aws:iam::123456789012:mfa/alice' },
    },
    {
      code: 'mfa-refused',
      text: 'AWS refused the MFA code for arn:aws:iam::123456789012:mfa/alice: it is wrong, or was used before',
      hint: 'wait for the next code (30 s at most), then run `rolekeeper login corp`',
    },
  ],
  [
    'a wrong mfa_serial',
    {
      message:
        'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user. ',
      request: { roleArn, mfaSerial: 'arn:aws:iam::123456789012:mfa/bob' },
    },
    {
      code: 'mfa-refused',
      text: 'AWS refused the MFA code for arn:aws:iam::123456789012:mfa/bob: this user has no such MFA device',
      hint: 'check mfa_serial of profile "dev" (`aws iam list-mfa-devices` shows the right one)',
    },
  ],
  [
    'a security key as MFA device',
    {
      message: 'MultiFactorAuthentication failed, unable to validate MFA code. ',
      request: { roleArn, mfaSerial: 'arn:aws:iam::123456789012:u2f/user/alice/key' },
    },
    {
      code: 'mfa-refused',
      text: 'AWS refused the MFA code for arn:aws:iam::123456789012:u2f/user/alice/key: AWS takes no passkey or security key for API calls',
      hint: 'add an authenticator app as a second device in IAM and name its ARN in mfa_serial',
    },
  ],
  [
    'a session that ended',
    { awsCode: 'ExpiredToken', message: 'The security token included in the request is expired', callerKind: 'session' },
    { code: 'login-needed', text: 'the session for "dev" has ended (ExpiredToken)', hint: 'run `rolekeeper login corp`' },
  ],
  [
    'a session that ended, of nobody in particular',
    { awsCode: 'ExpiredTokenException', message: 'expired', callerKind: 'session', context: {} },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the session has ended (ExpiredTokenException)`,
      hint: 'run `rolekeeper login`',
    },
  ],
  [
    'temporary credentials in a file that ended',
    { awsCode: 'ExpiredToken', message: 'expired' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the temporary credentials in the file have ended (ExpiredToken)`,
      hint: 'put new ones there, or store long-term keys: `rolekeeper add corp`',
    },
  ],
  [
    'temporary credentials in the environment that ended',
    { awsCode: 'ExpiredToken', message: 'expired', context: ofCaller },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the temporary credentials in the environment have ended (ExpiredToken)`,
      hint: setAnew,
    },
  ],
  [
    'an unknown access key in the environment',
    { awsCode: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.', context: ofCaller },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not know this access key: deleted, inactive, or of another partition (InvalidClientTokenId)`,
      hint: setAnew,
    },
  ],
  [
    'a role before it that ended',
    { awsCode: 'ExpiredToken', message: 'expired', callerKind: 'role' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the credentials of the role before it have ended (ExpiredToken)`,
      hint: 'run `rolekeeper refresh --force dev`',
    },
  ],
  [
    'an unknown access key',
    { awsCode: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not know this access key: deleted, inactive, or of another partition (InvalidClientTokenId)`,
      hint: 'check the key in IAM and the region of "dev"; `rolekeeper add corp` stores a new one',
    },
  ],
  [
    'an unknown session',
    { awsCode: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.', callerKind: 'session' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not know this session: revoked, or of another partition (InvalidClientTokenId)`,
      hint: 'run `rolekeeper login corp`',
    },
  ],
  [
    'a clock that is behind',
    { awsCode: 'SignatureDoesNotMatch', message: signatureExpired },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is 45 minutes behind (SignatureDoesNotMatch)`,
      hint: 'set the clock (`sudo timedatectl set-ntp true` on Linux), then try again',
    },
  ],
  [
    'a clock that is ahead',
    { awsCode: 'InvalidSignatureException', message: notYetCurrent },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is 3 hours ahead (InvalidSignatureException)`,
      hint: 'set the clock (`sudo timedatectl set-ntp true` on Linux), then try again',
    },
  ],
  [
    'a request that expired',
    { awsCode: 'RequestExpired', message: 'Request has expired.' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is off (RequestExpired)`,
      hint: 'set the clock (`sudo timedatectl set-ntp true` on Linux), then try again',
    },
  ],
  [
    'a wrong secret key',
    { awsCode: 'SignatureDoesNotMatch', message: wrongSecret },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the secret access key does not belong to this access key id (SignatureDoesNotMatch)`,
      hint: 'type the pair again: `rolekeeper add corp`',
    },
  ],
  [
    'a damaged session',
    { awsCode: 'SignatureDoesNotMatch', message: wrongSecret, callerKind: 'role' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the stored session is damaged (SignatureDoesNotMatch)`,
      hint: 'run `rolekeeper login corp`',
    },
  ],
  [
    'a region of another endpoint',
    { awsCode: 'SignatureDoesNotMatch', message: 'Credential should be scoped to a valid region. ' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: region "eu-west-1" is not one of this endpoint (SignatureDoesNotMatch)`,
      hint: 'check region and endpoint_url of "dev"',
    },
  ],
  [
    'a duration over the role’s own',
    {
      awsCode: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      request: { roleArn, durationSeconds: 14_400 },
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: duration_seconds = 14400 is more than the role allows (its MaxSessionDuration, 3600 unless somebody raised it) (ValidationError)`,
      hint: 'lower duration_seconds of "dev", or have the role\'s raised: `aws iam update-role --role-name Dev --max-session-duration 14400`',
    },
  ],
  [
    'a duration over the chaining cap',
    {
      awsCode: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      request: { roleArn, durationSeconds: 7200 },
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: duration_seconds = 7200 is more than the hour that AWS allows a role behind a session or another role (ValidationError)`,
      hint: 'set duration_seconds = 3600 for "dev"',
    },
  ],
  [
    'a region that is switched off',
    { awsCode: 'RegionDisabledException', message: 'STS is not activated in this region.' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: STS is switched off in eu-west-1 for this account (RegionDisabledException)`,
      hint: 'set a region where it is on (us-east-1 always is) for "dev", or have it switched on: IAM, Account settings, STS',
    },
  ],
  [
    'a session policy that is no policy',
    { awsCode: 'MalformedPolicyDocument', message: 'This policy contains invalid Json' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the session policy is not valid: This policy contains invalid Json (MalformedPolicyDocument)`,
      hint: 'check policy of "dev"',
    },
  ],
  [
    'a session policy that is too long',
    { awsCode: 'PackedPolicyTooLarge', message: 'Packed policy consumes 134% of allotted space, please use smaller policy.' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: policy, policy_arns and tags together are too long: Packed policy consumes 134% of allotted space, please use smaller policy. (PackedPolicyTooLarge)`,
      hint: 'shorten policy, policy_arns or tags of "dev"',
    },
  ],
  [
    'a parameter that does not pass',
    {
      awsCode: 'ValidationError',
      message:
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not take this role_session_name: Member must satisfy regular expression pattern: [\\w+=,.@-]* (ValidationError)`,
      hint: 'check role_session_name of "dev"',
    },
  ],
  [
    'a session asked for with temporary credentials',
    { operation: 'GetSessionToken', message: 'Cannot call GetSessionToken with session credentials', request: {} },
    {
      text: 'AWS refused GetSessionToken: these are temporary credentials already, and a session needs the long-term keys of an IAM user (AccessDenied)',
      hint: 'store such keys: `rolekeeper add dev`',
    },
  ],
  [
    'the root user',
    {
      message: 'Roles may not be assumed by root accounts.',
      context: { profile: 'dev', callerArn: 'arn:aws:iam::123456789012:root' },
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the root user cannot assume roles (AccessDenied)`,
      hint: 'use the keys of an IAM user',
    },
  ],
  [
    'an explicit deny',
    { message: `${base.message} with an explicit deny in a service control policy` },
    {
      text: `AWS refused AssumeRole for ${roleArn}: ${aliceArn} is not allowed to assume ${roleArn}: a service control policy denies it (AccessDenied)`,
      hint: 'a deny wins over every allow: whoever owns that service control policy must lift it',
    },
  ],
  [
    'a clock that is a minute behind, at least',
    {
      awsCode: 'SignatureDoesNotMatch',
      message: 'Signature expired: 20260102T030000Z x 20260102T030000Z (20260102T030010Z - 15 min.)',
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is 1 minute behind (SignatureDoesNotMatch)`,
      hint: setTheClock,
    },
  ],
  [
    'a clock that is just not two hours ahead',
    {
      awsCode: 'SignatureDoesNotMatch',
      message: 'Signature not yet current: 20260102T045900Z x 20260102T030000Z (20260102T030000Z)',
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is 119 minutes ahead (SignatureDoesNotMatch)`,
      hint: setTheClock,
    },
  ],
  [
    'a clock that is two hours ahead',
    {
      awsCode: 'SignatureDoesNotMatch',
      message: 'Signature not yet current: 20260102T050000Z x 20260102T030000Z (20260102T030000Z)',
    },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is 2 hours ahead (SignatureDoesNotMatch)`,
      hint: setTheClock,
    },
  ],
  [
    'a clock that is off, where AWS tells one time only',
    { awsCode: 'InvalidSignatureException', message: 'Signature expired: 20260102T030000Z is old' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: this computer's clock is off (InvalidSignatureException)`,
      hint: setTheClock,
    },
  ],
  [
    'a wrong secret key, by the other code',
    { awsCode: 'InvalidSignatureException', message: wrongSecret },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the secret access key does not belong to this access key id (InvalidSignatureException)`,
      hint: 'type the pair again: `rolekeeper add corp`',
    },
  ],
  [
    'an unknown access key, by the other code, of nobody in particular',
    { awsCode: 'UnrecognizedClientException', message: 'x', context: {} },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not know this access key: deleted, inactive, or of another partition (UnrecognizedClientException)`,
      hint: 'check the key in IAM and the region of "PROFILE"; `rolekeeper add PROFILE` stores a new one',
    },
  ],
  [
    'a session policy that is no policy, by the other code',
    { awsCode: 'MalformedPolicyDocumentException', message: 'x' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: the session policy is not valid: x (MalformedPolicyDocumentException)`,
      hint: 'check policy of "dev"',
    },
  ],
  [
    'a session policy that is too long, by the other code',
    { awsCode: 'PackedPolicyTooLargeException', message: 'x' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: policy, policy_arns and tags together are too long: x (PackedPolicyTooLargeException)`,
      hint: 'shorten policy, policy_arns or tags of "dev"',
    },
  ],
  [
    'a duration over what nobody named',
    { message: 'The requested DurationSeconds exceeds the MaxSessionDuration', awsCode: 'ValidationError', request: {} },
    {
      text: 'AWS refused AssumeRole: duration_seconds is more than the role allows (its MaxSessionDuration, 3600 unless somebody raised it) (ValidationError)',
      hint: 'lower duration_seconds of "dev", or have the role\'s raised: `aws iam update-role --role-name ROLE --max-session-duration 3600`',
    },
  ],
  [
    'a parameter that is no setting',
    { awsCode: 'ValidationError', message: "Value at 'other' failed to satisfy constraint: c" },
    {
      text: `AWS refused AssumeRole for ${roleArn}: Value at 'other' failed to satisfy constraint: c (ValidationError)`,
      hint: 'see the recipe: `rolekeeper status dev`',
    },
  ],
  [
    'a parameter with another code',
    { awsCode: 'OtherError', message: "Value at 'tags' failed" },
    {
      text: `AWS refused AssumeRole for ${roleArn}: Value at 'tags' failed (OtherError)`,
      hint: 'see the recipe: `rolekeeper status dev`',
    },
  ],
  [
    'a parameter without a constraint',
    { awsCode: 'ValidationError', message: "Value at 'tags' failed" },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it does not take this tags: Value at 'tags' failed (ValidationError)`,
      hint: 'check tags of "dev"',
    },
  ],
  [
    'a wrong MFA code for a device that has no name here',
    {
      message: 'MultiFactorAuthentication failed with invalid MFA one time pass code.',
      request: {},
      context: { profile: 'dev' },
    },
    {
      code: 'mfa-refused',
      text: 'AWS refused the MFA code for the MFA device: it is wrong, or was used before',
      hint: 'wait for the next code (30 s at most), then run `rolekeeper login dev`',
    },
  ],
  [
    'what is forbidden and no role',
    { operation: 'GetCallerIdentity', message: 'no' },
    {
      text: 'AWS refused GetCallerIdentity: no (AccessDenied)',
      hint: 'see the recipe: `rolekeeper status dev`',
    },
  ],
  [
    'something else',
    { awsCode: 'OptInRequired', message: 'You must sign up first' },
    {
      text: `AWS refused AssumeRole for ${roleArn}: You must sign up first (OptInRequired)`,
      hint: 'see the recipe: `rolekeeper status dev`',
    },
  ],
  [
    'nothing at all',
    { awsCode: 'Odd', message: ' ', context: {} },
    {
      text: `AWS refused AssumeRole for ${roleArn}: it gives no reason (Odd)`,
      hint: 'see the recipe: `rolekeeper status PROFILE`',
    },
  ],
];

describe('explainRefusal', () => {
  it.each(table)('explains %s', (_what, refusal, { code = 'aws-refused', text, hint }) => {
    const error = explainRefusal({ ...base, ...refusal });
    expect({ code: error.code, text: error.message, hint: error.hint, isTransient: error.isTransient }).toEqual({
      code,
      text,
      hint,
      isTransient: false,
    });
  });

  const tooMany = 'too many requests from this account just now';
  const itsFault = 'a fault on its own side';

  it.each([
    ['RequestLimitExceeded', 400, tooMany],
    ['RequestThrottled', 400, tooMany],
    ['SlowDown', 400, tooMany],
    ['Throttling', 400, tooMany],
    ['ThrottlingException', 400, tooMany],
    ['TooManyRequestsException', 400, tooMany],
    ['Unknown', 429, tooMany],
    ['IDPCommunicationError', 400, itsFault],
    ['IDPCommunicationErrorException', 400, itsFault],
    ['InternalError', 400, itsFault],
    ['InternalFailure', 400, itsFault],
    ['PriorRequestNotComplete', 400, itsFault],
    ['ServiceFailure', 400, itsFault],
    ['ServiceUnavailable', 400, itsFault],
    ['ServiceUnavailableException', 400, itsFault],
    ['Unknown', 500, itsFault],
  ])('takes %s with status %i as passing: %s', (awsCode, httpStatus, words) => {
    const error = explainRefusal({ ...base, awsCode, httpStatus, message: 'whatever' });
    expect(error.message).toBe(`AWS refused AssumeRole for ${roleArn}: ${words} (${awsCode})`);
    expect(error.hint).toBe('this goes away by itself; try again in a minute');
    expect(error.isTransient).toBe(true);
  });

  it('takes a throttled call as passing where there is no status', () => {
    const { httpStatus: _, ...bare } = { ...base, awsCode: 'Throttling' };
    expect(explainRefusal(bare).isTransient).toBe(true);
  });

  it.each([
    ['roleArn', 'role_arn'],
    ['roleSessionName', 'role_session_name'],
    ['durationSeconds', 'duration_seconds'],
    ['externalId', 'external_id'],
    ['serialNumber', 'mfa_serial'],
    ['sourceIdentity', 'source_identity'],
    ['policy', 'policy'],
    ['policyArns.1.member', 'policy_arns'],
    ['tags.2.member.key', 'tags'],
    ['transitiveTagKeys', 'transitive_tag_keys'],
  ])('names the setting behind %s', (member, setting) => {
    const message = `1 validation error detected: Value '' at '${member}' failed to satisfy constraint: c`;
    const error = explainRefusal({ ...base, awsCode: 'ValidationError', message });
    expect(error.message).toContain(`: it does not take this ${setting}: c (ValidationError)`);
    expect(error.hint).toBe(`check ${setting} of "dev"`);
  });

  it('says whose clock it was only for clock errors', () => {
    expect(isClockRefusal({ awsCode: 'SignatureDoesNotMatch', message: signatureExpired })).toBe(true);
    expect(isClockRefusal({ awsCode: 'SignatureDoesNotMatch', message: wrongSecret })).toBe(false);
    expect(isClockRefusal({ awsCode: 'AccessDenied', message: signatureExpired })).toBe(false);
    expect(isClockRefusal({ awsCode: 'SignatureDoesNotMatch', message: `no ${signatureExpired}` })).toBe(false);
    expect(isClockRefusal({ awsCode: 'RequestTimeTooSkewed', message: '' })).toBe(true);
    expect(isClockRefusal({ awsCode: 'RequestInTheFuture', message: '' })).toBe(true);
  });

  it('says that a code was wrong, so that it is asked for again', () => {
    const message = 'MultiFactorAuthentication failed with invalid MFA one time pass code.';
    const error = explainRefusal({ ...base, message });
    expect(isAppError(error, 'mfa-refused') && error.details.isCodeWrong).toBe(true);
  });

  it('has statements to paste only where they may help', () => {
    const error = explainRefusal({ ...base, awsCode: 'Odd' });
    expect(isAppError(error, 'aws-refused') && 'more' in error.details).toBe(false);
  });

  it('repeats no more of what an endpoint says than 300 characters, and 64 of its code', () => {
    const said = (length: number, code: number) =>
      explainRefusal({ ...base, message: 'm'.repeat(length), awsCode: 'c'.repeat(code) }).message;
    expect(said(300, 64)).toBe(`AWS refused AssumeRole for ${roleArn}: ${'m'.repeat(300)} (${'c'.repeat(64)})`);
    expect(said(301, 65)).toBe(`AWS refused AssumeRole for ${roleArn}: ${'m'.repeat(300)}… (${'c'.repeat(64)}…)`);
  });

  it('keeps its words through a state file', () => {
    for (const [, refusal] of table) {
      const error = explainRefusal({ ...base, ...refusal });
      const { code, details } = JSON.parse(JSON.stringify(error.toStored()));
      expect(recallError(code, details)?.message).toBe(error.message);
    }
  });

  it('whatever AWS says becomes one printable line of bounded length', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5000 });
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom('AssumeRole', 'GetSessionToken', 'GetCallerIdentity'),
        (awsCode, message, operation) => {
          const error = explainRefusal({ ...base, awsCode, message, operation });
          const shown = `${error.message} ${error.hint ?? ''}`;
          expect(shown.length).toBeLessThan(1200);
          expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        },
      ),
    );
  });
});

describe('explainRefusal, AccessDenied on AssumeRole', () => {
  function statements(refusal: Partial<Refusal>): readonly unknown[] {
    const error = explainRefusal({ ...base, ...refusal });
    if (!isAppError(error, 'aws-refused') || !('more' in error.details)) throw new Error('there should be statements');
    const blocks = (error.details.more ?? []).join('\n').split(/^\d\. .*:$/m);
    return blocks.filter((block) => block.trim() !== '').map((block) => JSON.parse(block));
  }

  function headings(refusal: Partial<Refusal>): readonly string[] {
    const error = explainRefusal({ ...base, ...refusal });
    return isAppError(error, 'aws-refused') && 'more' in error.details
      ? (error.details.more ?? []).filter((line) => /^\d/.test(line))
      : [];
  }

  const policy = (statement: object) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }],
  });

  it('says who may not do what, and how to see the statements', () => {
    const error = explainRefusal(base);
    expect(error.message).toBe(
      `AWS refused AssumeRole for ${roleArn}: ${aliceArn} is not allowed to assume ${roleArn} (AccessDenied)`,
    );
    expect(error.hint).toBe(
      '`rolekeeper refresh --force dev` prints the policy statements to paste: one that allows the caller, one with which the role trusts it; if the role asks for it, set external_id or mfa_serial',
    );
  });

  it('prints the statement that the caller lacks and the one that the role needs', () => {
    expect(headings({})).toEqual([
      `1. Attach this policy to ${aliceArn}:`,
      `2. Make this the trust policy of ${roleArn}, or add its statement to the one that is there:`,
    ]);
    expect(statements({})).toEqual([policy({ Resource: roleArn }), policy({ Principal: { AWS: aliceArn } })]);
  });

  it('asks the role for the conditions that the recipe meets', () => {
    const request = { ...base.request, externalId: 'ext-1', mfaSerial: 'arn:aws:iam::123456789012:mfa/alice' };
    expect(statements({ request })[1]).toEqual(
      policy({
        Principal: { AWS: aliceArn },
        Condition: { StringEquals: { 'sts:ExternalId': 'ext-1' }, Bool: { 'aws:MultiFactorAuthPresent': 'true' } },
      }),
    );
    expect(explainRefusal({ ...base, request }).hint).not.toContain('if the role asks');
  });

  it('says what stands in the recipe and was not sent', () => {
    const unused = ['"externalid" in [rolekeeper dev]', '"mfa" in [rolekeeper dev]'];
    expect(explainRefusal({ ...base, context: { ...base.context, unused } }).hint).toMatch(
      /set external_id or mfa_serial; not sent, since it is no setting: "externalid" in \[rolekeeper dev\], "mfa" in \[rolekeeper dev\]$/,
    );
    const request = { ...base.request, externalId: 'x', mfaSerial: 'm' };
    expect(explainRefusal({ ...base, request }).hint).toMatch(/one with which the role trusts it$/);
  });

  it('has words and statements where neither role nor caller is known', () => {
    const nobody = { message: 'no', request: {}, context: {} };
    expect(explainRefusal({ ...base, ...nobody }).message).toBe(
      'AWS refused AssumeRole: the caller is not allowed to assume the role (AccessDenied)',
    );
    expect(headings(nobody)[0]).toBe('1. Attach this policy to the caller:');
    expect(statements(nobody)).toEqual([policy({ Resource: '' }), policy({ Principal: { AWS: 'ARN-OF-THE-CALLER' } })]);
  });

  it('explains the other code of the same', () => {
    const awsCode = 'AccessDeniedException';
    expect(headings({ awsCode })).toHaveLength(2);
  });

  it('counts no MFA of a session that was made without', () => {
    expect(statements({ callerKind: 'session' })[1]).toEqual(policy({ Principal: { AWS: aliceArn } }));
  });

  it('counts the MFA of a session, for the role behind it and no further', () => {
    const context = { ...base.context, sessionMfaSerial: 'arn:aws:iam::123456789012:mfa/alice' };
    const mfa = { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } };
    expect(statements({ context, callerKind: 'session' })[1]).toEqual(policy({ Principal: { AWS: aliceArn }, ...mfa }));
    expect(statements({ context, callerKind: 'role' })[1]).toEqual(policy({ Principal: { AWS: aliceArn } }));
  });

  it('names the role behind a role session, with the path left to a person', () => {
    const message = `User: arn:aws-cn:sts::123456789012:assumed-role/Hub/alice is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
    const refusal = { message, context: { profile: 'dev' }, callerKind: 'role' as const };
    expect(headings(refusal)[0]).toBe(
      "1. Attach this policy to arn:aws-cn:iam::123456789012:role/Hub (with the role's path, if it has one):",
    );
    expect(statements(refusal)[1]).toEqual(policy({ Principal: { AWS: 'arn:aws-cn:iam::123456789012:role/Hub' } }));
  });

  it('prefers the role ARN of the recipe to what the session name gives', () => {
    const callerArn = 'arn:aws:iam::123456789012:role/apps/Hub';
    expect(headings({ context: { ...base.context, callerArn }, callerKind: 'role' })[0]).toBe(
      `1. Attach this policy to ${callerArn}:`,
    );
  });

  it('allows tags and a source identity where they are sent', () => {
    const request = { ...base.request, hasTags: true, sourceIdentity: 'alice' };
    const actions = { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] };
    expect(statements({ request })).toEqual([
      policy({ ...actions, Resource: roleArn }),
      policy({ ...actions, Principal: { AWS: aliceArn } }),
    ]);
  });
});
