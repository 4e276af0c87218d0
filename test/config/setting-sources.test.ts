import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { hopSources, keysSources, profileOfHop, type SettingSource } from '../../src/config/setting-sources.ts';
import type { Environment } from '../../src/ports/environment.ts';

const serial = 'arn:aws:iam::123456789012:mfa/alice';

function arn(name: string): string {
  return `arn:aws:iam::222233334444:role/${name}`;
}

const usual = `[profile corp]
region = eu-west-1
mfa_serial = ${serial}

[profile dev]
region = eu-central-1

[rolekeeper dev]
role_arn = ${arn('Dev')}
source_profile = corp
external_id = ext-1
duration_seconds = 7200
session = none

[rolekeeper far]
role_arn = ${arn('Far')}
source_profile = mid
duration_seconds = 7200

[rolekeeper mid]
role_arn = ${arn('Mid')}
source_profile = corp
session_duration_seconds = 900
`;

function given(profile: string, { config = usual, env = {} }: { config?: string; env?: Environment } = {}) {
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile('', 'credentials') };
  const recipe = resolveRecipe(parseProfileName(profile), files, env);
  return {
    recipe,
    keys: () => keysSources(recipe, files),
    hops: recipe.hops.map((_hop, index) => hopSources(recipe, index, { files, env })),
  };
}

function of(key: string, settings: readonly SettingSource[] | undefined): SettingSource | undefined {
  return settings?.find((setting) => setting.key === key);
}

function at(line: number) {
  return { kind: 'file', path: 'config', line };
}

function byDefault(words: string) {
  return { kind: 'default', words };
}

describe('setting sources', () => {
  it('hopSources names the line of each value of a role', () => {
    const [settings] = given('dev').hops;
    expect(of('role_arn', settings)).toEqual({ key: 'role_arn', value: arn('Dev'), place: at(9) });
    expect(of('source_profile', settings)).toMatchObject({ value: 'corp', place: at(10) });
    expect(of('region', settings)).toMatchObject({ value: 'eu-central-1', place: at(6) });
    expect(of('mfa_serial', settings)).toMatchObject({ value: serial, place: at(3) });
    expect(of('role_session_name', settings)).toMatchObject({ place: { kind: 'default' } });
  });

  it('hopSources names an external id and does not show it', () => {
    expect(of('external_id', given('dev').hops[0])).toEqual({ key: 'external_id', place: at(11) });
  });

  it('hopSources gives a session the settings of keys and roles, wherever they are', () => {
    const { hops, recipe } = given('far');
    expect(recipe.hops.map(({ kind }) => kind)).toEqual(['session', 'role', 'role']);
    expect(of('session_duration_seconds', hops[0])).toMatchObject({ value: '900', place: at(23) });
    expect(of('region', hops[0])).toMatchObject({ value: 'eu-west-1', place: at(2) });
    expect(recipe.hops.map((_hop, index) => profileOfHop(recipe, index))).toEqual([undefined, 'mid', 'far']);
    expect(of('role_arn', hops[2])).toMatchObject({ value: arn('Far') });
    // As it is written, and not as it was lowered: durationCaps says so.
    expect(of('duration_seconds', hops[2])).toStrictEqual({ key: 'duration_seconds', value: '7200', place: at(18) });
  });

  it('hopSources names the variable that gives an endpoint or a region', () => {
    const config = `[rolekeeper open]\nrole_arn = ${arn('Open')}\nsource_profile = bare\n[rolekeeper bare]\nsession = none\n`;
    const env = { AWS_REGION: 'eu-north-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const [settings] = given('open', { config, env }).hops;
    expect(of('region', settings)?.place).toEqual({ kind: 'environment', variable: 'AWS_REGION' });
    expect(of('endpoint_url', settings)).toMatchObject({ place: { kind: 'environment', variable: 'AWS_ENDPOINT_URL' } });
  });

  it('hopSources finds an endpoint in the services section', () => {
    const config = `[profile open]\nrole_arn = ${arn('Open')}\nsource_profile = bare\nservices = here\n[profile bare]\nregion = eu-west-1\n[services here]\nsts =\n  endpoint_url = http://127.0.0.1:2\n`;
    expect(of('endpoint_url', given('open', { config }).hops.at(-1))).toMatchObject({ place: at(9) });
  });

  it('keysSources says whether the name of the keys is written or the name of the profile', () => {
    expect(given('dev').keys()).toEqual([
      { key: 'keys', value: 'corp', place: { kind: 'default', words: 'the name of the profile' } },
    ]);
    const config = '[rolekeeper me]\nkeys = other\n';
    expect(given('me', { config }).keys()).toEqual([{ key: 'keys', value: 'other', place: at(2) }]);
  });
});

describe('hopSources, whole', () => {
  const everything = `[profile corp]
aws_access_key_id = AKIA
aws_secret_access_key = secret
mfa_serial = ${serial}
mfa_process = code
[rolekeeper dev]
role_arn = ${arn('Dev')}
source_profile = corp
role_session_name = me
duration_seconds = 7200
external_id = ext-1
source_identity = alice
policy = {"Version":"2012-10-17"}
policy_arns = arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B
session_tags = a=b
transitive_session_tags = a, b
region = eu-west-1
endpoint_url = http://127.0.0.1:1
interactive = yes
`;

  it('a role has all that is written of it, in the order of AWS; what is confidential without its words', () => {
    expect(given('dev', { config: everything }).hops).toStrictEqual([
      [
        { key: 'role_arn', value: arn('Dev'), place: at(7) },
        { key: 'source_profile', value: 'corp', place: at(8) },
        { key: 'role_session_name', value: 'me', place: at(9) },
        { key: 'duration_seconds', value: '7200', place: at(10) },
        { key: 'external_id', place: at(11) },
        { key: 'source_identity', value: 'alice', place: at(12) },
        { key: 'policy', place: at(13) },
        { key: 'policy_arns', value: 'arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B', place: at(14) },
        { key: 'session_tags', place: at(15) },
        { key: 'transitive_session_tags', value: 'a, b', place: at(16) },
        { key: 'mfa_serial', value: serial, place: at(4) },
        { key: 'region', value: 'eu-west-1', place: at(17) },
        { key: 'endpoint_url', value: 'http://127.0.0.1:1', place: at(18) },
      ],
    ]);
  });

  it('the keys have their file, the program for codes without its words, and what is said of asking', () => {
    expect(given('dev', { config: everything }).keys()).toStrictEqual([
      { key: 'keys', value: 'corp', place: byDefault('the name of the profile') },
      { key: 'aws_access_key_id', place: at(2) },
      { key: 'mfa_process', place: at(5) },
      { key: 'interactive', value: 'yes', place: at(19) },
    ]);
  });

  it('a session and a role of which little is written have their defaults', () => {
    const config = `[profile corp]\nmfa_serial = ${serial}\n[profile dev]\nrole_arn = ${arn('Dev')}\nsource_profile = corp\n`;
    expect(given('dev', { config }).hops).toStrictEqual([
      [
        { key: 'mfa_serial', value: serial, place: at(2) },
        { key: 'session_duration_seconds', value: '43200', place: byDefault('the default, 12 hours') },
        { key: 'region', value: 'us-east-1', place: byDefault('of the partition') },
      ],
      [
        { key: 'role_arn', value: arn('Dev'), place: at(4) },
        { key: 'source_profile', value: 'corp', place: at(5) },
        { key: 'role_session_name', place: byDefault("the IAM user's name") },
        { key: 'duration_seconds', value: '3600', place: byDefault('the default, an hour') },
        { key: 'region', value: 'us-east-1', place: byDefault('of the partition') },
      ],
    ]);
  });

  it('a role behind another way in is called after the person, and that way has its own settings', () => {
    const config = `[profile mid]\ncredential_process = print\n[profile dev]\nrole_arn = ${arn('Dev')}\nsource_profile = mid\n`;
    const { recipe, hops } = given('dev', { config });
    expect(hops[0]).toStrictEqual([{ key: 'credential_process', place: at(2) }]);
    expect(of('role_session_name', hops[1])).toStrictEqual({
      key: 'role_session_name',
      place: byDefault('rolekeeper, and the name of the person'),
    });
    expect(recipe.hops.map((_hop, index) => profileOfHop(recipe, index))).toEqual(['mid', 'dev']);
    expect(profileOfHop(given('mid', { config }).recipe, 0)).toBe('mid');
  });

  it('there are none of a hop that is not there', () => {
    const { recipe } = given('dev');
    const files = { config: parseConfigFile(usual, 'config'), credentials: parseCredentialsFile('', 'credentials') };
    expect(hopSources(recipe, 9, { files, env: {} })).toStrictEqual([]);
    expect(profileOfHop(recipe, 9)).toBeUndefined();
  });

  // The files may have changed since the recipe was made.
  it('of profiles that are gone since there are none, or what the recipe says of them', () => {
    const files = { config: parseConfigFile('', 'config'), credentials: parseCredentialsFile('', 'credentials') };
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { recipe } = given('far', { env });
    const configuration = byDefault('the configuration');
    expect(keysSources(recipe, files)).toStrictEqual([
      { key: 'keys', value: 'corp', place: byDefault('the name of the profile') },
    ]);
    expect(recipe.hops.map((_hop, index) => hopSources(recipe, index, { files, env: {} }))).toStrictEqual([
      [
        { key: 'session_duration_seconds', value: '900', place: byDefault('the default, 12 hours') },
        { key: 'region', value: 'eu-west-1', place: byDefault('of the partition') },
        { key: 'endpoint_url', value: 'http://127.0.0.1:1', place: configuration },
      ],
      [],
      [],
    ]);
    const config = `[profile dev]\nrole_arn = ${arn('Dev')}\ncredential_source = Environment\n`;
    expect(keysSources(given('dev', { config }).recipe, files)[0]?.place).toStrictEqual(configuration);
  });

  it('of a role whose source is gone since, the region may still be its own', () => {
    const { recipe } = given('far');
    const config = parseConfigFile(usual.replace('[profile corp]', '[profile other]'), 'config');
    const files = { config, credentials: parseCredentialsFile('', 'credentials') };
    expect(of('region', hopSources(recipe, 1, { files, env: {} }))?.place).toStrictEqual(byDefault('of the partition'));
  });
});

describe('where a value comes from', () => {
  const chained = (more: { readonly dev?: string; readonly mid?: string; readonly corp?: string }) =>
    [
      `[profile corp]\n${more.corp ?? 'output = json\n'}`,
      `[profile mid]\nrole_arn = ${arn('Mid')}\nsource_profile = corp\n${more.mid ?? 'output = json\n'}`,
      `[profile dev]\nrole_arn = ${arn('Dev')}\nsource_profile = mid\n${more.dev ?? 'output = json\n'}`,
    ].join('');
  const placesOf = (key: string, config: string, env: Environment = {}) =>
    given('dev', { config, env }).hops.map((settings) => of(key, settings)?.place);
  const variable = (name: string) => ({ kind: 'environment', variable: name });

  it.each([
    ['the first role', { corp: 'mfa_serial = S\n', mid: 'mfa_serial = S\n', dev: 'mfa_serial = S\n' }, 6],
    ['the keys', { corp: 'mfa_serial = S\n', dev: 'mfa_serial = S\n' }, 2],
    ['the last role', { dev: 'mfa_serial = S\n' }, 10],
  ])('the device: from %s', (_who, more, line) => {
    const config = chained(more).replaceAll('= S', `= ${serial}`);
    expect(placesOf('mfa_serial', config)).toStrictEqual([at(line), undefined, undefined]);
  });

  it.each([
    ['the keys', { corp: 'session_duration_seconds = 900\n', mid: `mfa_serial = S\nsession_duration_seconds = 900\n` }, 2],
    ['the first role', { mid: `mfa_serial = S\nsession_duration_seconds = 900\n` }, 7],
  ])('the life of a session: from %s', (_who, more, line) => {
    expect(placesOf('session_duration_seconds', chained(more).replaceAll('= S', `= ${serial}`))[0]).toStrictEqual(at(line));
  });

  it("the region: of the role itself, its source, a variable; a session's of the keys alone", () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' };
    const ofPartition = byDefault('of the partition');
    const mfa = `mfa_serial = ${serial}\n`;
    expect(placesOf('region', chained({ mid: 'region = r\n' }), env)).toStrictEqual([at(6), at(6)]);
    expect(placesOf('region', chained({ corp: 'region = r\n', dev: 'region = r\n' }), env)).toStrictEqual([at(2), at(10)]);
    expect(placesOf('region', chained({ corp: mfa }), env)).toStrictEqual([
      ofPartition,
      variable('AWS_REGION'),
      variable('AWS_REGION'),
    ]);
    expect(placesOf('region', chained({}), { ...env, AWS_REGION: '' })).toStrictEqual(
      Array(2).fill(variable('AWS_DEFAULT_REGION')),
    );
    expect(placesOf('region', chained({}))).toStrictEqual([ofPartition, ofPartition]);
  });

  // `explain` named AWS_REGION, which counts as absent when nothing but blanks are in it.
  it('no variable that is blank', () => {
    const config = chained({ corp: 'endpoint_url = http://127.0.0.1:1\n', mid: 'endpoint_url = http://127.0.0.1:1\n' });
    const env = { AWS_REGION: ' ', AWS_DEFAULT_REGION: 'eu-west-2', AWS_ENDPOINT_URL_STS: ' ', AWS_ENDPOINT_URL: '\t' };
    expect(placesOf('region', config, env)).toStrictEqual(Array(2).fill(variable('AWS_DEFAULT_REGION')));
    expect(placesOf('endpoint_url', config, env)).toStrictEqual([at(6), undefined]);
  });

  it('the endpoint: a variable, the services section, the profile; without a URL it is not named', () => {
    const services = '[services s]\nsts =\n  endpoint_url = http://127.0.0.1:1\n';
    const own = {
      corp: `mfa_serial = ${serial}\nendpoint_url = http://127.0.0.1:2\n`,
      mid: 'services = s\nendpoint_url = http://127.0.0.1:3\n',
    };
    const config = chained(own) + services;
    expect(placesOf('endpoint_url', config)).toStrictEqual([at(3), at(15), undefined]);
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:4' };
    expect(placesOf('endpoint_url', config, env)).toStrictEqual(Array(3).fill(variable('AWS_ENDPOINT_URL')));
    expect(placesOf('endpoint_url', config, { ...env, AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:5' })).toStrictEqual(
      Array(3).fill(variable('AWS_ENDPOINT_URL_STS')),
    );
  });

  it("the caller's keys: the line that says so, and the variable", () => {
    const config = `[rolekeeper dev]\nrole_arn = ${arn('Dev')}\ncredential_source = Environment\n`;
    expect(given('dev', { config }).keys()).toStrictEqual([
      { key: 'credential_source', value: 'Environment', place: at(3) },
      { key: 'aws_access_key_id', place: variable('AWS_ACCESS_KEY_ID') },
    ]);
  });

  it('the program for codes and the word about asking: of the nearest profile that has them', () => {
    const lines = 'mfa_process = code\ninteractive = yes\n';
    const linesOf = (more: Parameters<typeof chained>[0]) =>
      given('dev', { config: chained(more) })
        .keys()
        .slice(1)
        .map(({ place }) => place);
    expect(linesOf({ dev: lines, mid: lines, corp: lines })).toStrictEqual([at(12), at(13)]);
    expect(linesOf({ mid: lines, corp: lines })).toStrictEqual([at(7), at(8)]);
    expect(linesOf({ corp: lines })).toStrictEqual([at(2), at(3)]);
    expect(linesOf({})).toStrictEqual([]);
  });
});
