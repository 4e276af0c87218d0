// What one profile holds for each way to credentials that botocore has, with a slip of the hand now and then.

import { pick, type Random } from '../harness/random-numbers.ts';
import { roleArn, users } from './people.ts';

export type Settings = Readonly<Record<string, string>>;

/** One profile's settings in the two files. */
export interface Made {
  readonly config: Settings;
  readonly credentials: Settings;
}

export const names = ['default', 'dev', 'prod', 'my team', 'a.b@c', 'corp'] as const;

/** Of the MFA device that the codes are of. */
const device = users[0].mfa?.serial ?? '';

/** A role behind this profile. */
export function role(source: string, random: Random): Made {
  return inConfig({ ...roleSettings(random), source_profile: source }, random);
}

function roleSettings(random: Random): Settings {
  const name = slips(random, 6)
    ? pick(['Guarded', 'External', 'External', 'Nobody'], random)
    : pick(['One', 'Two', 'path/Three'], random);
  return {
    role_arn: roleArn(name),
    ...some(random, name === 'Guarded' ? 1 : 12, { mfa_serial: device }),
    ...some(random, name === 'External' ? 1 : 6, { external_id: slips(random, 8) ? 'ext-2' : 'ext-1' }),
    ...some(random, 3, { role_session_name: pick(['someone', 'at-work'], random) }),
    ...some(random, 3, {
      duration_seconds: slips(random, 8) ? pick(['long', '3600.5'], random) : pick(['900', '3600', '1800', '7200'], random),
    }),
  };
}

/** Any way to begin a chain. */
export function start(random: Random): Made {
  return pick(starts, random)(random);
}

const starts: readonly ((random: Random) => Made)[] = [
  keys,
  keys,
  keys,
  (random) => inConfig({ ...roleSettings(random), credential_source: machineSource(random) }, random),
  (random) => inConfig({ ...roleSettings(random), credential_source: machineSource(random) }, random),
  webIdentity,
  webIdentity,
  program,
  program,
  consoleSignIn,
  identityCenter,
  identityCenter,
  identityCenter,
  (random) => inConfig(some(random, 2, { credential_source: machineSource(random) }), random),
];

function machineSource(random: Random): string {
  return pick(
    ['Ec2InstanceMetadata', 'EcsContainer', 'Environment', slips(random, 2) ? 'environment' : 'Ec2InstanceMetadata'],
    random,
  );
}

function webIdentity(random: Random): Made {
  return inConfig(
    {
      ...some(random, 10, { source_profile: pick(names, random) }),
      ...(slips(random, 12) ? {} : { role_arn: roleArn(slips(random, 16) ? 'One' : 'Pod') }),
      ...some(random, 3, { role_session_name: 'pod-1' }),
      ...some(random, 4, { duration_seconds: pick(['900', '3600'], random) }),
      web_identity_token_file: slips(random, 12) ? '$HOME/none' : '$HOME/token',
    },
    random,
  );
}

/** Another program, whose document is in a file. */
function program(random: Random): Made {
  const name = slips(random, 6) ? pick(['ended', 'broken', 'none'], random) : pick(['unending', 'temporary'], random);
  return inConfig({ credential_process: `cat "$HOME/${name}.json"` }, random);
}

/** By a section, or in the old form. */
function identityCenter(random: Random): Made {
  const place = { sso_start_url: '$START', sso_region: slips(random, 16) ? 'us-east-1' : 'eu-west-1' };
  const session = { sso_session: slips(random, 16) ? 'missing' : 'corp', ...some(random, 8, place) };
  const account = { sso_account_id: '222233334444' };
  const name = { sso_role_name: slips(random, 16) ? 'Nobody' : pick(['Admin', 'ReadOnly'], random) };
  const half = pick([name, account], random);
  const where = slips(random, 3) ? place : session;
  if (slips(random, 16)) return inConfig({ ...where, ...half }, random);
  return inConfig({ ...where, ...(slips(random, 16) ? {} : { ...account, ...name }) }, random);
}

function consoleSignIn(random: Random): Made {
  return inConfig({ login_session: `arn:aws:iam::123456789012:user/${slips(random, 6) ? 'nobody' : 'alice'}` }, random);
}

function keys(random: Random): Made {
  const user = users[slips(random, 4) ? 1 : 0];
  const ofUser = { aws_access_key_id: user.accessKeyId, aws_secret_access_key: user.secretAccessKey };
  const temporary = {
    aws_access_key_id: '$TEMPORARY_ID',
    aws_secret_access_key: '$TEMPORARY_SECRET',
    [pick(['aws_session_token', 'aws_security_token'], random)]: '$TEMPORARY_TOKEN',
  };
  const all = slips(random, 6) ? temporary : { ...ofUser, ...some(random, 30, { aws_secret_access_key: 'wrong/secret' }) };
  const found = slips(random, 30) ? { aws_access_key_id: all.aws_access_key_id } : all;
  const beside = some(random, 8, { mfa_serial: device });
  return slips(random, 3) ? { config: { ...found, ...beside }, credentials: {} } : { config: beside, credentials: found };
}

/** Most of the time in the config file; `aws` takes all of it in the credentials file too. */
function inConfig(settings: Settings, random: Random): Made {
  return slips(random, 10) ? { config: {}, credentials: settings } : { config: settings, credentials: {} };
}

/** These settings once in so many times. */
export function some(random: Random, one: number, settings: Settings): Settings {
  return random(one) === 0 ? settings : {};
}

/** True once in so many times. */
export function slips(random: Random, one: number): boolean {
  return random(one) === 0;
}
