// Runs a command line that the person has put into the configuration, and takes what it prints. Never longer than it may, never endless output.

import { spawn } from 'node:child_process';
import { callerMark } from '../config/caller-mark.ts';
import { withoutSecrets } from '../credentials/foreign-words.ts';
import { Secret } from '../credentials/secret.ts';
import { AppError } from '../errors.ts';
import type { ProgramRun, Programs } from '../ports/programs.ts';
import { type ChildGroup, holdGroup } from './child-group.ts';

/** What a failing program said, at the end of our own message. */
const longestComplaint = 1_000;
/** What a program leaves running may hold its pipes open for ever; all that the program itself has printed is in them by then. */
const afterEndMs = 500;

/** `env` is the whole environment of the child, but for the mark of its caller. */
export function createPrograms(env: NodeJS.ProcessEnv): Programs {
  return { output: (run) => outputOf(run, env) };
}

async function outputOf(run: ProgramRun, env: NodeJS.ProcessEnv): Promise<string> {
  const { command, setting, wanted, profile, showsStderr, signal } = run;
  const failed = (problem: string, cause?: unknown) =>
    new AppError('program-failed', { setting, wanted, profile, problem }, cause);
  if (signal?.aborted === true) throw failed(unwanted);
  const group = holdGroup(() =>
    spawn(command, {
      shell: true,
      env: { ...env, ...callerMark(profile, env) },
      stdio: ['ignore', 'pipe', showsStderr ? 'inherit' : 'pipe'],
      detached: true,
    }),
  );
  const said: Said = { output: '', complaint: '' };
  try {
    const { problem, cause } = await endOf(group, run, said);
    if (problem === undefined) return said.output;
    throw failed(withComplaint(problem, said), cause);
  } finally {
    group.release();
    group.child.stdout?.destroy();
    group.child.stderr?.destroy();
  }
}

const unwanted = 'it was no longer waited for';

interface Said {
  output: string;
  complaint: string;
}

/** Without a problem where it has ended well. */
interface End {
  readonly problem?: string;
  readonly cause?: unknown;
}

function endOf({ child, end }: ChildGroup, { waitMs, longestOutput, signal }: ProgramRun, said: Said): Promise<End> {
  const timers: NodeJS.Timeout[] = [];
  const over = new AbortController();
  return new Promise<End>((resolve) => {
    const stop = (problem: string) => {
      end();
      resolve({ problem });
    };
    signal?.addEventListener('abort', () => stop(unwanted), { signal: over.signal });
    timers.push(setTimeout(stop, waitMs, `no answer in ${waitMs / 1000} s`));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      said.output += chunk;
      if (said.output.length > longestOutput) stop('it printed too much');
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said.complaint = (said.complaint + chunk).slice(-longestComplaint);
    });
    child.once('error', (cause) => resolve({ problem: cause.message, cause }));
    // A loop that was held up runs its timers before it reads: what is in the pipes comes first.
    const settle = (ended: End) => setImmediate(resolve, ended);
    child.once('exit', (...how) => void timers.push(setTimeout(settle, afterEndMs, endBy(...how))));
    child.once('close', (...how) => resolve(endBy(...how)));
  }).finally(() => {
    for (const timer of timers) clearTimeout(timer);
    over.abort();
  });
}

function endBy(code: number | null, signalName: NodeJS.Signals | null): End {
  if (code === 0) return {};
  return { problem: signalName === null ? `it ended with status ${code ?? 1}` : `it was ended by ${signalName}` };
}

function withComplaint(problem: string, { output, complaint }: Said): string {
  const words = withoutSecrets(complaint, secretsIn(output)).replace(/\s+/g, ' ').trim();
  return words === '' ? problem : `${problem}: ${words}`;
}

/** What it gave out may be what it was asked for, though it failed: some repeat that when they complain, or trace what they do (`set -x`). */
function secretsIn(output: string): readonly Secret[] {
  return (output.match(/[^\s"',:{}[\]]{20,}/g) ?? []).map((word) => new Secret(word));
}
