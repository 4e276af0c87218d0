// Runs the user's `mfa_process` command and takes the MFA code it prints. Its stderr goes to the person: "touch your key".

import { spawn } from 'node:child_process';
import { callerMark } from '../config/caller-mark.ts';
import { type MfaCode, parseMfaCode } from '../credentials/mfa-code.ts';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';

/** Long enough to find the key and touch it. */
const patienceMs = 60_000;
const longestOutput = 4_096;

/**
 * Through the shell, as the line stands in the config. The output must hold exactly one group of six digits. Throws `mfa-process-failed`.
 * `caller` marks the child, so that a command that leads back to rolekeeper for the same profile is refused there.
 */
export async function runMfaProcess(
  command: string,
  { env, caller, waitMs = patienceMs }: { readonly env: Environment; readonly caller: string; readonly waitMs?: number },
): Promise<MfaCode> {
  const output = await outputOf(command, { ...env, ...callerMark(caller, env) }, waitMs);
  const codes = output.match(/(?<![0-9])[0-9]{6}(?![0-9])/g) ?? [];
  const [code, ...others] = codes;
  if (code === undefined || others.length > 0) {
    throw new AppError('mfa-process-failed', { command, problem: `its output holds ${codes.length} six-digit codes, not one` });
  }
  return parseMfaCode(code);
}

function outputOf(command: string, env: Environment, waitMs: number): Promise<string> {
  const child = spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const failed = (problem: string, cause?: unknown) => new AppError('mfa-process-failed', { command, problem }, cause);
  return new Promise<string>((resolve, reject) => {
    let output = '';
    const giveUp = setTimeout(() => stop(failed(`no answer in ${waitMs / 1000} s`)), waitMs);
    const stop = (error: AppError) => {
      clearTimeout(giveUp);
      // The shell's own children hold the pipe open as well, so the whole group goes.
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      reject(error);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > longestOutput) stop(failed('it printed too much'));
    });
    child.once('error', (error) => stop(failed(error.message, error)));
    child.once('close', (code, signal) => {
      clearTimeout(giveUp);
      if (code === 0) resolve(output);
      else reject(failed(signal === null ? `it ended with status ${code ?? 1}` : `it was ended by ${signal}`));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // it has just ended by itself
  }
}
