import { describe, expect, it } from 'vitest';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { importableKeys } from '../../src/config/importable.ts';
import { parseProfileName } from '../../src/config/names.ts';
import { resolveRecipe } from '../../src/config/resolve-recipe.ts';
import { AppError } from '../../src/errors.ts';

const keys = 'aws_access_key_id = AKIA\naws_secret_access_key = secret\n';
const role = 'role_arn = arn:aws:iam::222233334444:role/Dev\n';

function keysIn(config: string, credentials = '') {
  const files = { config: parseConfigFile(config, 'config'), credentials: parseCredentialsFile(credentials, 'credentials') };
  return importableKeys(resolveRecipe(parseProfileName('dev'), files, {}), '/home/me/.aws/config');
}

function refusal(config: string, credentials?: string): unknown {
  try {
    return keysIn(config, credentials);
  } catch (error) {
    return error instanceof AppError ? [error.code, error.message, error.hint, error.toStored().details] : error;
  }
}

describe('importableKeys', () => {
  it.each([
    ['the credentials file', '[profile dev]\nregion = x-y-1\n', `\n[dev]\n${keys}`, 'credentials', 3],
    ['the config file', `[profile dev]\n${keys}`, '', 'config', 2],
  ])('gives the keys of %s, with their place', (_where, config, credentials, path, line) => {
    const { secretAccessKey, ...rest } = keysIn(config, credentials);
    expect(rest).toStrictEqual({ accessKeyId: 'AKIA', path, line });
    expect(secretAccessKey.reveal()).toBe('secret');
  });

  it.each([
    [
      'a role',
      `[profile dev]\n${role}source_profile = corp\n`,
      `[corp]\n${keys}`,
      'it is a role, not a profile of access keys',
      'import its source: `rolekeeper import corp`',
    ],
    [
      'a role that is its own source',
      `[profile dev]\n${role}source_profile = dev\n${keys}`,
      '',
      'it is a role, not a profile of access keys',
      'import its source: `rolekeeper import dev`',
    ],
    [
      'keys that are in the store',
      '[profile dev]\ncredential_process = /x/rolekeeper get dev\n[rolekeeper dev]\n',
      '',
      'it has no access keys in plaintext',
      'type them in with `rolekeeper add dev`, or look into /home/me/.aws/config',
    ],
    [
      'a profile without keys of any kind',
      '[profile dev]\nlogin_session = s\n',
      '',
      'it has no access keys in plaintext',
      'type them in with `rolekeeper add dev`, or look into /home/me/.aws/config',
    ],
    [
      'temporary keys',
      '',
      `[dev]\n${keys}aws_session_token = token\n`,
      'its keys in credentials:2 are temporary (they have a session token)',
      'only long-term keys can be imported',
    ],
  ])('refuses %s, in words', (_what, config, credentials, problem, hint) => {
    expect(refusal(config, credentials)).toStrictEqual([
      'recipe-invalid',
      `profile "dev": ${problem}`,
      hint,
      { profile: 'dev', problem, chain: [], hint },
    ]);
  });

  // The keys of "corp" went into the store as those of "dev", "are gone" was said of keys that stood there still, and keys of dev's own
  // were taken out of the file unread.
  it.each([
    ['has none', ''],
    ['has others', `[dev]\n${keys.replace('AKIA', 'ASIA')}`],
  ])('refuses a profile that asks for those of another, and %s itself', (_what, own) => {
    const config = '[profile dev]\ncredential_process = /x/rolekeeper get corp\n';
    expect(refusal(config, `[corp]\n${keys}${own}`)).toMatchObject([
      'recipe-invalid',
      'profile "dev": its credential_process asks for "corp", whose keys these are',
      'import that one: `rolekeeper import corp`',
      {},
    ]);
  });
});
