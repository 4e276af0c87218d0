// The readers of ~/.aws/config and ~/.aws/credentials, and the recipes in them. Judged by what may change nothing: a mark at the start, a
// comment at the end, other newlines, and whether the text is read the quick way or line by line.

import { type AwsFile, parseConfigFile, parseCredentialsFile } from '../../../src/config/aws-config.ts';
import { isPlainFile } from '../../../src/config/aws-config-plain.ts';
import { knownProfiles } from '../../../src/config/profile-settings.ts';
import { resolveRecipe } from '../../../src/config/resolve-recipe.ts';
import { isAppError } from '../../../src/errors.ts';
import { must, pureTarget } from '../target.ts';

const names = ['default', 'dev', 'corp', 'profile dev', 'local', 'DEFAULT'];

export const configTarget = pureTarget({
  name: 'config',
  tokens: [
    ...[
      '[profile dev]',
      '[default]',
      '[rolekeeper dev]',
      '[rolekeeper]',
      '[services local]',
      '[sso-session corp]',
      '[DEFAULT]',
      '[',
      ']',
    ],
    ...[
      'role_arn = arn:aws:iam::222233334444:role/Dev',
      'source_profile = corp',
      'credential_process = /usr/bin/rolekeeper get dev',
    ],
    ...[
      'aws_access_key_id = AKIAIOSFODNN7EXAMPLE',
      'aws_secret_access_key = s',
      'mfa_serial = arn:aws:iam::123456789012:mfa/alice',
    ],
    ...[
      'duration_seconds = 900',
      'endpoint_url = http://127.0.0.1:1',
      'sts =',
      '\n  endpoint_url = http://[::1]',
      'services = local',
    ],
    ...[
      'region = eu-west-1',
      'use_fips_endpoint = true',
      'tags = a=b,c=d',
      'policy = {}',
      '\n ',
      '\n\t',
      ' ; ',
      '#',
      '=',
      ':',
      ' = ',
    ],
    ...[
      'source_profile = dev',
      'role_session_name = x',
      'external_id = ',
      'session = none',
      'mfa_process = x',
      '\u00a0',
      '\v',
      '\x1c',
    ],
  ],
  endings: ['refused', 'read', 'recipes'],
  check: (input) => {
    const text = input.toString('utf8');
    const credentials = readBy(parseCredentialsFile, text);
    const config = readBy(parseConfigFile, text);
    if (config === undefined || credentials === undefined) return 'refused';
    return resolveAll({ config, credentials }) ? 'recipes' : 'read';
  },
});

type Parse = (text: string, path: string) => AwsFile;

/** Undefined for a file that is refused. */
function readBy(parse: Parse, text: string): AwsFile | undefined {
  const file = parsed(parse, text);
  const said = file === undefined ? 'refused' : readAll(file);
  if (!text.startsWith('\ufeff')) must(say(parse, `\ufeff${text}`) === said, 'a mark at the start changes nothing');
  must(say(parse, `${text}\n# a comment`) === said, 'a comment at the end changes nothing');
  if (!text.includes('\r')) must(say(parse, text.replaceAll('\n', '\r\n')) === said, 'other newlines change nothing');
  if (file !== undefined && isPlainFile(text)) {
    const slowly = parsed(parse, `${text}\n['odd']\n`);
    must(slowly !== undefined, 'a plain file is read line by line as well');
    for (const name of names) must(find(file, name) === find(slowly, name), 'both ways find the same');
  }
  return file;
}

function say(parse: Parse, text: string): string {
  const file = parsed(parse, text);
  return file === undefined ? 'refused' : readAll(file);
}

function parsed(parse: Parse, text: string): AwsFile | undefined {
  try {
    return parse(text, 'file');
  } catch (error) {
    if (!isAppError(error, 'config-malformed')) throw error;
    const { line } = error.details;
    must(line >= 1 && line <= text.split(/\r\n|\r|\n/).length, 'the line that is complained of is there');
    return undefined;
  }
}

/** Throws for a file that was read and then cannot tell what is in it. */
function readAll(file: AwsFile): string {
  for (const { type, name, line } of file.sections) must(file.find(type, name)?.line === line, 'a section is found by its name');
  return JSON.stringify(file.sections.map(plain));
}

function find(file: AwsFile, name: string): string {
  const types = ['profile', 'sso-session', 'services', 'rolekeeper', 'rolekeeper-settings', 'other'] as const;
  return JSON.stringify(types.map((type) => plain(file.find(type, type === 'rolekeeper-settings' ? '' : name))));
}

function plain(section: AwsFile['sections'][number] | undefined): unknown {
  if (section === undefined) return undefined;
  const { type, name, line, settings } = section;
  return [
    type,
    name,
    line,
    [...settings.values()].map(({ nested, ...setting }) => ({ ...setting, nested: [...nested.values()] })),
  ];
}

/** True when at least one profile has a recipe. */
function resolveAll(files: { readonly config: AwsFile; readonly credentials: AwsFile }): boolean {
  let isAny = false;
  for (const profile of knownProfiles(files)) {
    try {
      const { hops, notes, chain } = resolveRecipe(profile, files, {});
      must(chain.length > 0 && hops.length <= 21 && notes.every((note) => note !== ''), 'a recipe is whole');
      isAny = true;
    } catch (error) {
      if (!isAppError(error, 'recipe-invalid', 'profile-unknown')) throw error;
      must(/^\P{Cc}+$/u.test(`${error.message}${error.hint}`), 'a refusal is one printable line');
    }
  }
  return isAny;
}
