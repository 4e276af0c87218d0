import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { durationCaps } from '../../src/config/duration-caps.ts';
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
    keys: keysSources(recipe, files),
    hops: recipe.hops.map((_hop, index) => hopSources(recipe, index, { files, env })),
  };
}

function of(key: string, settings: readonly SettingSource[] | undefined): SettingSource | undefined {
  return settings?.find((setting) => setting.key === key);
}

function at(line: number) {
  return { kind: 'file', path: 'config', line };
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
    expect(given('dev').keys).toEqual([
      { key: 'keys', value: 'corp', place: { kind: 'default', words: 'the name of the profile' } },
    ]);
    const config = '[rolekeeper me]\nkeys = other\n';
    expect(given('me', { config }).keys).toEqual([{ key: 'keys', value: 'other', place: at(2) }]);
  });
});

describe('duration caps', () => {
  it('durationCaps says why a chained role lives an hour, and that it was lowered', () => {
    const caps = durationCaps(given('far').recipe, 2, 7200);
    expect(caps[0]).toBe('3600 s at most: another role signs it, which AWS counts as role chaining; 7200 was lowered to 3600');
    expect(caps[1]).toContain('the MFA session lasts');
    expect(durationCaps(given('far').recipe, 1, undefined)[0]).toContain('the session signs it');
  });

  it('durationCaps gives a role that takes the code itself twelve hours', () => {
    expect(durationCaps(given('dev').recipe, 0, 7200)).toEqual([expect.stringMatching(/^43200 s .*MFA code is spent/)]);
  });

  it('durationCaps gives a session 36 hours', () => {
    expect(durationCaps(given('far').recipe, 0, undefined)).toEqual([expect.stringContaining('129600')]);
  });
});
