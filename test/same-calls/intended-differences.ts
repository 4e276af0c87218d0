// Where rolekeeper means to do other than botocore, and why. docs/sources.md has the same list; a test compares them.

import { findSection, parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import type { Pair } from './compare.ts';
import { essence, type Works } from './essence.ts';

export interface IntendedDifference {
  readonly name: string;
  readonly reason: string;
  readonly applies: (pair: Pair) => boolean;
}

/** The first that applies explains a pair. */
export const intendedDifferences: readonly IntendedDifference[] = [
  {
    name: 'no region',
    reason: "without a region botocore asks nobody; rolekeeper takes one of the role's partition",
    applies: ({ ours, theirs }) => ours.kind === 'works' && refusedWith(theirs, /^NoRegionError/),
  },
  {
    name: 'lowered duration',
    reason:
      'a duration over the limit for a role behind temporary credentials is lowered with a note, and what another program gives counts as such; botocore has AWS refuse it',
    applies: ({ ours, theirs }) =>
      ours.kind === 'works' &&
      (theirs.kind === 'works'
        ? essence(ours) === essence(withAnHour(theirs, 'AssumeRole', (seconds) => seconds > 3600))
        : refusedWith(theirs, /1 hour session limit for roles assumed by role chaining/)),
  },
  {
    name: 'unreadable duration',
    reason: 'duration_seconds that is no number is refused with its line; botocore leaves it out without a word',
    applies: ({ ours, theirs }) =>
      theirs.kind === 'works' && refusedWith(ours, /duration_seconds: .* is not a number of seconds/),
  },
  {
    name: 'machine by default',
    reason:
      'a profile that names no source is an error: a misspelt setting would give away the role of the machine. botocore goes on to container and instance',
    applies: ({ ours, theirs }) =>
      theirs.kind === 'works' &&
      /^(iam-role|container-role)$/.test(theirs.start) &&
      refusedWith(ours, /^keys-missing|has no sso_account_id, sso_role_name/),
  },
  {
    name: 'duration of a web identity',
    reason: 'duration_seconds counts for a web identity as well; botocore leaves it out',
    applies: ({ ours, theirs }) =>
      ours.kind === 'works' &&
      theirs.kind === 'works' &&
      essence(withAnHour(ours, 'AssumeRoleWithWebIdentity', () => true)) === essence(theirs),
  },
  {
    name: 'name of a profile with a console sign-in',
    reason:
      'the AWS CLI is asked for such a profile by its name in a shell command, so that blanks and the like in it are refused',
    applies: ({ ours, theirs }) =>
      theirs.kind === 'works' && refusedWith(ours, /its name holds characters that a shell would read/),
  },
  {
    name: 'sign-in beside a role',
    reason:
      'botocore looks for a bearer token wherever sso_session stands, and stops where its section is missing; rolekeeper has no use for it beside a role',
    applies: ({ ours, theirs }) => ours.kind === 'works' && refusedWith(theirs, /configured to use the SSO token provider/),
  },
  {
    name: 'MFA behind a role',
    reason: 'AWS takes a code only where the keys of a user sign; botocore sends it whoever signs, and is refused',
    applies: ({ ours, theirs }) =>
      ours.kind === 'works' &&
      refusedWith(theirs, /unable to validate MFA code/) &&
      theirs.calls.at(-1)?.params['SerialNumber'] !== undefined,
  },
  {
    name: 'MFA beside keys',
    reason:
      "mfa_serial beside keys makes the day's session, which every role behind them then has; botocore looks at it beside role_arn only",
    applies: (pair) =>
      hasDeviceBesideKeys(pair) &&
      (pair.ours.kind === 'works' ? refusedWith(pair.theirs, /AccessDenied/) : refusedWith(pair.ours, /^mfa-refused/)),
  },
];

function refusedWith(verdict: Pair['ours'], words: RegExp): boolean {
  return verdict.kind === 'refused' && words.test(verdict.why);
}

/** As if AWS's own hour were asked for where a call asks for such a duration. */
function withAnHour(verdict: Works, operation: string, fits: (seconds: number) => boolean): Works {
  const calls = verdict.calls.map((call) =>
    call.operation === operation && fits(Number(call.params['DurationSeconds']))
      ? { ...call, params: { ...call.params, DurationSeconds: '3600' } }
      : call,
  );
  return { ...verdict, calls };
}

function hasDeviceBesideKeys({ one }: Pair): boolean {
  const [config, credentials] = [parseConfigFile(one.config, 'config'), parseCredentialsFile(one.credentials, 'credentials')];
  return config.sections.some(
    ({ type, name, settings }) =>
      type === 'profile' &&
      settings.has('mfa_serial') &&
      (settings.has('aws_access_key_id') ||
        findSection(credentials, 'profile', name)?.settings.has('aws_access_key_id') === true),
  );
}
