import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { certificateOf, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { toAppError } from '../../src/errors.ts';
import type { Environment } from '../../src/ports/environment.ts';

const anchor = 'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/11111111-2222';
const profile = 'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/66666666-7777';
const whole: Readonly<Record<string, string>> = {
  certificate: '/pki/client.pem',
  private_key: '~/client.key',
  trust_anchor_arn: anchor,
  profile_arn: profile,
  role_arn: 'arn:aws:iam::123456789012:role/Build',
};

function recipeOf(
  settings: Readonly<Record<string, string | undefined>>,
  { more = '', env = {} }: { readonly more?: string; readonly env?: Environment } = {},
) {
  const lines = Object.entries(settings).flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${value}\n`]));
  const text = `[profile build]\nregion = us-west-2\n\n[rolekeeper build]\n${lines.join('')}\n${more}`;
  const files = { config: parseConfigFile(text, '/config'), credentials: parseCredentialsFile('', '/credentials') };
  return resolveRecipe(parseProfileName('build'), files, env);
}

function refusal(
  settings: Readonly<Record<string, string | undefined>>,
  env: Environment = {},
): readonly [string, string | undefined] {
  try {
    recipeOf({ ...whole, ...settings }, { env });
  } catch (error) {
    const { message, hint } = toAppError(error);
    return [message, hint];
  }
  return expect.fail('it should have been refused');
}

describe('a profile with a certificate', () => {
  it('becomes one hop without keys, in the region of the trust anchor; its own region is for others', () => {
    const recipe = recipeOf(whole);
    expect(recipe.keys).toBeUndefined();
    expect(recipe.hops).toHaveLength(1);
    expect(recipe.region).toBe('us-west-2');
    expect(certificateOf(recipe)).toStrictEqual({
      kind: 'certificate',
      files: { certificate: '/pki/client.pem', privateKey: '~/client.key' },
      trustAnchorArn: anchor,
      profileArn: profile,
      request: { roleArn: 'arn:aws:iam::123456789012:role/Build', durationSeconds: 3600 },
      endpoint: { region: 'eu-central-1', useFips: false, useDualstack: false, useGlobal: false },
    });
    expect(recipe.unused).toBeUndefined();
  });

  it.each([
    [{ private_key: undefined }, { certificate: '/pki/client.pem' }],
    [
      { certificate: '~\\client.pem', intermediates: '/pki/chain.pem' },
      { certificate: '~\\client.pem', privateKey: '~/client.key', intermediates: '/pki/chain.pem' },
    ],
  ])('has the files that are written, and no others: %o', (settings, files) => {
    expect(certificateOf(recipeOf({ ...whole, ...settings }))?.files).toStrictEqual(files);
  });

  it('is never at a global endpoint, which only STS has', () => {
    expect(certificateOf(recipeOf({ ...whole, sts_regional_endpoints: 'legacy' }))?.endpoint.useGlobal).toBe(false);
  });

  it.each(['aws-cn', 'aws-us-gov'])('may be in the partition %s', (partition) => {
    const [trust_anchor_arn, profile_arn] = [anchor, profile].map((arn) => arn.replace('arn:aws:', `arn:${partition}:`));
    const hop = certificateOf(recipeOf({ ...whole, trust_anchor_arn, profile_arn }));
    expect(hop).toMatchObject({ trustAnchorArn: trust_anchor_arn, profileArn: profile_arn });
  });

  it.each<[string, (arn: string) => string]>([
    ['something before it', (arn) => `x${arn}`],
    ['something behind it', (arn) => `${arn} x`],
    ['a partition of another kind', (arn) => arn.replace('arn:aws:', 'arn:aws1:')],
    ['another service', (arn) => arn.replace('rolesanywhere', 'iam')],
    ['no region', (arn) => arn.replace('eu-central-1', '')],
    ['a region that is no host label', (arn) => arn.replace('eu-central-1', 'eu/central')],
    ['a region of 64 characters', (arn) => arn.replace('eu-central-1', 'e'.repeat(64))],
    ['11 digits', (arn) => arn.replace('123456789012', '12345678901')],
    ['13 digits', (arn) => arn.replace('123456789012', '1234567890123')],
    ['letters for digits', (arn) => arn.replace('123456789012', 'abcdefabcdef')],
    ['no id', (arn) => arn.replace(/[^/]*$/, '')],
    ['an id of 65 characters', (arn) => arn.replace(/[^/]*$/, 'e'.repeat(65))],
    ['an id with a slash', (arn) => `${arn}/x`],
  ])('refuses an ARN with %s', (_what, change) => {
    const refused = ([key, arn, resource]: readonly [string, string, string]) => {
      expect(refusal({ [key]: change(arn) })).toStrictEqual([
        `profile "build": ${key}: ${JSON.stringify(change(arn))} is no such ARN, as arn:aws:rolesanywhere:eu-west-1:123456789012:${resource}/ID`,
        `change ${key} in [rolekeeper build]`,
      ]);
    };
    refused(['trust_anchor_arn', anchor, 'trust-anchor']);
    refused(['profile_arn', profile, 'profile']);
  });

  it('takes an ARN with the longest region and id, and shows 200 characters of one that is too long', () => {
    const long = (arn: string) => arn.replace('eu-central-1', 'e'.repeat(63)).replace(/[^/]*$/, 'e'.repeat(64));
    const hop = certificateOf(recipeOf({ ...whole, trust_anchor_arn: long(anchor), profile_arn: long(profile) }));
    expect([hop?.trustAnchorArn, hop?.endpoint.region]).toEqual([long(anchor), 'e'.repeat(63)]);
    expect(refusal({ profile_arn: 'x'.repeat(300) })[0]).toContain(`profile_arn: "${'x'.repeat(200)}" is`);
  });

  it('may be the source of other roles, which are chained', () => {
    const more =
      '[rolekeeper far]\nrole_arn = arn:aws:iam::222233334444:role/Far\nsource_profile = build\nduration_seconds = 7200\n';
    const lines = Object.entries(whole).map(([key, value]) => `${key} = ${value}\n`);
    const config = parseConfigFile(`[rolekeeper build]\n${lines.join('')}\n${more}`, '/config');
    const files = { config, credentials: parseCredentialsFile('', '/credentials') };
    const recipe = resolveRecipe(parseProfileName('far'), files, {});
    expect(recipe.hops.map(({ kind }) => kind)).toEqual(['certificate', 'role']);
    expect(recipe.hops[1]).toMatchObject({ request: { durationSeconds: 3600 } });
    // The session of a role behind a certificate is called after the person, whatever is in the subject.
    const [, step] = stepsOf(recipe, 'certificate of CN=a/b; DNS:x/rolekeeper-alice');
    expect(step).toMatchObject({ request: { roleSessionName: 'rolekeeper-alice' } });
  });

  it.each([
    [
      'AWS_ENDPOINT_URL_ROLESANYWHERE',
      { env: { AWS_ENDPOINT_URL_ROLESANYWHERE: 'https://one.example', AWS_ENDPOINT_URL: 'https://two.example' } },
      {},
      'https://one.example',
    ],
    [
      'the services section',
      { more: '[services own]\nrolesanywhere =\n  endpoint_url = https://three.example\n' },
      { services: 'own' },
      'https://three.example',
    ],
    ['endpoint_url', {}, { endpoint_url: 'https://four.example' }, 'https://four.example'],
  ])('takes its endpoint from %s', (_where, surroundings, settings, url) => {
    expect(certificateOf(recipeOf({ ...whole, ...settings }, surroundings))?.endpoint.url).toBe(url);
  });

  it('has another key id for every setting that changes the answer', () => {
    const idOf = (settings: Readonly<Record<string, string>>) => stepsOf(recipeOf({ ...whole, ...settings }), 'p').at(-1)?.id;
    const changes: readonly Readonly<Record<string, string>>[] = [
      {},
      { certificate: '/pki/other.pem' },
      { private_key: '/pki/other.key' },
      { intermediates: '/pki/chain.pem' },
      { trust_anchor_arn: anchor.replace('2222', '3333') },
      { profile_arn: profile.replace('7777', '3333') },
      { role_arn: 'arn:aws:iam::123456789012:role/Other' },
      { duration_seconds: '7200' },
      { role_session_name: 'laptop' },
      { endpoint_url: 'https://four.example' },
    ];
    expect(new Set(changes.map(idOf)).size).toBe(changes.length);
    expect(stepsOf(recipeOf(whole), 'somebody else').at(-1)?.id).not.toBe(idOf({}));
  });

  const relative = 'a relative path means another file for each program';
  const inFull = 'write it in full, or from ~/, in [rolekeeper build]';
  const inModule = 'keys in a security module or TPM are not for this version';
  const byHelper =
    'use aws_signing_helper as the credential_process of a profile of its own, and name that profile as source_profile';
  const refusals: readonly (readonly [string, Readonly<Record<string, string | undefined>>, string])[] = [
    ...['trust_anchor_arn', 'profile_arn'].map(
      (key) =>
        [`${key}: there is none, and a certificate needs it`, { [key]: undefined }, `add ${key} to [rolekeeper build]`] as const,
    ),
    ['certificate: there is none', { certificate: undefined }, 'add certificate to [rolekeeper build]'],
    ['it has certificate but no role_arn', { role_arn: undefined }, 'add role_arn to [rolekeeper build]'],
    [
      'trust_anchor_arn is in eu-central-1 and profile_arn in eu-west-1; AWS wants both in one region',
      { profile_arn: profile.replace('eu-central-1', 'eu-west-1') },
      'change one of them in [rolekeeper build]',
    ],
    ...['client.pem', '../x', '~', '~x/y', 'x~/y', 'pkcs11', 'xpkcs11:y'].map(
      (path) => [`certificate: ${relative}`, { certificate: path }, inFull] as const,
    ),
    [`private_key: ${relative}`, { private_key: '../client.key' }, inFull],
    [`intermediates: ${relative}`, { intermediates: 'chain.pem' }, inFull],
    [`private_key: ${inModule}`, { private_key: 'pkcs11:token=x' }, byHelper],
    [`private_key: ${inModule}`, { private_key: 'handle:0x81000001' }, byHelper],
    [
      'duration_seconds: "60" is not a number of seconds from 900 to 43200',
      { duration_seconds: '60' },
      'change duration_seconds in [rolekeeper build]',
    ],
    ...[
      'external_id',
      'source_identity',
      'policy',
      'policy_arns',
      'tags',
      'transitive_tag_keys',
      'mfa_serial',
      'source_profile',
    ].map(
      (key) =>
        [
          `${key}: IAM Roles Anywhere takes none for the role of a certificate`,
          { [key]: 'x' },
          'take it out of [rolekeeper build]; policies and tags are set in the Roles Anywhere profile',
        ] as const,
    ),
  ];
  it.each(refusals)('is refused: %s (%o)', (problem, settings, hint) => {
    expect(refusal(settings)).toStrictEqual([`profile "build": ${problem}`, hint]);
  });

  it('is refused: an endpoint that is none', () => {
    expect(refusal({}, { AWS_ENDPOINT_URL_ROLESANYWHERE: 'nowhere' })).toStrictEqual([
      'profile "build": AWS_ENDPOINT_URL_ROLESANYWHERE = "nowhere" is not a URL',
      'check endpoint_url of [rolekeeper build]',
    ]);
  });
});
