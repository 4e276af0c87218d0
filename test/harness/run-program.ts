// Runs a program without blocking this process, which may be the server that the program talks to.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Killed after `endMs`, 60 s if nothing is said. The program sees PATH, LANG and what `env` adds. Throws, with the Debian package or pip name to install, when it is
 * not there: a missing tool is a failure, not a skip.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  {
    env = {},
    cwd,
    install,
    endMs = 60_000,
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly install: string;
    readonly endMs?: number;
  },
): Promise<Finished> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: endMs,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const [status] = await once(child, 'close');
    return { status: typeof status === 'number' ? status : null, stdout, stderr };
  } catch (error) {
    throw new Error(`${program} could not be started; install ${install}`, { cause: error });
  }
}
