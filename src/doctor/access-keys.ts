// Long-term keys where they do harm: those that win over credential_process, and plaintext ones. Pure; never holds a key's value.

import { type AwsFile, findSection, type Section } from '../config/aws-config.ts';
import type { ConfigFiles } from '../config/profile-settings.ts';
import type { Environment } from '../ports/environment.ts';
import { shellWord } from '../shell-word.ts';
import { editCommand, type Finding } from './finding.ts';

/** The environment wins over every profile, in every client (sdk-contract.md 17). */
export function checkEnvironmentKeys(env: Environment): readonly Finding[] {
  const variables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'];
  if (env['AWS_ACCESS_KEY_ID'] === undefined || env['AWS_ACCESS_KEY_ID'] === '') return [];
  const set = variables.filter((name) => env[name] !== undefined);
  return [
    {
      check: 'winning-keys',
      what: `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set in the environment`,
      why: 'most clients take these instead of what a profile says, and they are never refreshed',
      mend: `unset ${set.join(' ')}`,
    },
  ];
}

/** Each profile with a secret key in one of the files, once; by the line that `explain` and `status` name as well. */
export function checkFileKeys({ config, credentials }: ConfigFiles): readonly Finding[] {
  return [credentials, config].flatMap((file) =>
    file.sections.flatMap((section) => {
      const id = section.settings.get('aws_access_key_id');
      const key = section.settings.get('aws_secret_access_key') ?? id;
      if (section.type !== 'profile' || key === undefined || key.value === '') return [];
      return [fileKeysFinding(section, { file, line: (id ?? key).line, config })];
    }),
  );
}

/** The older name is one that botocore still takes, and takes first. */
const tokenKeys = ['aws_security_token', 'aws_session_token'];

interface Place {
  readonly file: AwsFile;
  readonly line: number;
  readonly config: AwsFile;
}

function fileKeysFinding({ name, settings }: Section, { file, line, config }: Place): Finding {
  const isTemporary = tokenKeys.some((key) => (settings.get(key)?.value ?? '') !== '');
  const isRole = findSection(config, 'rolekeeper', name)?.settings.get('role_arn') !== undefined;
  const place = { path: file.path, line };
  const mend = isTemporary || isRole ? `${editCommand(place)}    # remove the keys` : `rolekeeper import ${shellWord(name)}`;
  const where = `${file.path}:${line}`;
  const kind = isTemporary ? 'temporary keys' : 'keys';
  if (findSection(config, 'profile', name)?.settings.get('credential_process') === undefined) {
    const why = 'every program that you run, and every backup, can read them';
    return { check: 'plaintext', profile: name, what: `${kind} of "${name}" in plaintext in ${where}`, why, mend };
  }
  const why = 'most clients take them instead of credential_process; and every program that you run can read them';
  return {
    check: 'winning-keys',
    profile: name,
    what: `${kind} of "${name}" in ${where} win over credential_process`,
    why,
    mend,
  };
}
