// `rolekeeper exec PROFILE -- COMMAND…`: runs a program with the credentials in its environment, for programs that know no profiles.
// The only place where secrets enter a child's environment: that is its job.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { AppError } from '../errors.ts';
import type { Environment } from '../ports/environment.ts';
import { shellWord } from '../shell-word.ts';
import type { Wiring } from '../wiring.ts';
import { credentialVariables, obtainForPerson } from './person-credentials.ts';

/** Returns the program's exit status; 128 + its signal's number when one ended it, as shells do. */
export async function exec(profile: string, command: readonly string[], wiring: Wiring): Promise<number> {
  const [program, ...args] = command;
  if (program === undefined || program === '') {
    throw new AppError('usage', {
      problem: 'exec needs a command',
      hint: `as in \`rolekeeper exec ${shellWord(profile)} -- aws s3 ls\``,
    });
  }
  const variables = credentialVariables(await obtainForPerson(profile, 'exec', wiring));
  return run(program, args, {
    ...wiring.env,
    ...Object.fromEntries(variables.map(({ name, value }) => [name, value?.reveal()])),
  });
}

function run(program: string, args: readonly string[], env: Environment): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  // The terminal sends SIGINT to the child as well; we only wait for what it makes of it. Whether one came to us alone, Node does not tell
  // (it drops sigaction(2)'s si_code), and a second one makes a terraform give up in the middle of its work.
  const pass = (signal: NodeJS.Signals) => (signal === 'SIGINT' ? undefined : child.kill(signal));
  for (const signal of signals) process.on(signal, pass);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(cannotRun(program, error)));
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
  }).finally(() => {
    for (const signal of signals) process.off(signal, pass);
  });
}

function cannotRun(program: string, error: Error): AppError<'usage'> {
  const isMissing = 'code' in error && error.code === 'ENOENT';
  const isForbidden = 'code' in error && error.code === 'EACCES';
  const isPath = program.includes('/');
  if (!isMissing)
    return new AppError(
      'usage',
      {
        problem: `could not run ${program}: ${isForbidden ? 'permission denied' : error.message}`,
        hint: 'check its permissions',
      },
      error,
    );
  const problem = isPath ? `there is no program ${program}` : `there is no program ${JSON.stringify(program)} on PATH`;
  return new AppError('usage', { problem, hint: 'check its name; aliases and functions of a shell are no programs' }, error);
}
