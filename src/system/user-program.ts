// Runs a command line that the person has put into the configuration, and takes what it prints. Never longer than it may, never endless output.

import { spawn } from 'node:child_process';
import { callerMark } from '../config/caller-mark.ts';
import { AppError } from '../errors.ts';
import type { Programs } from '../ports/programs.ts';

/** What a failing program said, at the end of our own message. */
const longestComplaint = 1_000;

/** `env` is the whole environment of the child, but for the mark of its caller. */
export function createPrograms(env: NodeJS.ProcessEnv): Programs {
  return {
    output: ({ command, setting, wanted, profile, waitMs, longestOutput, signal, showsStderr }) =>
      new Promise<string>((resolve, reject) => {
        const unwanted = 'it was no longer waited for';
        if (signal?.aborted) return reject(new AppError('program-failed', { setting, wanted, profile, problem: unwanted }));
        const child = spawn(command, {
          shell: true,
          env: { ...env, ...callerMark(profile, env) },
          stdio: ['ignore', 'pipe', showsStderr ? 'inherit' : 'pipe'],
          detached: true,
        });
        let output = '';
        let complaint = '';
        const failed = (problem: string, cause?: unknown) =>
          new AppError('program-failed', { setting, wanted, profile, problem: withComplaint(problem, complaint) }, cause);
        const stop = (error: AppError) => {
          // The shell's own children hold the pipes open as well, so the whole group goes.
          if (child.pid !== undefined) killGroup(child.pid);
          child.stdout?.destroy();
          child.stderr?.destroy();
          end();
          reject(error);
        };
        const giveUp = setTimeout(() => stop(failed(`no answer in ${waitMs / 1000} s`)), waitMs);
        const interrupt = () => stop(failed(unwanted));
        const end = () => {
          clearTimeout(giveUp);
          signal?.removeEventListener('abort', interrupt);
        };
        signal?.addEventListener('abort', interrupt, { once: true });
        child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
          if (output.length > longestOutput) stop(failed('it printed too much'));
        });
        child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
          complaint = (complaint + chunk).slice(-longestComplaint);
        });
        child.once('error', (error) => stop(failed(error.message, error)));
        child.once('close', (code, signalName) => {
          end();
          if (code === 0) resolve(output);
          else reject(failed(signalName === null ? `it ended with status ${code ?? 1}` : `it was ended by ${signalName}`));
        });
      }),
  };
}

function withComplaint(problem: string, complaint: string): string {
  const words = complaint.replace(/\s+/g, ' ').trim();
  return words === '' ? problem : `${problem}: ${words}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // it has just ended by itself
  }
}
