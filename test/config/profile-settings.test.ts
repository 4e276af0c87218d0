import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import { keptProfiles, knownProfiles, ownProfile, profileSettings, recipeSettings } from '../../src/config/profile-settings.ts';
import { filesOf, settingsFrom } from './recipe-from.ts';

const keys = 'aws_access_key_id = AKIA\naws_secret_access_key = secret\n';

function plainly(config: string, credentials = '') {
  const { get, origin, service, serviceOrigin, plaintext, ...rest } = settingsFrom(config, { credentials });
  return rest;
}

describe('profileSettings', () => {
  it('is nothing where no file knows the profile, and something where one section does', () => {
    const known = (config: string, credentials = '') =>
      profileSettings(parseProfileName('dev'), filesOf(config, credentials)) !== undefined;
    expect(known('[profile other]\n', '[other]\n')).toBe(false);
    expect([known('[profile dev]\n'), known('[rolekeeper dev]\n'), known('', '[dev]\n')]).toEqual([true, true, true]);
  });

  it('of an ordinary profile says what it is called, and no more than there is', () => {
    const rest = { profile: 'dev', isRecipeSection: false, hasKeysInConfig: false, unknown: [] };
    expect(plainly('[profile dev]\nexternalid = x\n')).toStrictEqual({ ...rest, sectionName: '[profile dev]' });
    expect(plainly('[profile dev]\ncredential_process = rolekeeper get far\n')).toStrictEqual({
      ...rest,
      sectionName: '[profile dev]',
      aliasOf: 'far',
    });
    expect(plainly('[profile dev]\ncredential_process = print far\n')).toStrictEqual({
      ...rest,
      sectionName: '[profile dev]',
      foreignProcess: 'print far',
    });
  });

  it('of a section of ours says what it holds that is no setting, with its line', () => {
    const { unknown, ...rest } = plainly(
      '[profile dev]\nodd = 1\n[rolekeeper dev]\nregion = r\nexternalid = x\nsession = none\n',
    );
    expect(rest).toStrictEqual({
      profile: 'dev',
      sectionName: '[rolekeeper dev]',
      isRecipeSection: true,
      hasKeysInConfig: false,
    });
    expect(unknown.map(({ key, line }) => [key, line])).toEqual([['externalid', 5]]);
  });

  it('gives the value of the credentials file before that of the config file, and each with its line', () => {
    const { get, origin } = settingsFrom('[profile dev]\nregion = one\nrole_arn = R\nca_bundle =\n', {
      credentials: '[dev]\nregion = two\nrole_arn =\n',
    });
    expect([get('region'), origin('region')]).toStrictEqual(['two', { path: 'credentials', line: 2 }]);
    expect([get('role_arn'), origin('role_arn')]).toStrictEqual(['R', { path: 'config', line: 3 }]);
    expect([get('ca_bundle'), origin('ca_bundle'), get('gone'), origin('gone')]).toStrictEqual(Array(4).fill(undefined));
  });

  it('gives those of a section of ours before all else, and of the others only what is shared', () => {
    const { get, origin } = settingsFrom(
      '[profile dev]\nregion = one\nca_bundle = /c\nrole_arn = R\n[rolekeeper dev]\nregion = two\nca_bundle =\n',
      { credentials: '[dev]\nrole_arn = S\nendpoint_url = U\n' },
    );
    expect([get('region'), origin('region')]).toStrictEqual(['two', { path: 'config', line: 6 }]);
    expect([get('ca_bundle'), origin('ca_bundle')]).toStrictEqual(['/c', { path: 'config', line: 3 }]);
    expect([get('endpoint_url'), origin('endpoint_url')]).toStrictEqual(['U', { path: 'credentials', line: 3 }]);
    expect([get('role_arn'), origin('role_arn')]).toStrictEqual([undefined, undefined]);
  });

  // decisions.md 13
  it.each([
    'region',
    'endpoint_url',
    'services',
    'ca_bundle',
    'use_fips_endpoint',
    'use_dualstack_endpoint',
    'sts_regional_endpoints',
    'ignore_configured_endpoint_urls',
    'ec2_metadata_service_endpoint',
    'ec2_metadata_service_endpoint_mode',
    'ec2_metadata_v1_disabled',
  ])('gives %s of the profile beside a section of ours', (key) => {
    const { get, unknown } = settingsFrom(`[profile dev]\n${key} = x\nkeys = y\n[rolekeeper dev]\nsession = none\n`);
    expect([get(key), get('keys'), unknown]).toEqual(['x', undefined, []]);
    expect(recipeSettings.has(key)).toBe(true);
  });

  it('knows every setting of a recipe', () => {
    const recipe = ['role_arn', 'source_profile', 'credential_source', 'external_id', 'role_session_name', 'duration_seconds'];
    const more = ['source_identity', 'policy', 'policy_arns', 'tags', 'session_tags', 'transitive_tag_keys'];
    const codes = ['transitive_session_tags', 'mfa_serial', 'mfa_process', 'interactive', 'keys', 'session'];
    const signIn = ['session_duration_seconds', 'sso_session', 'sso_account_id', 'sso_role_name', 'sso_start_url', 'sso_region'];
    const federated = ['web_identity_token_file', 'web_identity_token_process', 'saml_process', 'saml_principal_arn'];
    const rest = ['login_session', 'certificate', 'private_key', 'intermediates', 'trust_anchor_arn', 'profile_arn'];
    const all = [...recipe, ...more, ...codes, ...signIn, ...federated, ...rest, 'credential_process'];
    const { unknown } = settingsFrom(`[rolekeeper dev]\n${all.map((key) => `${key} = x\n`).join('')}`);
    expect(unknown).toEqual([]);
    expect(recipeSettings.size).toBe(all.length + 11);
  });

  it('gives what the services section says that the profile names', () => {
    const services =
      '[services here]\nsts =\n  endpoint_url = http://one\niam =\n  endpoint_url = http://two\n[services there]\n';
    const { service, serviceOrigin } = settingsFrom(`${services}[profile dev]\nservices = here\n`);
    expect([service('sts', 'endpoint_url'), serviceOrigin('sts', 'endpoint_url')]).toStrictEqual([
      'http://one',
      { path: 'config', line: 3 },
    ]);
    expect([service('iam', 'endpoint_url'), serviceOrigin('iam', 'endpoint_url')]).toStrictEqual([
      'http://two',
      { path: 'config', line: 5 },
    ]);
    for (const [name, key] of [
      ['sso', 'endpoint_url'],
      ['sts', 'other'],
    ] as const) {
      expect([service(name, key), serviceOrigin(name, key)]).toStrictEqual([undefined, undefined]);
    }
  });

  it.each(['[profile dev]\n', '[profile dev]\nservices = gone\n'])('has no such settings with %j', (config) => {
    const { service, serviceOrigin } = settingsFrom(`[services here]\nsts =\n  endpoint_url = U\n${config}`);
    expect([service('sts', 'endpoint_url'), serviceOrigin('sts', 'endpoint_url')]).toStrictEqual([undefined, undefined]);
  });
});

describe('the keys in a file', () => {
  const shown = (config: string, credentials = '') => {
    const { plaintext, hasKeysInConfig } = settingsFrom(config, { credentials });
    if (plaintext === undefined) return { hasKeysInConfig };
    const { secretAccessKey, sessionToken, ...rest } = plaintext;
    const secrets = { secret: secretAccessKey.reveal(), ...('sessionToken' in plaintext && { token: sessionToken?.reveal() }) };
    return { ...rest, ...secrets, hasKeysInConfig };
  };

  it('are those of the credentials file, else those of the config file', () => {
    const other = keys.replace('AKIA', 'AKIAOTHER').replace('= secret', '= other');
    expect(shown(`[profile dev]\n${other}`, `[dev]\n${keys}`)).toStrictEqual({
      accessKeyId: 'AKIA',
      secret: 'secret',
      path: 'credentials',
      line: 2,
      hasKeysInConfig: false,
    });
    expect(shown(`[profile dev]\nregion = r\n${other}`, '[dev]\n')).toStrictEqual({
      accessKeyId: 'AKIAOTHER',
      secret: 'other',
      path: 'config',
      line: 3,
      hasKeysInConfig: true,
    });
  });

  it.each<[string, string | undefined]>([
    ['aws_session_token = new\n', 'new'],
    ['aws_security_token = old\n', 'old'],
    ['aws_session_token = new\naws_security_token = old\n', 'old'],
    ['aws_session_token = new\naws_security_token =\n', 'new'],
    ['aws_session_token =\n', undefined],
  ])('are temporary with %j', (lines, token) => {
    const rest = { accessKeyId: 'AKIA', secret: 'secret', path: 'credentials', line: 2, hasKeysInConfig: false };
    expect(shown('', `[dev]\n${keys}${lines}`)).toStrictEqual({ ...rest, ...(token === undefined ? {} : { token }) });
  });

  it.each([
    'aws_access_key_id = AKIA\n',
    'aws_secret_access_key = secret\n',
    'aws_access_key_id =\naws_secret_access_key = secret\n',
    'aws_access_key_id = AKIA\naws_secret_access_key =\n',
    '',
  ])('are none unless both are there: %j', (lines) => {
    const [config, credentials] = [`[profile dev]\n${lines}`, `[dev]\n${lines}`];
    expect(shown(config, credentials)).toStrictEqual({ hasKeysInConfig: false });
    expect(settingsFrom(config, { credentials })).not.toHaveProperty('plaintext');
  });
});

describe('the profiles', () => {
  const files = filesOf(
    [
      '[rolekeeper ours]',
      '[profile two]\ncredential_process = rolekeeper get other',
      '[profile one]',
      '[rolekeeper one]',
      '[profile foreign]\ncredential_process = print',
      '[profile -odd]\ncredential_process = rolekeeper get other',
      '',
    ].join('\n'),
    '[stored]\n[two]\n[also]odd]\n',
  );

  it('knownProfiles has each once: of the config file, our sections, the credentials file', () => {
    expect(knownProfiles(files)).toEqual(['two', 'one', 'foreign', 'ours', 'stored']);
  });

  it('keptProfiles has those that rolekeeper answers for', () => {
    expect(keptProfiles(files)).toEqual(['two', 'one', 'ours']);
  });
});

describe('ownProfile', () => {
  it.each([
    ['nodejs /x/rolekeeper.js get dev', 'dev'],
    ['node.exe /x/rolekeeper.js get dev', 'dev'],
    ['/x/rolekeeper.exe get dev', 'dev'],
    ['/x/node/ rolekeeper get dev', 'dev'],
    ['/x/mynode rolekeeper get dev', undefined],
    ['/x/node.exe2 rolekeeper get dev', undefined],
    ['/x/myrolekeeper get dev', undefined],
    ['/x/rolekeeper.exe.old get dev', undefined],
    ["rolekeeper get '' dev", 'dev'],
    ['rolekeeper "get" "--debug" \'my dev\'', 'my dev'],
    ['rolekeeper getdev', undefined],
    ['node', undefined],
  ])('of %j is %j', (command, profile) => {
    expect(ownProfile(command)).toBe(profile);
  });
});
