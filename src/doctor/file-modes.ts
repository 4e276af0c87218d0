// Who else may read or change the AWS files. Pure: what the file system says arrives as an argument.

import type { FileLook } from '../ports/inspector.ts';
import { shellWord } from '../shell-word.ts';
import type { Finding, Fix } from './finding.ts';

/** A directory that others may read is usual, since the AWS CLI makes it so; a file of AWS is made for its user alone. */
export function checkFileMode({ path, isDirectory, mode, owner }: FileLook): readonly Finding[] {
  const check = 'file-modes';
  if (owner === 'root') return []; // what an administrator has set up is theirs to answer for
  if (owner === 'other') {
    const why = 'its owner decides what is in it, and with it which program your credentials come from';
    return [{ check, what: `${path} belongs to another user`, why, mend: `sudo chown "$(id -un)" ${shellWord(path)}` }];
  }
  const others = isDirectory ? 0o022 : 0o077;
  if ((mode & others) === 0) return [];
  const fix: Fix = { kind: 'mode', path, mode: mode & ~others };
  const may = (mode & 0o022) === 0 ? 'read' : 'change';
  return [
    {
      check,
      what: `other users may ${may} ${path} (mode ${octal(mode)})`,
      why:
        may === 'change'
          ? 'a credential_process line is a program that runs as you: whoever may write it is you'
          : 'keys, external ids and the names of your roles are for you alone',
      mend: `chmod ${octal(fix.mode)} ${shellWord(path)}`,
      fix,
    },
  ];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
