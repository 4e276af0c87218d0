// The plain `age` program, for tests that what we write is its format. It must be there: without it the tests fail, never pass.

import { type ExecFileOptions, execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const typist = fileURLToPath(new URL('typist.py', import.meta.url));

export function needAge(): void {
  for (const program of ['age', 'age-keygen']) {
    try {
      execFileSync(program, ['--version']);
    } catch (error) {
      throw new Error(`${program} is not installed: apt-get install age`, { cause: error });
    }
  }
}

/** A new key file, made by `age-keygen`. */
export async function keygen(path: string): Promise<{ readonly recipient: string }> {
  await run('age-keygen', ['-o', path]);
  return { recipient: (await run('age-keygen', ['-y', path])).stdout.trim() };
}

/** What `age -d` says; rejects with its words where it says no. */
export async function ageDecrypt(path: string, keyFile: string): Promise<string> {
  return (await run('age', ['-d', '-i', keyFile, path], { maxBuffer: 16 * 1024 * 1024 })).stdout;
}

/** Writes `path`, encrypted by `age`. */
export async function ageEncrypt(path: string, text: string, args: readonly string[]): Promise<void> {
  const running = run('age', [...args, '-o', path]);
  running.child.stdin?.end(text);
  await running;
}

/** Runs `age` on a terminal of its own, where it asks for a passphrase as often as it likes. Rejects with what the terminal showed. */
export async function ageOnTerminal(args: readonly string[], passphrase: string): Promise<void> {
  await runOnTerminal(['age', ...args], passphrase, {});
}

/**
 * Runs a program on a terminal of its own and types the passphrase whenever it asks for one. Resolves to all that the terminal showed,
 * rejects with the same when the program fails.
 */
export async function runOnTerminal(command: readonly string[], passphrase: string, options: ExecFileOptions): Promise<string> {
  return (await run('python3', [typist, passphrase, ...command], { ...options, encoding: 'utf8' })).stdout;
}
