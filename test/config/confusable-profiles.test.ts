// Profiles that differ in one setting only: none is ever given the other's credentials. Whatever a person may change is in the key id.

import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { signInOf, stepsOf } from '../../src/config/recipe.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { signInIdOf } from '../../src/config/sign-in.ts';
import type { Environment } from '../../src/ports/environment.ts';

const session = '[sso-session one]\nsso_start_url = https://one.awsapps.com/start\nsso_region = eu-west-1\n';
const anchors =
  'trust_anchor_arn = arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a\nprofile_arn = arn:aws:rolesanywhere:eu-west-1:111122223333:profile/p';
const role = 'role_arn = arn:aws:iam::111122223333:role/Dev';

function recipeOf(settings: string, more = session, env: Environment = {}) {
  const config = `${more}[profile a]\nregion = eu-west-1\n${settings}\n`;
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile('', 'credentials') };
  return resolveRecipe(parseProfileName('a'), files, env);
}

const idOf = (settings: string, more?: string, env?: Environment) =>
  stepsOf(recipeOf(settings, more, env), 'rolekeeper-alice').at(-1)?.id ?? expect.fail('no credentials at all');

const sso = 'sso_session = one\nsso_account_id = 111122223333\nsso_role_name = Dev';
const old =
  'sso_start_url = https://one.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 111122223333\nsso_role_name = Dev';
const web = `${role}\nweb_identity_token_file = /token`;
const saml = `${role}\nsaml_process = print`;
const certificate = `${role}\n${anchors}\ncertificate = /c.pem\nprivate_key = /c.key`;

describe('profiles that differ in one setting', () => {
  it.each([
    ['the account', sso, sso.replace('111122223333', '444455556666')],
    ['the permission set', sso, sso.replace('Dev', 'Ops')],
    ['the start URL', old, old.replace('one.awsapps', 'two.awsapps')],
    ['the region of the sign-in', old, old.replace('eu-west-1', 'us-east-1')],
    ['a section or the old form', sso, old],
    ['the file of a token', web, web.replace('/token', '/token2')],
    ['a file or a program for the token', web, web.replace('file = /token', 'process = cat /token')],
    ['the role by a token', web, web.replace('Dev', 'Ops')],
    ['the account by a token', web, web.replace('111122223333', '444455556666')],
    ['the program of an assertion', saml, saml.replace('print', 'print2')],
    ['the provider of an assertion', saml, `${saml}\nsaml_principal_arn = arn:aws:iam::111122223333:saml-provider/x`],
    ['the certificate', certificate, certificate.replace('/c.pem', '/d.pem')],
    ['the trust anchor', certificate, certificate.replace('trust-anchor/a', 'trust-anchor/b')],
    ['the Roles Anywhere profile', certificate, certificate.replace('profile/p', 'profile/q')],
    ['the console session', 'login_session = arn:aws:iam::1:user/a', 'login_session = arn:aws:iam::1:user/b'],
    ['the program', 'credential_process = one', 'credential_process = two'],
    ['the session policy', web, `${web}\npolicy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess`],
    ['the endpoint', web, `${web}\nendpoint_url = http://127.0.0.1:1`],
    ['a role behind it', sso, `${role}\nsource_profile = b\n[profile b]\n${sso}`],
  ])('%s: are two', (_what, one, other) => {
    expect(idOf(one)).toBe(idOf(one));
    expect(idOf(other)).not.toBe(idOf(one));
  });

  it('the same session name, moved to another place, is another sign-in', () => {
    const moved = session.replace('one.awsapps', 'two.awsapps');
    expect(idOf(sso, moved)).not.toBe(idOf(sso));
    const signIns = [session, moved].map((section) => signInOf(recipeOf(sso, section)) ?? expect.fail('no sign-in'));
    expect(new Set(signIns.map(signInIdOf)).size).toBe(2);
  });

  it("an endpoint in a caller's environment is another place to be given them", () => {
    const env = { AWS_ENDPOINT_URL_SSO: 'http://127.0.0.1:1' };
    expect(idOf(sso, session, env)).not.toBe(idOf(sso));
  });
});
