// Credentials that AWS's own programs have left on the disk. Pure: names of files only, nobody reads them.

import { type Finding, shellWord } from './finding.ts';

/** Directories below ~/.aws, each with its `cache`. */
export const cacheKinds = ['cli', 'sso', 'login'] as const;

export interface CacheLook {
  readonly kind: (typeof cacheKinds)[number];
  readonly path: string;
  readonly files: readonly string[];
}

export function checkSdkCache({ kind, path, files }: CacheLook): readonly Finding[] {
  const count = files.filter((name) => name.endsWith('.json')).length;
  if (count === 0) return [];
  return [
    {
      check: 'sdk-caches',
      what: `${path} holds ${contents[kind]} in plaintext (${count} ${count === 1 ? 'file' : 'files'})`,
      why: 'whoever reads them is you until they end; profiles on rolekeeper do not need them',
      // That command leaves what it did not make; and only it tells AWS.
      mend: `${kind === 'sso' ? 'aws sso logout; ' : ''}rm -r ${shellWord(path)}`,
    },
  ];
}

const contents = {
  cli: 'role credentials of the AWS CLI',
  sso: 'sign-in tokens of IAM Identity Center',
  login: 'console sign-ins of `aws login`',
} as const;
