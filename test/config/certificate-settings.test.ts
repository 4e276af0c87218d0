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

function refusal(settings: Readonly<Record<string, string | undefined>>): string {
  try {
    recipeOf({ ...whole, ...settings });
  } catch (error) {
    const { message, hint } = toAppError(error);
    return `${message} | ${hint ?? ''}`;
  }
  return expect.fail('it should have been refused');
}

describe('a profile with a certificate', () => {
  it('becomes one hop without keys, in the region of the trust anchor; its own region is for others', () => {
    const recipe = recipeOf(whole);
    expect(recipe.keys).toBeUndefined();
    expect(recipe.hops).toHaveLength(1);
    expect(recipe.region).toBe('us-west-2');
    expect(certificateOf(recipe)).toMatchObject({
      files: { certificate: '/pki/client.pem', privateKey: '~/client.key' },
      trustAnchorArn: anchor,
      profileArn: profile,
      request: { roleArn: 'arn:aws:iam::123456789012:role/Build', durationSeconds: 3600 },
      endpoint: { region: 'eu-central-1', useGlobal: false },
    });
    expect(recipe.unused).toBeUndefined();
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

  const refusals: readonly (readonly [string, Readonly<Record<string, string | undefined>>, string])[] = [
    ['trust_anchor_arn: there is none', { trust_anchor_arn: undefined }, 'add trust_anchor_arn to [rolekeeper build]'],
    ['profile_arn: there is none', { profile_arn: undefined }, 'add profile_arn to [rolekeeper build]'],
    ['certificate: there is none', { certificate: undefined }, 'add certificate to [rolekeeper build]'],
    ['it has certificate but no role_arn', { role_arn: undefined }, 'add role_arn to [rolekeeper build]'],
    ['is no such ARN', { trust_anchor_arn: profile }, 'change trust_anchor_arn'],
    ['is no such ARN', { profile_arn: `${profile}/../x` }, 'change profile_arn'],
    ['AWS wants both in one region', { profile_arn: profile.replace('eu-central-1', 'eu-west-1') }, 'change one of them'],
    ['a relative path', { certificate: 'client.pem' }, 'write it in full, or from ~/'],
    ['a relative path', { private_key: '../client.key' }, 'write it in full, or from ~/'],
    ['security module', { private_key: 'pkcs11:token=x' }, 'aws_signing_helper'],
    ['security module', { private_key: 'handle:0x81000001' }, 'aws_signing_helper'],
    ['duration_seconds', { duration_seconds: '60' }, 'change duration_seconds'],
    ...[
      'external_id',
      'source_identity',
      'policy',
      'policy_arns',
      'tags',
      'transitive_tag_keys',
      'mfa_serial',
      'source_profile',
    ].map((key) => [`${key}: IAM Roles Anywhere takes none`, { [key]: 'x' }, 'take it out'] as const),
  ];
  it.each(refusals)('is refused: %s (%o)', (problem, settings, hint) => {
    const words = refusal(settings);
    expect(words).toContain(problem);
    expect(words).toContain(hint);
  });
});
