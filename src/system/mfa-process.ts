// Takes the MFA code that the person's `mfa_process` prints. For `login` its stderr goes to the person: "touch your key".

import { type MfaCode, parseMfaCode } from '../credentials/mfa-code.ts';
import { AppError } from '../errors.ts';
import type { Programs } from '../ports/programs.ts';

export interface MfaRun {
  readonly command: string;
  readonly profile: string;
  /** As in `ProgramRun`. */
  readonly showsStderr: boolean;
  readonly signal?: AbortSignal;
}

/** Long enough to find the key and touch it. */
const patienceMs = 60_000;

/** The output must hold exactly one group of six digits. Throws `program-failed`. */
export async function runMfaProcess({ command, profile, ...manner }: MfaRun, programs: Programs): Promise<MfaCode> {
  const setting = 'mfa_process';
  const wanted = 'code';
  const output = await programs.output({
    command,
    setting,
    wanted,
    profile,
    waitMs: patienceMs,
    longestOutput: 4_096,
    ...manner,
  });
  const codes = output.match(/(?<![0-9])[0-9]{6}(?![0-9])/g) ?? [];
  const [code, ...others] = codes;
  if (code === undefined || others.length > 0) {
    const problem = `its output holds ${codes.length} six-digit codes, not one`;
    throw new AppError('program-failed', { setting, wanted, profile, problem });
  }
  return parseMfaCode(code);
}
