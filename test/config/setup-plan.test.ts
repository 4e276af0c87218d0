// What `setup` would do to the two files, for the people it may meet.

import { describe, expect, it } from 'vitest';
import { parseProfileName } from '../../src/config/names.ts';
import {
  noWishes,
  ownLine,
  parseTexts,
  planSetup,
  type SetupPlan,
  type SetupWishes,
  withSettings,
} from '../../src/config/setup-plan.ts';

const paths = { configPath: '/home/alice/.aws/config', credentialsPath: '/home/alice/.aws/credentials' };
const place = { paths, env: {}, program: '/usr/local/bin/rolekeeper' };
const name = parseProfileName;

const keys = (profile: string) => `[${profile}]\naws_access_key_id = AKIA${profile}\naws_secret_access_key = secret\n`;
const role = (profile: string, source: string, more = '') =>
  `[profile ${profile}]\nregion = eu-west-1\nrole_arn = arn:aws:iam::222233334444:role/${profile}\nsource_profile = ${source}\n${more}\n`;
const device = 'arn:aws:iam::123456789012:mfa/alice';

function plan(config: string, credentials = '', wishes: Partial<SetupWishes> = {}): SetupPlan {
  return planSetup({ config, credentials }, { ...noWishes, ...wishes }, place);
}

function summary({ imports, adoption, sources, provable, roles }: SetupPlan) {
  return {
    imports: imports.map(({ recipe }) => recipe.profile),
    adopted: adoption.adopted.map(({ profile }) => profile),
    sources: sources.map(({ profile }) => profile),
    provable,
    roles,
  };
}

describe('planSetup', () => {
  it('finds nothing where there is nothing', () => {
    expect(summary(plan(''))).toEqual({ imports: [], adopted: [], sources: [], provable: [], roles: [] });
  });

  it('moves all keys, adopts all roles, and tries a role first', () => {
    const both = plan(role('dev', 'corp') + role('ops', 'home'), keys('corp') + keys('home'));
    expect(summary(both)).toEqual({
      imports: ['corp', 'home'],
      adopted: ['dev', 'ops'],
      sources: [],
      provable: ['dev', 'ops', 'corp', 'home'],
      roles: ['dev', 'ops'],
    });
    expect(both.after.credentials).not.toContain('secret');
    expect(both.after.config).toContain('credential_process = /usr/local/bin/rolekeeper get ops');
  });

  it('with one role in mind takes the keys of that role, and nothing else', () => {
    const one = plan(role('dev', 'corp') + role('ops', 'home'), keys('corp') + keys('home'), { only: name('ops') });
    expect(summary(one)).toMatchObject({ imports: ['home'], adopted: ['ops'], provable: ['ops'] });
    expect(one.after.credentials).toContain(keys('corp'));
    expect(one.after.config).toContain(role('dev', 'corp'));
  });

  it('with a role at the end of a chain in mind takes the keys at its beginning', () => {
    const one = plan(role('far', 'dev') + role('dev', 'corp'), keys('corp') + keys('home'), { only: name('far') });
    expect(summary(one)).toMatchObject({ imports: ['corp'], adopted: ['far'], provable: ['far'] });
  });

  it('wishes for nothing where nobody says otherwise', () => {
    expect(noWishes).toStrictEqual({ only: undefined, left: [], serials: new Map(), typed: undefined, settings: {} });
  });

  it('with keys in mind takes every role that starts from them', () => {
    const one = plan(role('dev', 'corp') + role('far', 'dev') + role('ops', 'home'), keys('corp') + keys('home'), {
      only: name('corp'),
    });
    expect(summary(one)).toMatchObject({ imports: ['corp'], adopted: ['dev', 'far'], roles: ['dev', 'far'] });
  });

  it('leaves keys that AWS refused, and their roles, as they are', () => {
    const [config, credentials] = [role('dev', 'corp') + role('ops', 'home'), keys('corp') + keys('home')];
    const rest = plan(config, credentials, { left: [name('home')] });
    expect(summary(rest)).toMatchObject({ imports: ['corp'], adopted: ['dev'], roles: ['dev'] });
    expect(rest.after.credentials).toContain(keys('home'));
  });

  it('does nothing more to files that are set up', () => {
    const { after } = plan(role('dev', 'corp'), keys('corp'));
    const again = plan(after.config, after.credentials);
    expect(summary(again)).toEqual({
      imports: [],
      adopted: [],
      sources: ['corp'],
      provable: ['dev', 'corp'],
      roles: ['dev'],
    });
    expect(again.after).toEqual(after);
  });

  it('goes on where an import was killed between the two files', () => {
    const credentials = keys('corp');
    const { after } = plan('[profile corp]\nregion = eu-west-1\n', credentials);
    const half = plan(after.config, credentials);
    expect(summary(half)).toMatchObject({ imports: ['corp'] });
    expect(half.after).toEqual(after);
  });

  it('leaves a profile that asks for the keys of another as it is', () => {
    const alias = '[profile a]\ncredential_process = /usr/local/bin/rolekeeper get corp\n';
    const moved = plan(alias, keys('corp'));
    expect(summary(moved)).toMatchObject({ imports: ['corp'], provable: ['corp', 'a'] });
    expect(moved.after.config.startsWith(`${alias}\n[profile corp]\n`)).toBe(true);
  });

  it('does not take temporary keys for long-term ones', () => {
    const temporary = `${keys('corp')}aws_session_token = token\n`;
    expect(summary(plan('', temporary))).toMatchObject({ imports: [], provable: [] });
  });

  it('says which role cannot be adopted, and leaves it', () => {
    const sso = '[profile web]\nrole_arn = arn:aws:iam::222233334444:role/web\nsso_start_url = https://example.com\n';
    const some = plan(sso + role('dev', 'corp'), keys('corp'));
    expect(summary(some)).toMatchObject({ adopted: ['dev'] });
    expect(some.refused.map(({ profile, error }) => [profile, error.code])).toEqual([['web', 'edit-refused']]);
    expect(some.after.config).toContain(sso);
  });

  it('leaves keys in a place that cannot be edited, with its line, and moves the others', () => {
    const strange = keys('my$keys');
    const some = plan('', strange + keys('corp'));
    expect(summary(some)).toMatchObject({ imports: ['corp'] });
    expect(some.refused.map(({ profile, error }) => [profile, error.code])).toEqual([['my$keys', 'usage']]);
    expect(some.after.credentials).toBe(strange);
  });

  it('knows whether a file names the device: beside the keys, or beside a role', () => {
    const hasDevice = (config: string, credentials: string) => plan(config, credentials).imports.map((found) => found.hasDevice);
    expect(hasDevice(role('dev', 'corp'), keys('corp'))).toEqual([false]);
    expect(hasDevice(role('dev', 'corp'), `${keys('corp')}mfa_serial = ${device}\n`)).toEqual([true]);
    expect(hasDevice(role('dev', 'corp', `mfa_serial = ${device}`), keys('corp'))).toEqual([true]);
  });

  it('writes a device that the person named beside the keys', () => {
    const { after } = plan('', keys('corp'), { serials: new Map([[name('corp'), device]]) });
    expect(after.config).toContain(`[rolekeeper corp]\nmfa_serial = ${device}\n`);
  });

  it('makes the profile of keys that were typed, and tries that one', () => {
    const typed = { profile: name('default'), name: name('default'), serial: device, region: 'eu-west-1' };
    const made = plan('', '', { typed });
    expect(made.after.config).toBe(
      `[default]\nregion = eu-west-1\ncredential_process = /usr/local/bin/rolekeeper get default\n\n[rolekeeper default]\nmfa_serial = ${device}\n`,
    );
    expect(summary(made)).toMatchObject({ provable: ['default'], roles: [] });
  });

  it('names keys that are in no file', () => {
    const { sources } = plan(`${role('dev', 'corp', `mfa_serial = ${device}`)}[profile corp]\nregion = eu-west-1\n`);
    expect(sources).toEqual([{ profile: 'corp', name: 'corp', hasDevice: true }]);
  });

  it('names keys that are in no file once, whatever they are called in the store and however many start from them', () => {
    const config = `${role('dev', 'corp')}${role('ops', 'corp')}${role('far', 'dev')}[profile corp]\nkeys = old\n`;
    expect(plan(config).sources).toStrictEqual([{ profile: 'corp', name: 'old', hasDevice: false }]);
    expect(plan(`[profile c]\nlogin_session = s\n${role('dev', 'c')}`).sources).toStrictEqual([]);
  });

  it('says of each import where the keys are, what they are called and which device the person named', () => {
    const { imports } = plan('[profile corp]\nkeys = old\n', `${keys('corp')}${keys('home')}mfa_serial = ${device}\n`, {
      serials: new Map([[name('corp'), device]]),
    });
    expect(imports.map(({ recipe, ...rest }) => [recipe.profile, recipe.keys?.plaintext?.line, rest])).toStrictEqual([
      ['corp', 2, { name: 'old', serial: device, hasDevice: false }],
      ['home', 5, { name: 'home', serial: undefined, hasDevice: true }],
    ]);
  });

  it('looks for the device beside the roles of these keys, and of no others', () => {
    const config = role('dev', 'corp') + role('far', 'dev', `mfa_serial = ${device}`) + role('ops', 'home');
    const { imports } = plan(config, keys('corp') + keys('home'));
    expect(imports.map(({ name: keysName, hasDevice }) => [keysName, hasDevice])).toStrictEqual([
      ['corp', true],
      ['home', false],
    ]);
  });

  it('leaves the role of keys that AWS refused, also where another role is asked for, and never one without a source', () => {
    const alone = '[profile alone]\nrole_arn = arn:aws:iam::222233334444:role/alone\n';
    const rest = plan(alone + role('dev', 'corp'), keys('corp'), { left: [name('corp')] });
    expect(summary(rest)).toMatchObject({ imports: [], adopted: [] });
    expect(rest.refused.map(({ profile }) => profile)).toStrictEqual(['alone']);
  });

  it('with one role in mind adopts neither its source nor what starts from it', () => {
    const config = role('far', 'dev') + role('dev', 'corp') + role('base', 'far');
    expect(summary(plan(config, keys('corp'), { only: name('dev') }))).toStrictEqual({
      imports: ['corp'],
      adopted: ['dev'],
      sources: [],
      provable: ['dev'],
      roles: ['dev'],
    });
  });

  it('tries what was changed just now before what was there, and nothing that cannot work or is not run', () => {
    const line = (profile: string) => `credential_process = /usr/local/bin/rolekeeper get ${profile}\n`;
    const was = (profile: string, recipe: string) => `[profile ${profile}]\n${line(profile)}[rolekeeper ${profile}]\n${recipe}`;
    const roleOf = (source: string) => `role_arn = arn:aws:iam::222233334444:role/x\nsource_profile = ${source}\n`;
    const config =
      was('old', roleOf('home')) +
      was('home', '') +
      was('broken', 'role_arn = x\n') +
      `[rolekeeper bare]\n${roleOf('home')}` +
      `[profile other]\ncredential_process = /bin/tool\n[rolekeeper other]\n${roleOf('home')}` +
      role('dev', 'corp');
    expect(summary(plan(config, keys('corp')))).toStrictEqual({
      imports: ['corp'],
      adopted: ['dev'],
      sources: ['home'],
      provable: ['dev', 'old', 'corp', 'home'],
      roles: ['dev', 'old'],
    });
    expect(summary(plan(config, keys('corp'), { only: name('home') }))).toMatchObject({
      provable: ['old', 'home'],
      roles: ['old'],
    });
  });

  it('writes settings of its own and the device of keys that were typed, and adopts what starts from them', () => {
    const typed = { profile: name('corp'), name: name('corp'), serial: device, region: undefined };
    const made = plan(`[profile corp]\noutput = json\n${role('dev', 'corp')}`, '', {
      ...{ typed, only: name('corp'), settings: { store: 'age' } },
    });
    expect(summary(made)).toStrictEqual({
      imports: [],
      adopted: ['dev'],
      sources: ['corp'],
      provable: ['dev', 'corp'],
      roles: ['dev'],
    });
    expect(made.after).toStrictEqual({
      config: `[profile corp]
output = json
credential_process = /usr/local/bin/rolekeeper get corp
[profile dev]
region = eu-west-1
credential_process = /usr/local/bin/rolekeeper get dev

[rolekeeper dev]
role_arn = arn:aws:iam::222233334444:role/dev
source_profile = corp


[rolekeeper]
store = age

[rolekeeper corp]
mfa_serial = ${device}
`,
      credentials: '',
    });
    const unknown = plan('', '', { typed: { ...typed, profile: name('new') }, only: name('new') });
    expect(summary(unknown)).toMatchObject({ provable: ['new'] });
  });

  it('leaves keys whose device the editor cannot move, with its line', () => {
    const twice = `[profile corp]\nmfa_serial = ${device}\n[rolekeeper corp]\nmfa_serial = ${device}\n`;
    const { refused, after } = plan(twice, keys('corp'));
    expect(refused.map(({ profile, error }) => [profile, error.code, error.message])).toStrictEqual([
      ['corp', 'edit-refused', `will not edit ${paths.configPath}:4: [rolekeeper corp] has "mfa_serial" already`],
    ]);
    expect(after).toStrictEqual({ config: twice, credentials: keys('corp') });
  });

  it('refuses a profile that no file has', () => {
    expect(() => plan(role('dev', 'corp'), keys('corp'), { only: name('nope') })).toThrow(
      expect.objectContaining({ code: 'profile-unknown', message: `there is no profile "nope" in ${paths.configPath}` }),
    );
  });

  it('leaves no profile away for a fault of the program', () => {
    const get = () => {
      throw new TypeError('a fault');
    };
    const env = new Proxy({}, { get });
    expect(() => planSetup({ config: '', credentials: keys('corp') }, noWishes, { ...place, env })).toThrow(
      new TypeError('a fault'),
    );
  });

  it.each([
    ['config', 'x\n', '', paths.configPath],
    ['credentials', '', 'x\n', paths.credentialsPath],
  ])('refuses a malformed %s file, by its path', (_which, config, credentials, path) => {
    expect(() => plan(config, credentials)).toThrow(
      expect.objectContaining({ code: 'config-malformed', message: expect.stringContaining(`${path}:1: `) }),
    );
  });
});

describe('withSettings', () => {
  it('puts the store into the section of settings, once', () => {
    const settings = { store: 'age', age_key_file: '~/age.key' };
    const text = withSettings('[profile dev]\n', settings, paths.configPath);
    expect(text).toBe('[profile dev]\n\n[rolekeeper]\nstore = age\nage_key_file = ~/age.key\n');
    expect(withSettings(text, settings, paths.configPath)).toBe(text);
  });
});

describe('ownLine', () => {
  it.each([
    ['no profile', '[profile x]\n', undefined],
    ['nothing that it runs', '[profile dev]\nregion = x\n[rolekeeper dev]\n', undefined],
    ['another program', '[profile dev]\ncredential_process = /bin/tool\n', undefined],
    [
      'rolekeeper',
      '[profile dev]\nregion = x\ncredential_process = /x/rolekeeper get it\n',
      { line: '/x/rolekeeper get it', at: 3 },
    ],
  ])('where there is %s', (_what, config, expected) => {
    expect(ownLine(name('dev'), parseTexts({ config, credentials: '' }, paths))).toStrictEqual(expected);
  });
});
