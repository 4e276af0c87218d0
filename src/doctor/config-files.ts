// Bytes in AWS's files that some program stumbles over, though rolekeeper does not. Pure.

import { shellWord } from '../shell-word.ts';
import type { Finding } from './finding.ts';

/** `text` is undefined where there is no file. Terraform and the AWS CLI fail on both (sdk-contract.md 18). */
export function checkConfigText(path: string, text: string | undefined): readonly Finding[] {
  const why = 'the AWS CLI and Terraform refuse such a file, or read a part of it as something else';
  const check = 'config-files';
  const mark: Finding[] = text?.startsWith('\ufeff')
    ? [{ check, what: `${path} begins with a byte order mark`, why, mend: rewrite(path, 'tail -c +4') }]
    : [];
  const returns: Finding[] = text?.includes('\r\n')
    ? [{ check, what: `${path} has line ends of Windows`, why, mend: rewrite(path, "tr -d '\\r'") }]
    : [];
  return [...mark, ...returns];
}

/** The file stays the same one, with its mode and its links; every POSIX system has these programs. */
function rewrite(path: string, filter: string): string {
  const [old, other] = [shellWord(path), shellWord(`${path}.new`)];
  return `(umask 077; ${filter} <${old} >${other} && cat ${other} >${old} && rm ${other})`;
}
