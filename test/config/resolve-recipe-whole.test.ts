// Whole recipes, and whole refusals: what went wrong in which profiles, and what to change.

import { describe, expect, it } from 'vitest';
import { recipeFrom, refusalFrom } from './recipe-from.ts';

const keysFile = '[corp]\naws_access_key_id = AKIACORP\naws_secret_access_key = secret\n';
const arn = 'arn:aws:iam::222233334444:role/Dev';
const endpoint = { region: 'us-east-1', useFips: false, useDualstack: false, useGlobal: false };

describe('resolveRecipe', () => {
  it('gives a role without settings of its own no more than it has', () => {
    expect(
      recipeFrom(`[profile dev]\nrole_arn = ${arn}\nsource_profile = corp\n[profile corp]\nregion = eu-west-1\n`),
    ).toStrictEqual({
      profile: 'dev',
      keys: { name: 'corp', endpoint: { ...endpoint, region: 'eu-west-1' } },
      hops: [{ kind: 'role', request: { roleArn: arn, durationSeconds: 3600 }, endpoint: { ...endpoint, region: 'eu-west-1' } }],
      loginTarget: 'dev',
      network: {},
      chain: ['dev', 'corp'],
      notes: [],
    });
  });

  it('gives another way in, with region, network and the settings that are none', () => {
    const config =
      '[profile dev]\nregion = eu-west-1\nca_bundle = /own.pem\n[rolekeeper dev]\ncredential_process = print\ninteractive = yes\nexternalid = x\nmfa_process = code\n';
    expect(recipeFrom(config)).toStrictEqual({
      profile: 'dev',
      hops: [{ kind: 'process', command: 'print', namedIn: 'config' }],
      loginTarget: 'dev',
      region: 'eu-west-1',
      mfaProcess: 'code',
      interactive: 'yes',
      network: { caBundle: '/own.pem' },
      chain: ['dev'],
      unused: ['"externalid" in [rolekeeper dev] (line 7)'],
      notes: ['"externalid" in [rolekeeper dev] (line 7) is no setting of rolekeeper; it is not used'],
    });
  });

  it.each([
    ['both', 'own', 'of corp', 'own'],
    ['the profile', 'own', undefined, 'own'],
    ['its source', undefined, 'of corp', 'of corp'],
  ])('asks the profile before its source, where %s has it', (_who, own, ofSource, outcome) => {
    const lines = (value: string | undefined) =>
      value === undefined ? '' : `mfa_process = ${value}\ninteractive = ${value}\nca_bundle = ${value}\n`;
    const { mfaProcess, interactive, network, region } = recipeFrom(
      `[profile dev]\nrole_arn = ${arn}\nsource_profile = corp\n${lines(own)}[profile corp]\nregion = eu-west-1\n${lines(ofSource)}`,
    );
    expect([mfaProcess, interactive, network.caBundle]).toEqual([outcome, outcome, outcome]);
    expect(region).toBeUndefined();
  });

  it('names what is no setting in each section of the chain', () => {
    const config = `[rolekeeper dev]\nrole_arn = ${arn}\nsource_profile = corp\nmfa = x\n[rolekeeper corp]\nsesion = none\n`;
    expect(recipeFrom(config).unused).toEqual(['"mfa" in [rolekeeper dev] (line 4)', '"sesion" in [rolekeeper corp] (line 6)']);
  });

  it('takes the keys that a role names, not those beside it', () => {
    const credentials = `${keysFile}[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = secret\n`;
    const { keys } = recipeFrom(`[profile dev]\nrole_arn = ${arn}\nsource_profile = corp\n`, { credentials });
    expect(keys).toMatchObject({ name: 'corp', plaintext: { accessKeyId: 'AKIACORP' } });
  });

  it('takes a role as its own source where it only names keys', () => {
    const { keys, hops, chain } = recipeFrom(`[profile dev]\nrole_arn = ${arn}\nsource_profile = dev\nkeys = mine\n`);
    expect([keys?.name, hops.map(({ kind }) => kind), chain]).toEqual(['mine', ['role'], ['dev', 'dev']]);
  });

  it('takes a profile that asks rolekeeper for itself for one of keys', () => {
    const { keys, hops, chain } = recipeFrom('[profile dev]\ncredential_process = rolekeeper get dev\n');
    expect([keys?.name, hops.map(({ kind }) => kind), chain]).toEqual(['dev', ['session'], ['dev']]);
  });

  it('takes an instance, and the keys of the caller, for the origin and the role at once', () => {
    const config = (source: string) => `[profile dev]\nrole_arn = ${arn}\ncredential_source = ${source}\n`;
    for (const source of ['Ec2InstanceMetadata', 'Environment']) {
      const { chain, hops } = recipeFrom(config(source));
      expect([chain, hops.at(-1)?.kind]).toEqual([['dev', 'dev'], 'role']);
    }
  });
});

describe('resolveRecipe refuses', () => {
  it.each([
    [
      'a circle',
      '[profile dev]\nrole_arn = R\nsource_profile = b\n[profile b]\nrole_arn = R\nsource_profile = c\n[profile c]\nrole_arn = R\nsource_profile = b\n',
      '(dev → b → c → b): its sources form a circle',
      'change source_profile of "c"',
    ],
    [
      'a source that is nowhere',
      '[profile dev]\nrole_arn = R\nsource_profile = b\n[profile b]\nrole_arn = R\nsource_profile = gone\n',
      '(dev → b → gone): its source "gone" does not exist',
      'change source_profile of "b"',
    ],
    [
      'a source that nothing can be called',
      '[profile dev]\nrole_arn = R\nsource_profile = -x\n',
      ': "-x" cannot be a profile name',
      'change the setting `source_profile`',
    ],
    [
      'a role without a source',
      '[rolekeeper dev]\nrole_arn = R\n',
      ': it has role_arn but no source_profile',
      'add source_profile to [rolekeeper dev]',
    ],
    [
      'a source without a role, in a section of ours',
      '[rolekeeper dev]\nsource_profile = corp\n',
      ': it has source_profile but no role_arn',
      'add role_arn to [rolekeeper dev]',
    ],
    [
      'a source that is no such thing behind an alias',
      '[profile dev]\ncredential_process = rolekeeper get gone\n',
      '(dev → gone): its source "gone" does not exist',
      'change source_profile of "dev"',
    ],
    // Its chain has the profile twice; a person is told of it once.
    [
      'a machine that is none',
      `[profile dev]\nrole_arn = ${arn}\ncredential_source = Moon\n`,
      ': credential_source: "Moon" is none of Ec2InstanceMetadata, EcsContainer and Environment',
      'change credential_source in [profile dev]',
    ],
  ])('%s', (_what, config, problem, hint) => {
    expect(refusalFrom(config)).toStrictEqual([`profile "dev"${problem.startsWith('(') ? ' ' : ''}${problem}`, hint]);
  });

  it('a profile that is nowhere', () => {
    expect(refusalFrom('')).toStrictEqual(['there is no profile "dev" in config', 'run `rolekeeper status`']);
  });

  it('a source without a role only in a section of ours: AWS takes it for keys', () => {
    expect(recipeFrom('[profile dev]\nsource_profile = corp\n').keys?.name).toBe('dev');
  });
});
