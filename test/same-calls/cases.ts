// Config files as people and tools mix them: a chain of profiles over all sources, then slips of the hand, leftovers and precedences.

import { pick, type Random, randomNumbers } from '../harness/random-numbers.ts';
import { ignoredSettings } from './ignored-settings.ts';
import { roleArn, users } from './people.ts';
import { type Made, names, role, type Settings, slips, some, start } from './sources.ts';

/** Texts with `$STS` and the like where a side's own places go. */
export interface Case {
  readonly config: string;
  readonly credentials: string;
  readonly profile: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The same cases for the same seed. */
export function makeCases(seed: number, count: number): readonly Case[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => makeCase(random));
}

/** One profile's settings in either file. */
interface Profile {
  readonly name: string;
  readonly config: Settings;
  readonly credentials: Settings;
}

function makeCase(random: Random): Case {
  const length = 1 + random(4);
  const chain = shuffled(names, random).slice(0, length);
  const place = pick(places, random);
  const profiles = chain.map((name, index) => {
    const next = slips(random, 30) ? pick([...names, name, 'missing'], random) : chain[index + 1];
    const made = mixed(next === undefined || slips(random, 10) ? start(random) : role(next, random), random);
    return { name, config: { ...common(random), ...place.settings, ...made.config }, credentials: made.credentials };
  });
  const [front] = chain;
  return {
    config:
      shuffled(
        profiles
          .filter((one) => one.name === front || !isEmpty(one.config) || isEmpty(one.credentials))
          .map((one) => section(one, random)),
        random,
      ).join('\n') +
      services +
      defaults(random),
    credentials: profiles
      .filter(({ credentials }) => !isEmpty(credentials))
      .map(({ name, credentials }) => `[${name}]\n${lines(credentials)}`)
      .join('\n'),
    profile: front ?? 'default',
    env: { ...place.env, ...surroundings(random) },
  };
}

const center = { AWS_ENDPOINT_URL_SSO: '$CENTER' };

/** Where STS and Identity Center are said to be. */
const places: readonly { readonly env: Settings; readonly settings: Settings }[] = [
  { env: { ...center, AWS_ENDPOINT_URL_STS: '$STS', AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, settings: {} },
  { env: { ...center, AWS_ENDPOINT_URL: '$STS' }, settings: { endpoint_url: 'http://127.0.0.1:9' } },
  { env: center, settings: { endpoint_url: '$STS' } },
  { env: {}, settings: { services: 'local', endpoint_url: 'http://127.0.0.1:9' } },
];

const services = `
[services local]
sts =
  endpoint_url = $STS
sso =
  endpoint_url = $CENTER

[sso-session corp]
sso_start_url = $START
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
`;

/** What every section of the file inherits. */
function defaults(random: Random): string {
  return slips(random, 8)
    ? `\n[DEFAULT]\n${lines({ ...some(random, 2, { region: 'eu-west-3' }), role_session_name: 'of-all' })}`
    : '';
}

function surroundings(random: Random): Settings {
  return {
    ...(slips(random, 5) ? {} : { AWS_EC2_METADATA_SERVICE_ENDPOINT: '$MACHINE' }),
    ...some(random, 2, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: '$MACHINE/container',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: '$AUTHORIZATION',
    }),
    ...(slips(random, 4) ? {} : { AWS_ACCESS_KEY_ID: users[1].accessKeyId, AWS_SECRET_ACCESS_KEY: users[1].secretAccessKey }),
    ...some(random, 8, { AWS_WEB_IDENTITY_TOKEN_FILE: '$HOME/token', AWS_ROLE_ARN: roleArn('Pod') }),
    ...some(random, 4, { AWS_PROFILE: pick(names, random) }),
    ...(slips(random, 12) ? {} : { AWS_DEFAULT_REGION: 'us-west-2' }),
    ...some(random, 4, { AWS_REGION: 'us-east-2' }),
  };
}

/** What is no matter of credentials, and some that looks like it. */
function common(random: Random): Settings {
  return {
    ...some(random, 2, { region: pick(['eu-west-1', 'us-east-1'], random) }),
    ...some(random, 3, Object.fromEntries([pick(ignoredSettings, random), pick(ignoredSettings, random)])),
    ...some(random, 12, { sts_regional_endpoints: pick(['legacy', 'regional'], random) }),
  };
}

/** With what is left of another source, or already there for another one. */
function mixed(made: Made, random: Random): Made {
  if (!slips(random, 7)) return made;
  const other = slips(random, 4) ? role(pick(names, random), random) : start(random);
  const [under, over] = slips(random, 2) ? [made, other] : [other, made];
  return { config: { ...under.config, ...over.config }, credentials: { ...under.credentials, ...over.credentials } };
}

function section({ name, config }: Profile, random: Random): string {
  const header = name === 'default' ? pick(['default', 'profile default'], random) : pick(headersOf(name), random);
  return `[${header}]\n${lines(config)}`;
}

function headersOf(name: string): readonly string[] {
  return name.includes(' ') ? [`profile "${name}"`, `profile '${name}'`] : [`profile ${name}`, `profile "${name}"`];
}

function lines(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
}

function isEmpty(settings: Settings): boolean {
  return Object.keys(settings).length === 0;
}

function shuffled<T>(all: readonly T[], random: Random): readonly T[] {
  return all
    .map((one) => ({ one, at: random(1 << 30) }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
