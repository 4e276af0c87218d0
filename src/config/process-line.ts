// The `credential_process` line for a profile: safe for every SDK, or refused. Pure.

import { AppError } from '../errors.ts';
import type { ProfileName } from './names.ts';

/**
 * `/usr/local/bin/rolekeeper get dev`. botocore splits the line by shlex, all others give it to `sh -c` or `cmd.exe` (sdk-contract.md 6),
 * so the path may hold nothing that any of them reads in its own way. Throws `usage`.
 */
export function processLine(program: string, profile: ProfileName): string {
  if (!/^[\w\-./+@:=,%\\]+$/.test(program)) {
    throw new AppError('usage', {
      problem: `the path of rolekeeper, ${JSON.stringify(program)}, holds characters that some SDK cannot run`,
      hint: 'install it in a directory without blanks and special characters',
    });
  }
  if (/^[\w\-./+@:=,]+$/.test(profile)) return `${program} get ${profile}`;
  if (/^[\w\-./+@:=, ]+$/.test(profile)) return `${program} get "${profile}"`;
  throw new AppError('usage', {
    problem: `the profile name ${JSON.stringify(profile)} holds characters that some SDK cannot pass on`,
    hint: 'rename the profile: letters, digits, blanks and -._/+@:=, are safe',
  });
}
