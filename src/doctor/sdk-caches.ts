// Credentials that AWS's own programs have left on the disk. Pure: names of files only, nobody reads them.

import { type Finding, shellWord } from './finding.ts';

export interface CacheLook {
  readonly kind: 'cli' | 'sso';
  readonly path: string;
  readonly files: readonly string[];
}

export function checkSdkCache({ kind, path, files }: CacheLook): readonly Finding[] {
  const count = files.filter((name) => name.endsWith('.json')).length;
  if (count === 0) return [];
  const what = kind === 'cli' ? 'role credentials of the AWS CLI' : 'sign-in tokens of IAM Identity Center';
  return [
    {
      check: 'sdk-caches',
      what: `${path} holds ${what} in plaintext (${count} ${count === 1 ? 'file' : 'files'})`,
      why: 'whoever reads them is you until they end; profiles on rolekeeper do not need them',
      mend: kind === 'cli' ? `rm -r ${shellWord(path)}` : 'aws sso logout',
    },
  ];
}
