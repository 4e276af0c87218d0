// Credentials that AWS's own programs have left on the disk. Pure: names of files only, nobody reads them.

import type { ProfileName } from '../config/names.ts';
import { shellWord } from '../shell-word.ts';
import type { Finding } from './finding.ts';

/** Directories below ~/.aws, each with its `cache`. */
export const cacheKinds = ['cli', 'sso', 'login'] as const;
export type CacheKind = (typeof cacheKinds)[number];

export interface CacheLook {
  readonly kind: CacheKind;
  readonly path: string;
  readonly files: readonly string[];
  /** A profile on rolekeeper that starts from what is in there. */
  readonly user?: ProfileName;
}

export function checkSdkCache({ kind, path, files, user }: CacheLook): readonly Finding[] {
  const count = files.filter((name) => name.endsWith('.json')).length;
  // A console sign-in has no other place: to remove it would sign the person out.
  if (count === 0 || (kind === 'login' && user !== undefined)) return [];
  const need =
    user === undefined ? 'profiles on rolekeeper do not need them' : `"${user}" needs them until it has a sign-in of its own`;
  return [
    {
      check: 'sdk-caches',
      what: `${path} holds ${contents[kind]} in plaintext (${count} ${count === 1 ? 'file' : 'files'})`,
      why: `whoever reads them is you until they end; ${need}`,
      mend: `${user === undefined ? '' : `rolekeeper login ${shellWord(user)} && `}${removal(kind, path)}`,
    },
  ];
}

function removal(kind: CacheKind, path: string): string {
  // That command leaves what it did not make; and only it tells AWS.
  return `${kind === 'sso' ? 'aws sso logout; ' : ''}rm -r ${shellWord(path)}`;
}

const contents = {
  cli: 'role credentials of the AWS CLI',
  sso: 'sign-in tokens of IAM Identity Center',
  login: 'console sign-ins of `aws login`',
} as const;
