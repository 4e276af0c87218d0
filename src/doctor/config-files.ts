// Bytes in AWS's files that some program stumbles over, though rolekeeper does not. Pure.

import { type Finding, shellWord } from './finding.ts';

/** `text` is undefined where there is no file. Terraform and the AWS CLI fail on both (sdk-contract.md 18). */
export function checkConfigText(path: string, text: string | undefined): readonly Finding[] {
  const why = 'the AWS CLI and Terraform refuse such a file, or read a part of it as something else';
  const check = 'config-files';
  const mark: Finding[] = text?.startsWith('\ufeff')
    ? [{ check, what: `${path} begins with a byte order mark`, why, mend: `sed -i '1s/^\\xEF\\xBB\\xBF//' ${shellWord(path)}` }]
    : [];
  const returns: Finding[] = text?.includes('\r\n')
    ? [{ check, what: `${path} has line ends of Windows`, why, mend: `sed -i 's/\\r$//' ${shellWord(path)}` }]
    : [];
  return [...mark, ...returns];
}
