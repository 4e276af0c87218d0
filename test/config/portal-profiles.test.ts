// Names and lines of profiles for roles of IAM Identity Center, whatever the accounts are called.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../src/config/aws-config.ts';
import { scanLines } from '../../src/config/aws-config-lines.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { addPortalPair, profileNameFor } from '../../src/config/portal-profiles.ts';
import { applyChanges } from '../../src/config/role-pair.ts';
import { recordPair, undoPairs } from '../../src/config/undo-pair.ts';
import { configText } from './config-file-arbitrary.ts';

const endpoint = { region: 'eu-west-1', useFips: false, useDualstack: false };
const signIn = { sessionName: 'corp', startUrl: 'https://corp.awsapps.com/start', scopes: [], oidc: endpoint, portal: endpoint };
const program = '/usr/local/bin/rolekeeper';

function roleIn(name: string, roleName = 'Admin') {
  const accountId = '222233334444';
  return { accountId, roleName, account: { accountId, name, email: '' } };
}

describe('profileNameFor', () => {
  it.each([
    ['Development', '{account_name}/{role_name}', 'Development/Admin'],
    ['Build & Tools', '{account_name}-{role_name}', 'Build-Tools-Admin'],
    ['', '{account_name}', '222233334444'],
    ['x', '{session}:{account_id}', 'corp:222233334444'],
    ['a]\n[profile evil]\ncredential_process = x', '{account_name}', 'a-profile-evil-credential_process-=-x'],
    ['$(reboot)', 'p{account_name}', 'preboot'],
    ['--a--', 'p{account_name}-{account_name}', 'pa-a'],
    ['a_b.c+d@e=f,g', '{account_name}', 'a_b.c+d@e=f,g'],
    ['x', 'plain {and', 'plain {and'],
  ])('of account %j by %j is %j', (name, template, expected) => {
    expect(profileNameFor(roleIn(name), template, 'corp')).toBe(expected);
  });

  it('refuses what no profile can be called, and what a template does not know', () => {
    expect(() => profileNameFor(roleIn('x'), '-{role_name}')).toThrow('"-Admin" cannot be a profile name');
    for (const template of ['{role}', 'a{}']) {
      const problem = `${template.replace('a', '')} is nothing that a template knows`;
      expect(() => profileNameFor(roleIn('x'), template)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: problem,
          hint: 'it knows {account_id}, {account_name}, {role_name}, {session}',
        }),
      );
    }
  });

  it('has a word for a sign-in without a name', () => {
    expect(profileNameFor(roleIn('x'), '{session}-{role_name}')).toBe('sso-Admin');
  });

  it('is safe in a config file and a shell for an account of any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        expect(profileNameFor(roleIn(name), 'p-{account_name}')).toMatch(/^p-[\w.+@=,-]*$/);
      }),
    );
  });
});

describe('addPortalPair', () => {
  const { sessionName: _name, ...oldSignIn } = signIn;
  const settings = { signIn, role: roleIn('x'), region: 'eu-west-1', program };
  const dev = parseProfileName('dev');
  const processLine = `credential_process = ${program} get dev\n`;
  const roleLines = 'sso_account_id = 222233334444\nsso_role_name = Admin\n';

  it.each([
    [
      'with all that it can have',
      settings,
      `[profile dev]\nregion = eu-west-1\n${processLine}\n[rolekeeper dev]\nsso_session = corp\n${roleLines}`,
    ],
    [
      'without a region, and with the old form of a sign-in',
      { ...settings, region: undefined, signIn: oldSignIn },
      `[profile dev]\n${processLine}\n[rolekeeper dev]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n${roleLines}`,
    ],
  ])('writes a pair %s', (_what, some, lines) => {
    const text = '[profile other]\noutput = json\n';
    const change = addPortalPair(scanLines(text, 'config'), dev, some);
    const { mean: _mean, ...edit } = change;
    expect(edit).toStrictEqual({
      profile: 'dev',
      from: 'dev',
      start: text.length - 1,
      before: '',
      after: `\n\n${lines.slice(0, -1)}`,
      line: 3,
    });
    expect(applyChanges(scanLines(text, 'config'), [change])).toBe(`${text}\n${lines}`);
  });

  it('ends its lines as the file does, and the last as the last one there', () => {
    const scanned = scanLines('[profile other]\r\noutput = json', 'config');
    const after = applyChanges(scanned, [addPortalPair(scanned, dev, { ...settings, region: undefined })]);
    expect(after).toBe(
      `[profile other]\noutput = json\n\n[profile dev]\n${processLine}\n[rolekeeper dev]\nsso_session = corp\n${roleLines}`
        .replaceAll('\n', '\r\n')
        .slice(0, -2),
    );
  });

  it.each([
    [
      'a profile',
      '[default]\n[profile "dev"]\n',
      'will not edit config:2: there is a profile "dev" already',
      'choose another --template or --prefix',
    ],
    [
      'a recipe',
      '[default]\n\n[rolekeeper dev]\n',
      'will not edit config:3: there is a section [rolekeeper dev] already',
      'change that place by hand, then run the command again',
    ],
  ])('refuses where there is %s of that name', (_what, text, message, hint) => {
    expect(() => addPortalPair(scanLines(text, 'config'), dev, settings)).toThrow(
      expect.objectContaining({ code: 'edit-refused', message, hint }),
    );
  });

  it('refuses a file that nobody could read once a profile inherits its [DEFAULT]', () => {
    const scanned = scanLines('[DEFAULT]\nregion =\n  no delimiter\n  here\n', 'config');
    expect(() => applyChanges(scanned, [addPortalPair(scanned, dev, settings)])).toThrow(
      'will not edit config:5: the lines around it would be read differently afterwards',
    );
  });

  it('adds one or several to any file, and an undo takes every byte of them out again', () => {
    fc.assert(
      fc.property(configText, fc.subarray(['one', 'two', 'three'], { minLength: 1 }), (text, names) => {
        if (!isUsable(text)) return;
        const scanned = scanLines(text, 'config');
        const changes = names.map((name) =>
          addPortalPair(scanned, parseProfileName(`new/${name}`), { signIn, role: roleIn('x'), region: 'eu-west-1', program }),
        );
        const after = applyChanges(scanned, changes.toReversed());
        const pairs = changes.map((change) => ({ profile: change.profile, record: recordPair('config', change) }));
        expect(undoPairs(after, 'config', pairs)).toEqual({ text, undone: pairs.map(({ profile }) => profile) });
      }),
      { numRuns: 300 },
    );
  });
});

/** Malformed files are refused as a whole, before any edit. So is one whose `[DEFAULT]` would be malformed for whoever inherits it. */
function isUsable(text: string): boolean {
  try {
    parseConfigFile(text, 'config');
    parseConfigFile(`${text}\n[profile new]\n`, 'config');
    return true;
  } catch {
    return false;
  }
}
