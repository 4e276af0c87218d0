import { describe, expect, it } from 'vitest';
import { explainSessionRefusal, type SessionRefusal } from '../../src/credentials/roles-anywhere-refusal.ts';
import { isAppError } from '../../src/errors.ts';

interface Told {
  readonly words: string;
  readonly hint: string;
}

type Row = readonly [string, Partial<SessionRefusal>, Told];

const roleArn = 'arn:aws:iam::123456789012:role/Build';
const trustAnchorArn = 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/1111';
const profileArn = 'arn:aws:rolesanywhere:eu-west-1:123456789012:profile/6666';
const now = Date.UTC(2026, 0, 2);

const base: SessionRefusal = {
  awsCode: 'AccessDeniedException',
  message: '',
  httpStatus: 403,
  profile: 'dev',
  path: '/home/alice/alice.pem',
  certificate: {
    subject: 'CN=alice',
    identity: 'CN=alice',
    serial: '7',
    der: Buffer.from(''),
    validFrom: now,
    validTo: now + 1,
  },
  hasIntermediates: false,
  roleArn,
  trustAnchorArn,
  profileArn,
  now,
};

const certificate = (more: Partial<SessionRefusal['certificate']>) => ({ certificate: { ...base.certificate, ...more } });
const chain = 'check trust_anchor_arn; where other certificates stand between the two, name their file as intermediates of "dev"';
const unknownIssuer = 'the trust anchor does not know the issuer of CN=alice';
const wrongKind =
  'the certificate is not of the kind that it takes: version 3, no CA, key usage "digital signature", SHA-256 or better';
const anotherCertificate = 'look at it with `openssl x509 -noout -text -in /home/alice/alice.pem`, and have another one made';
const eitherOr = 'either the role does not let this certificate in, or the Roles Anywhere profile does not list the role';
const letIn = `list ${roleArn} in ${profileArn}, and let rolesanywhere.amazonaws.com into its trust policy`;
const enable = (what: string, id: string, where: string) =>
  `whoever administers it runs \`aws rolesanywhere enable-${what} --${what}-id ${id} --region ${where}\``;
const unlikeSigned = 'check the clock, and the proxy if there is one: it must not change requests';

// What AWS says → text and hint, whole.
const table: readonly Row[] = [
  [
    'a certificate that has just ended, whatever AWS says',
    { message: 'Untrusted signing certificate', ...certificate({ validTo: now }) },
    {
      words: 'the certificate of CN=alice ended at 2026-01-02T00:00:00Z',
      hint: 'put a renewed one there: /home/alice/alice.pem',
    },
  ],
  [
    'a certificate that is not valid yet',
    certificate({ validFrom: now + 1000, validTo: now + 2000 }),
    {
      words: 'the certificate of CN=alice is not valid before 2026-01-02T00:00:01Z',
      hint: 'wait for that time, or put another one there: /home/alice/alice.pem',
    },
  ],
  ...['Signature expired: x', 'Signature has expired', 'Signature not yet current', 'Clock skew', 'Request has expired'].map(
    (message): Row => [
      `a clock that is off: ${message}`,
      { message },
      { words: `the clock of this computer is off: ${message}`, hint: 'set the clock: `timedatectl`' },
    ],
  ),
  [
    'a trust anchor that is switched off',
    { message: 'Trust Anchor is disabled for this profile' },
    { words: `the trust anchor ${trustAnchorArn} is switched off`, hint: enable('trust-anchor', '1111', 'eu-central-1') },
  ],
  [
    'what is switched off and has no name',
    { message: 'not enabled' },
    { words: `the trust anchor ${trustAnchorArn} is switched off`, hint: enable('trust-anchor', '1111', 'eu-central-1') },
  ],
  [
    'a profile that is switched off',
    { message: 'Profile is disabled' },
    { words: `the profile ${profileArn} is switched off`, hint: enable('profile', '6666', 'eu-west-1') },
  ],
  [
    'a trust anchor that is not there',
    { awsCode: 'ResourceNotFoundException', message: 'Trust anchor not found' },
    { words: 'there is no such trust anchor: Trust anchor not found', hint: 'check trust_anchor_arn of "dev"' },
  ],
  [
    'a profile that is not there',
    { awsCode: 'ResourceNotFoundException', message: 'Profile not found' },
    { words: 'there is no such profile: Profile not found', hint: 'check profile_arn of "dev"' },
  ],
  [
    'a certificate that was revoked',
    { message: 'Certificate revoked' },
    { words: 'the certificate of CN=alice was revoked', hint: 'have a new one made, and put it there: /home/alice/alice.pem' },
  ],
  ...['Session name not accepted', 'roleSessionName may not be given'].map(
    (message): Row => [
      `a name of the session: ${message}`,
      { message },
      {
        words: `its profile takes no role_session_name: ${message}`,
        hint: `take role_session_name out of "dev", or have acceptRoleSessionName switched on in ${profileArn}`,
      },
    ],
  ),
  ...[
    'Unable to assume role',
    'not authorized to assume it',
    'not authorized to perform: sts:AssumeRole',
    'Role is not in the profile',
    'The role has no such trust',
  ].map(
    (message): Row => [`a role that lets nobody in: ${message}`, { message }, { words: `${message}: ${eitherOr}`, hint: letIn }],
  ),
  ...['Untrusted signing certificate', 'Untrusted certificate', 'No trust chain'].map(
    (message): Row => [`an issuer that is unknown: ${message}`, { message }, { words: unknownIssuer, hint: chain }],
  ),
  [
    'an issuer that is unknown, with certificates between',
    { message: 'Untrusted signing certificate', hasIntermediates: true },
    { words: unknownIssuer, hint: 'check trust_anchor_arn and intermediates of "dev"' },
  ],
  [
    'a certificate of another kind',
    { message: 'Untrusted certificate. Insufficient certificate' },
    { words: wrongKind, hint: anotherCertificate },
  ],
  [
    'a signature that is another',
    { message: 'Invalid signature' },
    { words: 'the signature is not the one that it expects: Invalid signature', hint: unlikeSigned },
  ],
  [
    'a signature that is another, by its code alone',
    { awsCode: 'InvalidSignatureException', message: ' ' },
    { words: 'the signature is not the one that it expects: it gives no reason', hint: unlikeSigned },
  ],
  ...(
    [
      ['durationSeconds is too small', 'duration_seconds'],
      ['Value of duration seconds', 'duration_seconds'],
      ['trustAnchorArn is malformed', 'trust_anchor_arn'],
      ['trust anchor', 'trust_anchor_arn'],
      ['profileArn is malformed', 'profile_arn'],
      ['Profile ARN', 'profile_arn'],
      ['roleArn is malformed', 'role_arn'],
      ['Role ARN', 'role_arn'],
    ] as const
  ).map(
    ([message, setting]): Row => [
      `a setting: ${message}`,
      { awsCode: 'ValidationException', message },
      { words: `it does not take this ${setting}: ${message}`, hint: `check ${setting} of "dev"` },
    ],
  ),
  [
    'a setting that has no name',
    { awsCode: 'ValidationException', message: 'wrong' },
    { words: 'wrong', hint: 'check the settings of "dev"' },
  ],
  [
    'something else',
    { message: ' whatever ' },
    { words: 'whatever', hint: 'check trust_anchor_arn, profile_arn and role_arn of "dev"' },
  ],
  ['nothing', {}, { words: 'it gives no reason', hint: 'check trust_anchor_arn, profile_arn and role_arn of "dev"' }],
];

describe('explainSessionRefusal', () => {
  it.each(table)('explains %s', (_what, refusal, { words, hint }) => {
    const { awsCode } = { ...base, ...refusal };
    const error = explainSessionRefusal({ ...base, ...refusal });
    expect({ text: error.message, hint: error.hint, isTransient: error.isTransient }).toEqual({
      text: `AWS refused CreateSession for ${roleArn}: ${words} (${awsCode})`,
      hint,
      isTransient: false,
    });
  });

  it.each([
    ['ThrottlingException', 400],
    ['TooManyRequestsException', 400],
    ['InternalServerException', 400],
    ['ServiceUnavailable', 400],
    ['Unknown', 500],
    ['Unknown', 429],
  ])('takes %s with status %i as passing, before all else', (awsCode, httpStatus) => {
    const error = explainSessionRefusal({ ...base, awsCode, httpStatus, message: 'slow', ...certificate({ validTo: now }) });
    expect(error.message).toContain(': slow (');
    expect([error.isTransient, error.hint]).toEqual([true, 'this goes away by itself; try again in a minute']);
  });

  it('has the trust policy ready, to paste as it is', () => {
    const error = explainSessionRefusal({ ...base, message: 'Unable to assume role' });
    const [first, ...policy] = isAppError(error, 'aws-refused') ? (error.details.more ?? []) : [];
    expect(first).toBe(`The trust policy of ${roleArn} must have:`);
    expect(policy.length).toBeGreaterThan(10);
    expect(JSON.parse(policy.join('\n'))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'rolesanywhere.amazonaws.com' },
          Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
          Condition: { ArnEquals: { 'aws:SourceArn': trustAnchorArn } },
        },
      ],
    });
  });

  it('repeats no more of what an endpoint says than 300 characters, and 64 of its code', () => {
    const whole = explainSessionRefusal({ ...base, awsCode: 'c'.repeat(64), message: 'm'.repeat(300) });
    expect(whole.message).toContain(`: ${'m'.repeat(300)} (${'c'.repeat(64)})`);
    const cut = explainSessionRefusal({ ...base, awsCode: 'c'.repeat(65), message: 'm'.repeat(301) });
    expect(cut.message).toContain(`: ${'m'.repeat(300)}… (${'c'.repeat(64)}…)`);
  });
});
