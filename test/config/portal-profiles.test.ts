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
  ])('of account %j by %j is %j', (name, template, expected) => {
    expect(profileNameFor(roleIn(name), template, 'corp')).toBe(expected);
  });

  it('refuses what no profile can be called, and what a template does not know', () => {
    expect(() => profileNameFor(roleIn('x'), '-{role_name}')).toThrow('cannot be a profile name');
    expect(() => profileNameFor(roleIn('x'), '{role}')).toThrow('{role} is nothing that a template knows');
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

/** Malformed files are refused as a whole, before any edit. */
function isUsable(text: string): boolean {
  try {
    parseConfigFile(text, 'config');
    return true;
  } catch {
    return false;
  }
}
